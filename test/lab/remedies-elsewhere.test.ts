/** Images on another machine, another's action under way, a journal of a later version: what is advised is done, and the action then works. */
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {
	cp, mkdtemp, readFile, rm, symlink, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, type LabDomain} from './domains.ts';
import {makeOtherUser} from './other-user.ts';
import {report, runProgram} from './program.ts';
import {
	createArgs, refused, succeeds,
} from './remedies.ts';
import {
	attempt, run, virsh, waitFor,
} from './run.ts';
import {startSecondHost} from './second-host.ts';
import {domainPrefix, labEnvironment, labUri, programPath} from './settings.ts';
import {readParents, takeDiskSnapshot} from './snapshots.ts';
import {startSshServer} from './ssh-server.ts';

test.before(startLab);

const drop = (domain: LabDomain) => ['delete', '--yes', '--json', '--', domain.name, 's1'];

type SecondHost = Awaited<ReturnType<typeof startSecondHost>>;

async function expectDroppedThere(t: ExecutionContext, domain: LabDomain, {socketUri}: SecondHost): Promise<void> {
	t.regex(await run('virsh', ['-q', '-c', socketUri, 'snapshot-list', domain.uuid, '--name']), /^\s*$/);
	t.deepEqual(await readParents(domain), {s1: undefined}, 'here nothing has changed');
}

test.serial('a forwarded socket of another machine: it is reached by ssh', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const there = await startSecondHost(t, {hostname: 'elsewhere'});
	await refused(t, domain, ['-c', there.socketUri, ...drop(domain)], 'Use qemu+ssh://elsewhere/system: files are then accessed by ssh.');
	await succeeds(t, domain, ['-c', await startSshServer(t, there.inside), ...drop(domain)]);
	await expectDroppedThere(t, domain, there);
});

test.serial('a forwarded socket of a container: the program is run in there', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const there = await startSecondHost(t);
	// The name is that of this machine: the files tell.
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 3 3M 64k', path.join(domain.folder, 'vda.s1')]);
	await refused(t, domain, ['-c', there.socketUri, ...drop(domain)], 'Run vsnap-tui where libvirt\'s daemon runs: in its container, or on its host by qemu+ssh://HOST/system.');
	const done = await attempt('env', [...there.inside, 'env', `VSNAP_TUI_STATE=${domain.statePath}`, process.execPath, programPath, '-c', 'qemu:///system', ...drop(domain)]);
	t.is(done.exitCode, 0, done.stdout + done.stderr);
	await expectDroppedThere(t, domain, there);
});

test.serial('virsh by libssh where ssh cannot log in: once it can, without a question, the action works', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const uri = (await startSshServer(t)).replace('+ssh:', '+libssh:').replace('&no_verify=1', '&sshauth=privkey&known_hosts_verify=ignore');
	const look = ['delete', '--dry-run', '--json', '--', domain.name, 's1'];
	await refused(t, domain, ['-c', uri, ...look], 'Set up ssh to log in there with a key and without prompting, as for qemu+ssh://.');
	const shown = await runProgram(domain, ['-c', `${uri}&no_verify=1`, ...look], {timeoutMs: 150_000});
	t.is(shown.exitCode, 0, report(shown));
});

/** A virsh that does this before it makes a snapshot; `$2` is the program that calls it. */
async function atCreate(t: ExecutionContext, script: string): Promise<{folder: string; env: {PATH: string}}> {
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}shim-`));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const {PATH} = labEnvironment();
	await writeFile(path.join(folder, 'virsh'), `#!/bin/bash\nhere='${folder}'\nPATH='${PATH}'\n[[ " $* " != *' snapshot-create'* ]] || { ${script}; }\nexec virsh "$@"\n`, {mode: 0o755});
	return {folder, env: {PATH: `${folder}:${PATH}`}};
}

