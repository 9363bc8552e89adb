/** What is advised about a standalone QEMU is done, and the action then works. */
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {
	askBare, doBare, quit, runBare, startBare, type BareDomain,
} from './bare-domain.ts';
import {waitFor} from './run.ts';
import {readSlot} from './slots.ts';

const create = (domain: BareDomain, name: string, ...options: string[]) => ['create', domain.name, name, ...options, '--yes'];

async function refused(t: ExecutionContext, domain: BareDomain, args: string[], remedy: string): Promise<string> {
	const result = await runBare(domain, args);
	const said = `${result.stdout}${result.stderr}`.replaceAll(/\s+/g, ' ');
	t.true([3, 6].includes(result.exitCode!), said);
	t.true(said.includes(remedy), said);
	return said;
}

/** A command as a remedy names it for the monitor: `job-cancel {"id":"copy"}`. */
async function tellQemu(domain: BareDomain, [, execute, parameters]: RegExpExecArray): Promise<unknown> {
	return askBare(domain, execute!, JSON.parse(parameters ?? '{}') as Record<string, unknown>);
}

test.serial('file systems that cannot be frozen, and internal snapshots of a running guest', async t => {
	const domain = await startBare(t);
	await refused(t, domain, create(domain, 's1', '--disk-only', '--quiesce'), 'Freeze them inside the guest (fsfreeze), or leave --quiesce out.');
	await doBare(domain, ...create(domain, 's1'));
	await refused(t, domain, ['delete', domain.name, 's1', '--yes'], 'Shut the guest down first, then delete.');
	await quit(domain);
	await doBare(domain, 'delete', domain.name, 's1', '--yes');
});

test.serial('jobs and migrations are ended by the commands that are named', async t => {
	const domain = await startBare(t);
	await doBare(domain, ...create(domain, 's1', '--disk-only'));
	const target = async (id: string) => askBare(domain, 'blockdev-add', {driver: 'null-co', 'node-name': `target-${id}`, size: 4 * 1024 * 1024});
	const mirror = async (id: string, speed: number) => {
		await target(id);
		const device = (await askBare<Array<{inserted?: {'node-name': string; image: {filename: string}}}>>(domain, 'query-block')).map(({inserted}) => inserted?.['node-name']).findLast(Boolean)!;
		await askBare(domain, 'blockdev-mirror', {'job-id': id, device, target: `target-${id}`, sync: 'full', speed});
	};

	await mirror('slow', 1);
	const slow = await refused(t, domain, create(domain, 's2', '--disk-only'), 'Wait until it has ended, or cancel it (QMP: job-cancel ');
	await tellQemu(domain, /QMP: (job-cancel) ({.*?})/.exec(slow)!);
	await waitFor('the job ends', async () => (await askBare<unknown[]>(domain, 'query-block-jobs')).length === 0);
	await doBare(domain, ...create(domain, 's2', '--disk-only'));

	await mirror('fast', 0);
	await waitFor('the copy is complete', async () => (await askBare<Array<{status: string}>>(domain, 'query-jobs')).some(({status}) => status === 'ready'));
	const fast = await refused(t, domain, create(domain, 'j3', '--disk-only'), 'End it (QMP: job-complete ');
	await tellQemu(domain, /or cancel it \((job-cancel) ({.*?})/.exec(fast)!);
	await waitFor('the copy ends', async () => (await askBare<unknown[]>(domain, 'query-block-jobs')).length === 0);
	await doBare(domain, ...create(domain, 'j3', '--disk-only'));

	await askBare(domain, 'migrate-set-parameters', {'max-bandwidth': 1});
	await askBare(domain, 'migrate', {uri: 'exec:sleep 25'});
	await refused(t, domain, create(domain, 's3', '--disk-only'), 'Wait until it has ended, or cancel it (QMP: migrate_cancel).');
	await askBare(domain, 'migrate_cancel');
	await waitFor('the migration ends', async () => (await askBare<{status: string}>(domain, 'query-migrate')).status === 'cancelled', 60_000);
	await doBare(domain, ...create(domain, 's3', '--disk-only'));
});

test.serial('a guest of -snapshot: what it has written is committed as advised, and without that option the snapshot is taken', async t => {
	const domain = await startBare(t, {more: ['-snapshot']});
	const disk = path.join(domain.folder, 'sys, 1.qcow2');
	await askBare(domain, 'human-monitor-command', {'command-line': 'qemu-io virtio0 "write -P 9 1M 64k"'});
	await refused(t, domain, create(domain, 's1', '--disk-only'), 'Start it without -snapshot. To keep what the guest has written so far, run "commit all" in QEMU\'s own monitor first.');
	await askBare(domain, 'human-monitor-command', {'command-line': 'commit all'});
	await quit(domain);
	t.is(await readSlot(disk, 0, 'qcow2'), 9);
});
