/** What stands in the way because it cannot be read, and what is advised then: libvirt's records through a virsh that garbles them, those of standalone QEMUs as they lie there. */
import {spawn} from 'node:child_process';
import {existsSync} from 'node:fs';
import {
	chmod, mkdtemp, readdir, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {doBare, runBare, startBare} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, start, stop, type LabDomain,
} from './domains.ts';
import {report, runProgram, type ProgramResult} from './program.ts';
import {runAsTold, succeeds} from './remedies.ts';
import {attempt, run, waitFor} from './run.ts';
import {labEnvironment, programPath} from './settings.ts';
import {readParents, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

/** virsh as it is, but for what a sed script changes of its answers. */
async function garble(t: ExecutionContext, script: string): Promise<{env: {PATH: string}}> {
	const here = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-garbled-'));
	t.teardown(async () => rm(here, {recursive: true, force: true}));
	const {PATH} = labEnvironment();
	await writeFile(path.join(here, 'virsh'), `#!/bin/bash\nPATH='${PATH}'\nset -o pipefail\nvirsh "$@" | sed '${script}'\n`);
	await chmod(path.join(here, 'virsh'), 0o755);
	return {env: {PATH: `${here}:${PATH}`}};
}

/** virsh as it is, but that it asks for the job of a disk that the domain does not have: libvirt then answers with an error. */
async function misaddress(t: ExecutionContext): Promise<{env: {PATH: string}}> {
	const here = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-misaddressed-'));
	t.teardown(async () => rm(here, {recursive: true, force: true}));
	const {PATH} = labEnvironment();
	const change = String.raw`/blockjob/s/(--path'? )'?vda'?/\1nosuch/g`;
	await writeFile(path.join(here, 'virsh'), `#!/bin/bash
PATH='${PATH}'
words=("$@")
for index in "\${!words[@]}"; do
	words[index]=$(printf %s "\${words[index]}" | sed -E "${change}")
done
[[ " $* " != *' blockjob '* ]] || words=("\${words[@]/#vda/nosuch}")
sed -uE "${change}" | virsh "\${words[@]}"
`);
	await chmod(path.join(here, 'virsh'), 0o755);
	return {env: {PATH: `${here}:${PATH}`}};
}

const remedyOf = ({stderr}: ProgramResult) => stderr.replaceAll(/\s+/g, ' ');
const del = (domain: LabDomain, name: string) => ['delete', '--yes', '--', domain.name, name];

test.serial('a record of which libvirt returns a part, of the domain and of another, is looked at and dropped as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const other = await makeDomain(t, {diskCount: 1});
	for (const name of ['s1', 's2', 's3']) {
		await takeDiskSnapshot(domain, name);
	}

	for (const [owner, name, gone] of [[domain, 'torn', 's1'], [other, 'torn-there', 's2']] as const) {
		await takeDiskSnapshot(owner, name);
		const garbled = await garble(t, `/<name>${name}</,/<.domainsnapshot>/d`);
		const refused = await runProgram(domain, del(domain, gone), garbled);
		t.is(refused.exitCode, 3, report(refused));
		const [, look, drop] = /See what "(virsh snapshot-dumpxml .*?)" answers\. If that snapshot is not needed: (virsh snapshot-delete .*? --metadata) \(its images stay\)\./.exec(remedyOf(refused)) ?? [];
		t.truthy(drop, report(refused));
		const told = await runProgram(domain, ['doctor', '--', domain.name], garbled);
		t.true(remedyOf({...told, stderr: told.stdout}).includes(drop!), report(told));
		t.regex(await runAsTold(look!), /<domainsnapshot>/);
		await runAsTold(drop!);
		t.false(name in await readParents(owner));
		const done = await runProgram(domain, del(domain, gone), garbled);
		t.is(done.exitCode, 0, report(done));
	}
});

test.serial('what nothing needs is not removed while a record cannot be read', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const [image] = domain.disks;
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', image!.path, path.join(domain.folder, 'vda.leftover')]);
	await run('touch', ['-d', '1 hour', path.join(domain.folder, 'vda.leftover')]);
	await takeDiskSnapshot(domain, 'torn');
	const garbled = await garble(t, '/<name>torn</,/<.domainsnapshot>/d');
	const told = await runProgram(domain, ['doctor', '--json', '--', domain.name], garbled);
	const orphan = (text: string) => (JSON.parse(text) as Array<{kind: string; remedy?: string; request?: unknown}>).find(({kind}) => kind === 'orphan');
	const kinds = (JSON.parse(told.stdout) as Array<{kind: string}>).map(({kind}) => kind);
	t.deepEqual(kinds.filter(kind => kind === 'unrecorded-layer' || kind === 'current-record'), [], 'what cannot be read is not judged');
	t.is(orphan(told.stdout)?.remedy, 'Some records cannot be read and may need them: repair those first.', told.stdout);
	await runAsTold(`virsh snapshot-delete ${domain.name} torn --metadata`);
	await succeeds(t, domain, ['doctor', '--repair', 'orphan', '--yes', '--', domain.name]);
	t.deepEqual((await readdir(domain.folder)).sort(), ['vda.qcow2', 'vda.s1', 'vda.torn']);
});