test.serial('an action from where its process cannot be seen is waited for', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const {folder, env} = await atCreate(t, ': >"$here/waits"; until [ -e "$here/go" ]; do sleep 0.05; done');
	const elsewhere = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}state-`));
	t.teardown(async () => rm(elsewhere, {recursive: true, force: true}));
	const child = spawn('unshare', ['--pid', '--fork', '--kill-child', process.execPath, programPath, '-c', labUri, ...createArgs(domain, 'theirs', '--disk-only')], {
		stdio: 'ignore', env: labEnvironment({VSNAP_TUI_STATE: elsewhere, ...env}),
	});
	const ended = once(child, 'exit');
	t.teardown(() => child.kill());
	await waitFor('it is at work', () => existsSync(path.join(folder, 'waits')));
	const asked = createArgs(domain, 'ours', '--disk-only');
	await refused(t, domain, asked, /^Wait until it has ended\. .* can finish it or roll it back with vsnap-tui recover\./);
	await writeFile(path.join(folder, 'go'), '');
	t.deepEqual(await ended, [0, null]);
	await succeeds(t, domain, asked);
	t.deepEqual(await readParents(domain), {theirs: undefined, ours: 'theirs'});
});

test.serial('the journal of a later version is recovered with that version', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const later = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}later-`));
	t.teardown(async () => rm(later, {recursive: true, force: true}));
	await cp('source', path.join(later, 'source'), {recursive: true});
	await cp('package.json', path.join(later, 'package.json'));
	await symlink(path.resolve('node_modules'), path.join(later, 'node_modules'));
	for (const [file, from, to] of [['model/plan/check-plan.ts', 'planVersion = 2', 'planVersion = 3'], ['planner/frame.ts', 'version: 2', 'version: 3 as never']] as const) {
		const text = await readFile(path.join(later, 'source', file), 'utf8');
		t.true(text.includes(from));
		await writeFile(path.join(later, 'source', file), text.replace(from, to));
	}

	const runLater = async (env: Record<string, string>, ...args: string[]) => attempt('env', [
		'-C', later, `VSNAP_TUI_STATE=${domain.statePath}`, ...Object.entries(env).map(([name, value]) => `${name}=${value}`), process.execPath, '--import=tsx', 'source/cli.ts', '-c', labUri, ...args,
	]);
	const {env} = await atCreate(t, 'program=$PPID; [ "$(cat /proc/$program/comm)" != sh ] || program=$(ps -o ppid= -p $program); kill -9 $program; exit 1');
	const killed = await runLater(env, ...createArgs(domain, 's1', '--disk-only'));
	t.true(killed.signal === 'SIGKILL' || killed.exitCode === 137, killed.stdout + killed.stderr);
	const asked = createArgs(domain, 's2', '--disk-only');
	const told = await runProgram(domain, asked);
	t.not(told.exitCode, 0);
	t.true(`${told.stdout}${told.stderr}`.includes('Recover it with that version of vsnap-tui.'), report(told));
	const recovered = await runLater({}, 'recover', '--roll-back', '--yes');
	t.is(recovered.exitCode, 0, recovered.stdout + recovered.stderr);
	await succeeds(t, domain, asked);
});

test.serial('a copy of firmware variables in a folder of root: root renames the snapshot as advised', async t => {
	const domain = await makeDomain(t, {
		diskCount: 1,
		osXml: folder => `<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader><nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>${folder}-nvram.fd</nvram>`,
	});
	t.teardown(async () => run('sh', ['-c', `rm -f ${domain.folder}-nvram.fd*`]));
	await virsh('start', '--domain', domain.uuid, '--paused');
	await succeeds(t, domain, createArgs(domain, 's1', '--disk-only'));
	await virsh('destroy', domain.uuid);
	await run('chmod', ['-R', 'a+rwX', domain.folder]);
	const member = await makeOtherUser(t, {groups: ['libvirt']});
	const rename = ['rename', '--yes', '--', domain.name, 's1', 'release'];
	const told = await member.runProgram(['-c', labUri, ...rename]);
	t.is(told.exitCode, 3, told.stdout + told.stderr);
	t.true(told.stderr.includes('Run it as root (sudo), or as a user who may write there.'), told.stderr);
	const shown = await member.runProgram(['-c', labUri, 'revert', '--discard', '--dry-run', '--', domain.name, 's1']);
	t.regex(shown.stdout.replaceAll(/\s+/g, ' '), /their copy, \S+\.vsnap-s1, cannot be read by you/, shown.stdout + shown.stderr);
	const [, exact] = /As root: sudo vsnap-tui (.*)/.exec(told.stderr.replaceAll(/\s+/g, ' '))!;
	t.is(exact!.trim(), `-c ${labUri} rename -- ${domain.name} s1 release`);
	const [verb, ...rest] = exact!.trim().split(' ').slice(2);
	// It would ask on the screen; nobody is there to answer.
	await succeeds(t, domain, [verb!, '--yes', ...rest]);
	t.true(existsSync(`${domain.folder}-nvram.fd.vsnap-release`));
	t.deepEqual(await readParents(domain), {release: undefined});
});
