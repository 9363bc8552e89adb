/** Several users of one libvirt: root, a member of the group libvirt, and somebody who comes over ssh see each other's work and what it left. */
import {existsSync} from 'node:fs';
import {
	chmod, chown, mkdir, mkdtemp, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, type LabDomain} from './domains.ts';
import {makeOtherUser, type OtherUser} from './other-user.ts';
import {
	recover, report, revert, runProgram, type ProgramResult,
} from './program.ts';
import {attempt, run, virsh, waitFor, type Ran} from './run.ts';
import {domainPrefix, labEnvironment, labUri} from './settings.ts';
import {killMoments, makeShims, readPlan} from './shims.ts';
import {digestHeads} from './slots.ts';
import {markOffline, takeDiskSnapshot, type Digests} from './snapshots.ts';
import {startSshServer} from './ssh-server.ts';
import {readWorld} from './world.ts';

test.before(startLab);

type Scene = {domain: LabDomain; digests: Digests; member: OtherUser; asMember: (...args: string[]) => Promise<Ran>};

/** A domain whose images everybody may use, so that nothing but another's work stands in the way. */
async function scene(t: ExecutionContext): Promise<Scene> {
	const domain = await makeDomain(t, {sizeMiB: 4, diskCount: 1});
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	await run('chmod', ['-R', 'a+rwX', domain.folder]);
	const member = await makeOtherUser(t, {groups: ['libvirt']});
	return {
		domain, digests, member, asMember: async (...args) => member.runProgram(['-c', labUri, ...args]),
	};
}

const tell = ({exitCode, stdout, stderr}: Ran) => `exit ${exitCode}\n${stdout}\n${stderr}`;

async function killAfter(t: ExecutionContext, domain: LabDomain, stepId: string): Promise<void> {
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === stepId), script: killMoments.after});
	const killed = await revert(domain, 's1', shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
}

async function expectNoMark(t: ExecutionContext, domain: LabDomain): Promise<void> {
	t.notRegex(await virsh('secret-list'), new RegExp(domain.uuid));
}

/** The same root with another private folder, as on another machine. */
async function elsewhere(t: ExecutionContext, domain: LabDomain): Promise<LabDomain> {
	const statePath = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}state-`));
	t.teardown(async () => rm(statePath, {recursive: true, force: true}));
	return {...domain, statePath};
}

/** The member's snapshot stops where its definition would be written, until it may `end`; `die` then kills the program. */
async function stopAtWork(member: OtherUser, act: (path: string) => Promise<Ran>): Promise<(how: 'go' | 'die') => Promise<Ran>> {
	const folder = path.join(member.home, 'shims');
	const at = (name: string) => path.join(folder, name);
	const realPath = labEnvironment().PATH!;
	await mkdir(folder);
	await chown(folder, member.uid, -1);
	await writeFile(at('virsh'), `#!/bin/sh
PATH='${realPath}'
export PATH
case " $* " in *' define '*)
	: > '${at('waiting')}'
	until [ -e '${at('go')}' ] || [ -e '${at('die')}' ]; do sleep 0.02; done
	[ ! -e '${at('die')}' ] || {
		program=$PPID
		until tr '\\0' ' ' < /proc/$program/cmdline | grep -q '${member.home}/program'; do program=$(cut -d ' ' -f 4 /proc/$program/stat); done
		kill -9 "$program"
		exit 1
	} ;;
