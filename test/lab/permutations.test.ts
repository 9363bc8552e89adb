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

const laneCount = 3;

function permutations(names: string[]): string[][] {
	return names.length === 0 ? [[]] : names.flatMap(name => permutations(names.filter(other => other !== name)).map(rest => [name, ...rest]));
}

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

async function deleteInOrder(t: ExecutionContext, domain: LabDomain, order: string[]): Promise<void> {
	let before = await digestSnapshots(domain);
	for (const name of order) {
		const where = `${order.join(', ')}: after ${name}\n`;
		const outcome = await act(domain, {kind: 'delete', uuid: domain.uuid, snapshot: name, scope: 'one', isMetadataOnly: false});
		t.is(outcome.kind, 'done', where + JSON.stringify(outcome));
		const after = await digestSnapshots(domain);
		const {[name]: gone, ...expected} = before;
		t.truthy(gone, where);
		t.deepEqual(after, expected, where);
		const current = await attemptVirsh('snapshot-current', '--domain', domain.uuid, '--name');
		t.is(current.exitCode === 0, Object.keys(after).length > 1, `${where}external snapshots never stand without a current one`);
		before = after;
	}

	t.is((await readdir(domain.folder)).length, 1, order.join(', '));
	t.deepEqual(await readStrays(domain), [], order.join(', '));
}

test('a fork is deleted in every order, and no snapshot loses a byte', async t => {
	const orders = permutations(['s1', 's2', 's3', 'b1']);
	t.is(orders.length, 24);
	const lanes = await Promise.allSettled(Array.from({length: laneCount}, async (_, lane) => {
		const domain = await makeFork(t);
		const template = await makeTemplate(t, domain);
		for (const [index, order] of orders.filter((_order, index) => index % laneCount === lane).entries()) {
			if (index > 0) {
				await template.restore();
			}

			await deleteInOrder(t, domain, order);
		}
	}));
	for (const lane of lanes) {
		t.is(lane.status, 'fulfilled', lane.status === 'rejected' ? String((lane.reason as Error).stack) : '');
	}
});
