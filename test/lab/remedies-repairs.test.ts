/** What a refused repair advises: the request is one that the doctor gave, and the world has changed since. */
import {chmod, mkdir, utimes} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Request} from '../../source/model/plan/request.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, start, stop, type LabDomain,
} from './domains.ts';
import {holdImage} from './image-holder.ts';
import {act} from './in-process.ts';
import {findings, runAsTold} from './remedies.ts';
import {run} from './run.ts';
import {digestHeads, readHeads} from './slots.ts';
import {markOffline, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

type Offer = {request?: Request; otherWay?: {request: Request}};

async function offered(t: ExecutionContext, domain: LabDomain, kind: string): Promise<Offer> {
	const [found] = await findings(domain, kind);
	t.truthy(found, kind);
	return found as Offer;
}

/** Refused; gives the remedies. */
async function refusedRepair(t: ExecutionContext, domain: LabDomain, request: Request): Promise<string> {
	const outcome = await act(domain, request);
	const failure = outcome.kind === 'rolled-back' && outcome.failure.kind === 'refused' ? outcome.failure : undefined;
	t.truthy(failure, JSON.stringify(outcome));
	return (failure?.blockers ?? []).map(({remedy}) => remedy ?? '').join('\n');
}

const done = async (t: ExecutionContext, domain: LabDomain, request: Request) => {
	const outcome = await act(domain, request);
	t.is(outcome.kind, 'done', JSON.stringify(outcome));
};

const again = 'Check again: vsnap-tui doctor.';

test.serial('what has been repaired meanwhile is refused, and the doctor that is advised finds nothing more', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8, filePrefix: 'only-'});
	await takeDiskSnapshot(domain, 's1', ['--no-metadata']);
	const {request, otherWay} = await offered(t, domain, 'unrecorded-layer');
	await done(t, domain, request!);
	t.true((await refusedRepair(t, domain, request!)).includes(again));
	t.true((await refusedRepair(t, domain, otherWay!.request)).includes(again));
	t.deepEqual(await findings(domain, 'unrecorded-layer'), []);
});

test.serial('a backing file that was moved: each obstacle to the repair goes as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8, filePrefix: 'only-'});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const at = await digestHeads(domain);
	const base = domain.disks[0]!.path;
	const [head] = [...(await readHeads(domain)).values()] as [string];
	const moved = path.join(domain.folder, 'old', path.basename(base));
	await mkdir(path.dirname(moved));
	await run('mv', [base, moved]);
	const {request} = await offered(t, domain, 'backing-missing') as {request: Request & {kind: 'rebase'}};

	await chmod(head, 0o444);
	t.regex(await refusedRepair(t, domain, request), /Make it writable, then try again\./);
	await chmod(head, 0o644);
	await run('mv', [moved, base]);
	const release = await holdImage(t, head);
	await run('mv', [base, moved]);
	t.regex(await refusedRepair(t, domain, request), /Stop that process, then try again\./);
	await release();
	const wrong = path.join(domain.folder, 'wrong.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', wrong, '32M']);
	t.true((await refusedRepair(t, domain, {...request, links: request.links.map(link => ({...link, backingPath: wrong}))})).includes(again));
	const sound = await offered(t, domain, 'backing-missing');
	await done(t, domain, sound.request!);
	t.deepEqual(await digestHeads(domain), at);
	t.true((await refusedRepair(t, domain, request)).includes(again));
	t.deepEqual(await findings(domain, 'backing-missing'), []);

	// It moves while the guest runs.
	await start(domain);
	await run('mv', [moved, base]);
	const back = {...request, links: request.links.map(link => ({...link, backingPath: base}))};
	t.regex(await refusedRepair(t, domain, back), /Shut it down, then try again\./);
	await stop(domain);
	const last = await findings(domain, 'backing-missing');
	await done(t, domain, (last[0] as Offer | undefined)?.request ?? back);
	t.deepEqual(await digestHeads(domain), at);
});

test.serial('an overlay that another domain uses, too, is rebased by the command that is named', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8, filePrefix: 'only-'});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await takeDiskSnapshot(domain, 's2');
	const at = await digestHeads(domain);
	const base = domain.disks[0]!.path;
	const moved = path.join(domain.folder, 'old', path.basename(base));
	await mkdir(path.dirname(moved));
	await run('mv', [base, moved]);
	const {request} = await offered(t, domain, 'backing-missing');
	const other = await makeDomain(t, {diskCount: 1});
	const clone = path.join(other.folder, 'clone');
	await run('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', path.join(domain.folder, 'only-vda.s1'), clone, '8M']);
	await defineXml(domainXml({...other, disks: [{target: 'vda', path: clone, format: 'qcow2'}]}));
	const advice = await refusedRepair(t, domain, request!);
	await runAsTold(/Shut those domains down and rebase it yourself: (.*)/.exec(advice)![1]!);
	t.deepEqual(await findings(domain, 'backing-missing'), []);
	t.deepEqual(await digestHeads(domain), at);
});

test.serial('a leftover that is gone, or open elsewhere, is refused and then removed or no longer told', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8, filePrefix: 'only-'});
	await takeDiskSnapshot(domain, 's1');
	const leftover = path.join(domain.folder, 'only-vda.1700000001');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', domain.disks[0]!.path, leftover]);
	// Of the same second it may be a backup from before the snapshot.
	const later = new Date(Date.now() + 2000);
	await utimes(leftover, later, later);
	const {request} = await offered(t, domain, 'orphan');
	const release = await holdImage(t, leftover);
	t.regex(await refusedRepair(t, domain, request!), /Stop that process, then try again\./);
	await release();
	await done(t, domain, request!);
	t.true((await refusedRepair(t, domain, request!)).includes(again));
	t.deepEqual(await findings(domain, 'orphan'), []);
});