esac
exec virsh "$@"
`);
	await chmod(at('virsh'), 0o755);
	const theirs = act(`${folder}:${realPath}`);
	await waitFor('the member is in the middle', () => existsSync(at('waiting')));
	return async how => {
		await writeFile(at(how), '');
		const ended = await theirs;
		await rm(folder, {recursive: true});
		return ended;
	};
}

const who = /root on \S+ \(process \d+, which has ended\) began at \d{4}-\d\d-\d\d \d\d:\d\d UTC\S*: .*s1/;

test.serial('what root left half-way is seen by a member of the group and over ssh, who are refused and told who and when, until it is recovered', async t => {
	const {domain, asMember} = await scene(t);
	await killAfter(t, domain, 'define');
	const before = await readWorld(domain);
	const refused = await asMember('create', domain.name, 'theirs', '--disk-only', '--yes', '--json');
	t.is(refused.exitCode, 3, tell(refused));
	t.regex(refused.stderr, who);
	t.regex(refused.stderr, /virsh secret-undefine [\da-f-]{36} removes the mark/);

	const other = await elsewhere(t, domain);
	const ssh = await startSshServer(t);
	const remote = await runProgram(other, ['-c', ssh, 'create', domain.name, 'theirs', '--disk-only', '--yes', '--json'], {timeoutMs: 120_000});
	t.is(remote.exitCode, 3, report(remote));
	t.regex(remote.stderr, who);
	t.deepEqual(await readWorld(domain), before, 'nobody has changed anything');

	const list = await asMember('--read-only', 'list', '--json');
	const row = (JSON.parse(list.stdout) as Array<{name: string; action: unknown}>).find(({name}) => name === domain.name);
	t.like(row, {action: {user: 'root', isUnderWay: false}});
	const doctor = await asMember('doctor', domain.name);
	t.is(doctor.exitCode, 10, tell(doctor));
	t.regex(doctor.stdout, who);
	const told = await asMember('recover');
	t.regex(told.stderr, who);

	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	await expectNoMark(t, domain);
	const done = await asMember('create', domain.name, 'theirs', '--disk-only', '--yes');
	t.is(done.exitCode, 0, tell(done));
	await expectNoMark(t, domain);
});

test.serial('while root is at work a member of the group is told so', async t => {
	const {domain, digests, asMember} = await scene(t);
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === 'create-vda'), script: ': > "$here/waiting"; until [ -e "$here/go" ]; do sleep 0.02; done'});
	const first: Promise<ProgramResult> = revert(domain, 's1', shims.options);
	await waitFor('root is in the middle', () => existsSync(path.join(shims.folder, 'waiting')));
	const busy = await asMember('create', domain.name, 'theirs', '--disk-only', '--yes', '--json');
	t.is(busy.exitCode, 6, tell(busy));
	t.regex(busy.stderr, /root on \S+ \(process \d+\) began at/);
	await writeFile(path.join(shims.folder, 'go'), '');
	const result = await first;
	t.is(result.exitCode, 0, report(result));
	t.deepEqual(await digestHeads(domain), digests);
	await expectNoMark(t, domain);
});

test.serial('while a member of the group is at work root is told so, and what the member left half-way as well', async t => {
	const {
		domain, digests, member, asMember,
	} = await scene(t);
	const act = async (PATH: string) => member.runProgram(['-c', labUri, 'create', domain.name, 'theirs', '--disk-only', '--yes'], {env: {PATH}});
	const expectBusy = async (how: 'go' | 'die') => {
		const end = await stopAtWork(member, act);
		const busy = await revert(domain, 's1');
		t.is(busy.exitCode, 6, report(busy));
		t.regex(busy.stderr, /nobody on \S+ \(process \d+\) began at/);
		return end(how);
	};

	const whole = await expectBusy('go');
	t.is(whole.exitCode, 0, tell(whole));
	const deleted = await asMember('delete', '--yes', '--', domain.name, 'theirs');
	t.is(deleted.exitCode, 0, tell(deleted));
	const killed = await expectBusy('die');
	t.is(killed.exitCode, undefined, tell(killed));

	const before = await readWorld(domain);
	const refused = await revert(domain, 's1');
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, /nobody on \S+ \(process \d+, which has ended\) began at \d{4}-\d\d-\d\d \d\d:\d\d UTC\S*: .*theirs/);
	t.deepEqual(await readWorld(domain), before);
	const recovered = await member.runProgram(['-c', labUri, 'recover', '--roll-back', '--yes']);
	t.is(recovered.exitCode, 0, tell(recovered));
	await expectNoMark(t, domain);
	const done = await revert(domain, 's1');
	t.is(done.exitCode, 0, report(done));
	t.deepEqual(await digestHeads(domain), digests);
});

test.serial('a mark that belongs to nothing stands in nobody\'s way: a run that died before its first change', async t => {
	const {domain} = await scene(t);
	const dead = await attempt('sh', ['-c', 'echo $$']);
	const claim = {
		planId: 'x', domain: {uuid: domain.uuid, name: domain.name}, user: 'alice', host: os.hostname(), pid: Number(dead.stdout), since: '2026-01-01T00:00:00.000Z',
		what: 'Revert to s1', statePath: '/elsewhere', stage: 'checking', space: (await run('sh', ['-c', 'echo "$(cat /proc/sys/kernel/random/boot_id) $(readlink /proc/self/ns/pid)"'])).trim(),
	};
	const file = path.join(domain.folder, 'mark.xml');
	const mark = async (stage: string) => {
		await writeFile(file, `<secret ephemeral='no' private='yes'><uuid>${domain.uuid}</uuid><description>${JSON.stringify({...claim, stage})}</description><usage type='tls'><name>vsnap-tui/${domain.uuid}</name></usage></secret>`);
		await virsh('secret-define', file);
		await rm(file);
	};

	await mark('running');
	const refused = await revert(domain, 's1');
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, /alice on/);
	await virsh('secret-undefine', domain.uuid);
	await expectNoMark(t, domain);
	await mark('checking');
	const done = await revert(domain, 's1');
	t.is(done.exitCode, 0, report(done));
});
