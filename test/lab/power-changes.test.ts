/**
A guest ends, and somebody starts it, at any moment: what was made stays good, and the ways back know a domain that is on and one that is off. A start that libvirt
refuses leaves nothing half done.
*/
import {mkdir, readdir, rename} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, makeDomain, readState, start, type LabDomain,
} from './domains.ts';
import {
	readError, readEvents, readLeftSecrets, recover, report, revert, runProgram, type ProgramResult,
} from './program.ts';
import {run, virsh} from './run.ts';
import {labUri} from './settings.ts';
import {killMoments, makeShims, readPlan, type Shims} from './shims.ts';
import {digestHeads, readHeads, readTags} from './slots.ts';
import {
	markLive, markOffline, readCurrent, readParents, takeDiskSnapshot,
} from './snapshots.ts';
import {readWorld} from './world.ts';

test.before(startLab);

const startIt = (domain: LabDomain) => `virsh -q -c '${labUri}' start --domain ${domain.uuid} >/dev/null || exit 9`;
/** As a crash of the host's QEMU: no farewell. */
const killGuest = (domain: LabDomain) => `pkill -9 -f -- '-[u]uid ${domain.uuid}'; until [ "$(virsh -q -c '${labUri}' domstate --domain ${domain.uuid})" = 'shut off' ]; do sleep 0.05; done`;

async function create(t: ExecutionContext, domain: LabDomain, given: {flags: string[]; at: string; script: string}): Promise<{result: ProgramResult; shims: Shims}> {
	const words = ['create', ...given.flags];
	const shown = await runProgram(domain, [...words, '--dry-run', '--json', '--', domain.name, 'n1']);
	t.is(shown.exitCode, 0, report(shown));
	const plan = JSON.parse(shown.stdout) as Plan;
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === given.at), script: given.script});
	return {result: await runProgram(domain, [...words, '--yes', '--json', '--', domain.name, 'n1'], shims.options), shims};
}

const remarksOf = (result: ProgramResult) => JSON.stringify(readEvents(result).find(event => event.kind === 'finished'));

test.serial('a domain that somebody starts while an internal snapshot of it is made: the whole one stays, a part of one is taken out of the running guest', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const digests = await markOffline(domain, 1);
	const {result: part} = await create(t, domain, {flags: [], at: 'tag-vda', script: `"$name" "$@" || exit; ${startIt(domain)}; exit 0`});
	t.is(part.exitCode, 1, report(part));
	t.regex(readError(part).message, /it was started meanwhile/);
	t.is(await readState(domain), 'running');
	t.deepEqual(await Promise.all(domain.disks.map(async disk => readTags(disk.path))), [[], []]);
	t.deepEqual(await readParents(domain), {});
	t.deepEqual(await readLeftSecrets(domain), []);
	await virsh('destroy', '--domain', domain.uuid);

	const {result: whole} = await create(t, domain, {flags: [], at: 'record', script: startIt(domain)});
	t.is(whole.exitCode, 0, report(whole));
	t.regex(remarksOf(whole), /is running, and was expected to be off/);
	t.deepEqual(await Promise.all(domain.disks.map(async disk => readTags(disk.path))), [['n1'], ['n1']]);
	t.is(await readCurrent(domain), 'n1');
	t.deepEqual(await digestHeads(domain), digests);
	t.deepEqual(await readLeftSecrets(domain), []);
});

test.serial('a guest that dies while a snapshot of it is made: what is complete stays, and what was begun is taken back on the images', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const digests = await markLive(domain, 1);
	const {result: done} = await create(t, domain, {flags: ['--disk-only'], at: 'snapshot', script: `"$name" "$@" || exit; ${killGuest(domain)}; exit 0`});
	t.is(done.exitCode, 0, report(done));
	t.regex(remarksOf(done), /its guest has ended meanwhile/);
	t.is(await readCurrent(domain), 'n1');
	t.deepEqual(await digestHeads(domain), digests);
	t.deepEqual(await readLeftSecrets(domain), []);
	const deleted = await runProgram(domain, ['delete', '--yes', '--json', '--', domain.name, 'n1']);
	t.is(deleted.exitCode, 0, report(deleted));

	await start(domain);
	const before = await readWorld(domain);
	const heads = await readHeads(domain);
	const {result: killed, shims} = await create(t, domain, {flags: ['--disk-only'], at: 'snapshot', script: killMoments.after});
	t.is(killed.signal, 'SIGKILL', report(killed));
	await shims.settle();
	const written = await markLive(domain, 2);
	await run('sh', ['-c', killGuest(domain)]);
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	t.regex(remarksOf(recovered), /its guest has ended meanwhile/);
	t.deepEqual(await readHeads(domain), heads);
	t.deepEqual(await digestHeads(domain), written, 'what the guest wrote after the crash is kept');
	const after = await readWorld(domain);
	t.is(after.definitionXml, before.definitionXml);
	t.deepEqual(Object.keys(after.files), Object.keys(before.files));
	t.deepEqual(await readParents(domain), {});
});

test.serial('a start that libvirt refuses: all is put back, the domain is off for a reason that is told, and other actions are possible', async t => {
	const logs = (folder: string) => path.join(folder, 'logs');
	const domain = await makeDomain(t, {diskCount: 1});
	const definition = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	await mkdir(logs(domain.folder));
	await defineXml(definition.replace('</devices>', `<serial type='file'><source path='${logs(domain.folder)}/serial'/></serial></devices>`));
	await start(domain);
	const left = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const before = await readWorld(domain);
	const plan = await readPlan(domain, 's1', ['--discard', '--running']);
	const refuseStarts = `mv '${logs(domain.folder)}' '${logs(domain.folder)}.away'`;
	const at = async (id: string, script: string) => makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === id), script});

	const vetoed = await revert(domain, 's1', {flags: ['--discard', '--running'], ...(await at('define', refuseStarts)).options});
	t.is(vetoed.exitCode, 1, report(vetoed));
	t.regex(readError(vetoed).message, /rolled back.*the domain is off.*serial/su);
	t.is(await readState(domain), 'shut off');
	const after = await readWorld(domain);
	t.is(after.definitionXml, before.definitionXml);
	t.deepEqual(Object.keys(after.files).filter(name => !name.startsWith('logs')), Object.keys(before.files).filter(name => !name.startsWith('logs')));
	t.deepEqual(await digestHeads(domain), left);
	t.deepEqual(await readLeftSecrets(domain), []);

	await rename(`${logs(domain.folder)}.away`, logs(domain.folder));
	await start(domain);
	const killed = await revert(domain, 's1', {flags: ['--discard', '--running'], ...(await at('current', `${refuseStarts}; ${killMoments.after}`)).options});
	t.is(killed.signal, 'SIGKILL', report(killed));
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 1, report(recovered));
	t.regex(readError(recovered).message, /rolled back, but the domain is off.*serial/su);
	t.is((await readWorld(domain)).definitionXml, before.definitionXml);
	t.deepEqual(await readdir(path.join(domain.statePath, 'journal')), []);

	await rename(`${logs(domain.folder)}.away`, logs(domain.folder));
	const reverted = await revert(domain, 's1', {flags: ['--discard', '--running']});
	t.is(reverted.exitCode, 0, report(reverted));
	t.is(await readState(domain), 'running');
});