test.serial('another domain whose definition cannot be read: once it can be, the action is done', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const other = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const refused = await runProgram(domain, del(domain, 's1'), await garble(t, `/<name>${other.name}</,/<.domain>/d`));
	t.is(refused.exitCode, 3, report(refused));
	const [, look] = /See what "(virsh dumpxml .*?)" answers; the other domains can be acted on again when it can be read\./.exec(remedyOf(refused)) ?? [];
	t.truthy(look, report(refused));
	t.regex(await runAsTold(look!), /<domain/);
	await succeeds(t, domain, del(domain, 's1'));
});

test.serial('a job of which libvirt gives no details is looked for by the command that is named', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const asked = ['create', '--disk-only', '--yes', '--', domain.name, 's1'];
	const refused = await runProgram(domain, asked, await misaddress(t));
	t.is(refused.exitCode, 6, report(refused));
	const [, look] = /perhaps a job on vda, about which libvirt gives no details .*? See what "(virsh blockjob .*?)" says\./.exec(remedyOf(refused)) ?? [];
	t.truthy(look, report(refused));
	t.regex(await runAsTold(`${look} 2>&1`), /No current block job/);
	await succeeds(t, domain, asked);
	await stop(domain);
});

test.serial('records of standalone QEMUs: a file that cannot be read is removed, and so is the folder of another domain', async t => {
	const domain = await startBare(t);
	for (const name of ['s1', 's2']) {
		await doBare(domain, 'create', domain.name, name, '--disk-only', '--yes');
	}

	const records = path.join(domain.statePath, 'bare');
	const [own] = await readdir(records);
	const torn = path.join(records, own!, 'snapshots/torn.xml');
	await writeFile(torn, '<domainsnapshot>');
	const refused = await runBare(domain, ['delete', domain.name, 's1', '--yes']);
	t.is(refused.exitCode, 3, refused.stderr);
	t.true(refused.stderr.replaceAll(/\s+/g, ' ').includes(`Correct ${torn}, or remove it if the record is not needed (images and bitmaps stay).`), refused.stderr);
	await rm(torn);
	await doBare(domain, 'delete', domain.name, 's1', '--yes');

	const other = await startBare(t, {name: 'other'});
	await doBare({...other, statePath: domain.statePath}, 'create', other.name, 'o1', '--disk-only', '--yes');
	const folder = path.join(records, 'other');
	await writeFile(path.join(folder, 'domain.xml'), '<domain>');
	const blocked = await runBare(domain, ['delete', domain.name, 's2', '--yes']);
	t.is(blocked.exitCode, 3, blocked.stderr);
	t.true(blocked.stderr.replaceAll(/\s+/g, ' ').includes(`Correct ${folder}/domain.xml, or remove that folder if its snapshots are not needed (images stay).`), blocked.stderr);
	await rm(folder, {recursive: true});
	await doBare(domain, 'delete', domain.name, 's2', '--yes');
});

test.serial('a standalone QEMU beside it whose monitor does not answer is looked at alone, as advised', async t => {
	const domain = await startBare(t);
	await doBare(domain, 'create', domain.name, 's1', '--disk-only', '--yes');
	const socket = path.join(domain.folder, 'other.sock');
	const server = spawn('socat', [`UNIX-LISTEN:${socket},fork`, 'SYSTEM:echo no'], {stdio: 'ignore'});
	t.teardown(() => server.kill());
	await waitFor('it listens', () => existsSync(socket));
	const asked = ['--qmp', `other=${socket}`, 'delete', domain.name, 's1', '--yes'];
	const refused = await runBare(domain, asked);
	t.is(refused.exitCode, 3, refused.stderr);
	const [, look] = /Look at it alone: vsnap-tui (.*?)\. The other domains can be acted on again when it can be read, or is no longer named\./.exec(refused.stderr.replaceAll(/\s+/g, ' ')) ?? [];
	t.is(look, `--qmp other=${socket} tree other`, refused.stderr);
	const looked = await attempt('env', [`VSNAP_TUI_STATE=${domain.statePath}`, process.execPath, programPath, ...look!.split(' ')]);
	t.regex(looked.stderr, /The socket has to be a monitor in control mode: -qmp unix:SOCKET,server=on,wait=off\./);
	server.kill();
	await waitFor('it ends', () => server.exitCode !== null || server.signalCode !== null);
	await rm(socket, {force: true});
	await doBare(domain, ...asked);
});
