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
import {attemptVirsh} from './run.ts';
import {markOffline, readParents, takeDiskSnapshot} from './snapshots.ts';
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

/** Deletes one, and looks at all that remains. */
async function deleteOne(t: ExecutionContext, domain: LabDomain, {name, gone}: {name: string; gone: string[]}): Promise<void> {
	const where = `${gone.join(', ')} gone, then ${name}\n`;
	const {[name]: deleted, ...expected} = await digestSnapshots(domain);
	t.truthy(deleted, where);
	const outcome = await act(domain, {kind: 'delete', uuid: domain.uuid, snapshot: name, scope: 'one', isMetadataOnly: false});
	t.is(outcome.kind, 'done', where + JSON.stringify(outcome));
	const after = await digestSnapshots(domain);
	t.deepEqual(after, expected, where);
	const current = await attemptVirsh('snapshot-current', '--domain', domain.uuid, '--name');
	t.is(current.exitCode === 0, Object.keys(after).length > 1, `${where}external snapshots never stand without a current one`);
}

/** Every order of what is left; gives how many there were. Orders that begin alike share their beginning. */
async function deleteInEveryOrder(t: ExecutionContext, domain: LabDomain, {left, gone}: {left: string[]; gone: string[]}): Promise<number> {
	if (left.length === 0) {
		t.is((await readdir(domain.folder)).length, 1, gone.join(', '));
		t.deepEqual(await readStrays(domain), [], gone.join(', '));
		return 1;
	}

	const template = left.length > 1 ? await makeTemplate(t, domain) : undefined;
	let orders = 0;
	for (const [index, name] of left.entries()) {
		if (index > 0) {
			await template!.restore();
		}

		await deleteOne(t, domain, {name, gone});
		orders += await deleteInEveryOrder(t, domain, {left: left.filter(other => other !== name), gone: [...gone, name]});
	}

	return orders;
}

test('a fork is deleted in every order, and no snapshot loses a byte', async t => {
	const lanes = await Promise.allSettled(all.map(async first => {
		const domain = await makeFork(t);
		await deleteOne(t, domain, {name: first, gone: []});
		return deleteInEveryOrder(t, domain, {left: all.filter(name => name !== first), gone: [first]});
	}));
	let orders = 0;
	for (const lane of lanes) {
		if (lane.status === 'rejected') {
			throw lane.reason as Error;
		}

		orders += lane.value;
	}

	t.is(orders, 24);
});
