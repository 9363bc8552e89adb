/**
A fork, s1 → {s2 → s3, b1}, deleted in every possible order on real images: what remains holds its bytes after each step, and in the end each disk is a
single image.
*/
import {readdir} from 'node:fs/promises';
import test, {type ExecutionContext} from 'ava';
import {change, digestSnapshots} from './change.ts';
import {startLab} from './daemons.ts';
import {makeDomain, type LabDomain} from './domains.ts';
import {act} from './in-process.ts';
import {report} from './program.ts';
import {attemptVirsh, readLibvirtVersion} from './run.ts';
import {
	markOffline, readParents, takeDiskSnapshot, type Digests,
} from './snapshots.ts';
import {makeTemplate} from './template.ts';
import {readStrays} from './world.ts';

test.before(startLab);

const all = ['s1', 's2', 's3', 'b1'];

async function makeFork(t: ExecutionContext): Promise<LabDomain> {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	for (const [index, name] of ['s1', 's2', 's3'].entries()) {
		await markOffline(domain, index + 1);
		await takeDiskSnapshot(domain, name);
	}

	await markOffline(domain, 4);
	const branched = await change(domain, 'branch', ['s1', 'b1'], {flags: ['--discard']});
	t.is(branched.exitCode, 0, report(branched));
	await markOffline(domain, 5);
	t.deepEqual(await readParents(domain), {s1: undefined, s2: 's1', s3: 's2', b1: 's1'});
	return domain;
}

type Stage = {
	/** What all that is left holds, the current state under ''. */
	held: Record<string, Digests>;
	gone: string[];
};

/** The disks are on b1, and s1 is below it. */
const isOwnLineGone = (gone: readonly string[]) => gone.includes('s1') && gone.includes('b1');

const needsCurrent = async () => await readLibvirtVersion() >= 9_009_000;

/** Deletes one, and looks at all that remains. Gives undefined where that was refused, and rightly so. */
async function deleteOne(t: ExecutionContext, domain: LabDomain, name: string, {held, gone}: Stage): Promise<Stage | undefined> {
	const where = `${gone.join(', ')} gone, then ${name}\n`;
	const goneThen = [...gone, name];
	const hasCurrent = goneThen.length < all.length && !isOwnLineGone(goneThen);
	if (!hasCurrent && goneThen.length < all.length && !isOwnLineGone(gone) && await needsCurrent()) {
		const refused = await act(domain, {kind: 'delete', uuid: domain.uuid, snapshot: name, scope: 'one', isMetadataOnly: false});
		t.regex(JSON.stringify(refused), /Take a snapshot first/, where);
		t.deepEqual(await digestSnapshots(domain), held, where);
		return undefined;
	}

	const outcome = await act(domain, {kind: 'delete', uuid: domain.uuid, snapshot: name, scope: 'one', isMetadataOnly: false});
	t.is(outcome.kind, 'done', where + JSON.stringify(outcome));
	const left = Object.fromEntries(Object.entries(held).filter(([other]) => other !== name));
	t.deepEqual(await digestSnapshots(domain), left, where);
	const current = await attemptVirsh('snapshot-current', '--domain', domain.uuid, '--name');
	t.is(current.exitCode === 0, hasCurrent, `${where}a snapshot is current where the disks have one`);
	return {held: left, gone: goneThen};
}

/** Every order of what is left; gives how many there were. Orders that begin alike share their beginning. */
async function deleteInEveryOrder(t: ExecutionContext, domain: LabDomain, stage: Stage | undefined): Promise<number> {
	if (stage === undefined) {
		return 0;
	}

	const left = all.filter(name => !stage.gone.includes(name));
	if (left.length === 0) {
		t.is((await readdir(domain.folder)).length, 1, stage.gone.join(', '));
		t.deepEqual(await readStrays(domain), [], stage.gone.join(', '));
		return 1;
	}

	const template = left.length > 1 ? await makeTemplate(t, domain) : undefined;
	let orders = 0;
	for (const [index, name] of left.entries()) {
		if (index > 0) {
			await template!.restore();
		}

		orders += await deleteInEveryOrder(t, domain, await deleteOne(t, domain, name, stage));
	}

	return orders;
}

test('a fork is deleted in every order, and no snapshot loses a byte', async t => {
	const lanes = await Promise.allSettled(all.map(async first => {
		const domain = await makeFork(t);
		return deleteInEveryOrder(t, domain, await deleteOne(t, domain, first, {held: await digestSnapshots(domain), gone: []}));
	}));
	let orders = 0;
	for (const lane of lanes) {
		if (lane.status === 'rejected') {
			throw lane.reason as Error;
		}

		orders += lane.value;
	}

	// Twelve orders remove the disks' own line while the other one remains.
	t.is(orders, await needsCurrent() ? 12 : 24);
});
