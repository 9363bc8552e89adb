/** A merge that hits the end of the space: it is put back, every byte is as it was, and what stays larger is told as `du` sees it. */
import test, {type ExecutionContext} from 'ava';
import {change, digestSnapshots, readChangePlan} from './change.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {mountSmall} from './file-systems.ts';
import {
	readError, readLeftSecrets, report,
} from './program.ts';
import {run} from './run.ts';
import {makeShims} from './shims.ts';
import {digestHeads, readHeads} from './slots.ts';
import {readParents, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

async function readUsage(filePath: string): Promise<number> {
	return Number((await run('du', ['--block-size=1', '--', filePath])).split('\t')[0]);
}

async function failForRoom(t: ExecutionContext, isRunning: boolean): Promise<void> {
	const folder = await mountSmall(t, 64);
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 32, folder});
	await takeDiskSnapshot(domain, 's1');
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 1M 10M', (await readHeads(domain)).get('vda')!]);
	await takeDiskSnapshot(domain, 's2');
	const head = (await readHeads(domain)).get('vda')!;
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 8 12M 12M', head]);
	const before = await digestSnapshots(domain);
	if (isRunning) {
		await start(domain);
	}

	const plan = await readChangePlan(domain, 'merge', ['s2']);
	const at = plan.steps.findIndex(({id}) => id === 'pull-1');
	t.not(at, -1, JSON.stringify(plan.steps.map(({id}) => id)));
	// All but 4 MiB is taken by somebody else in the last moment.
	const fill = `free=$(df --output=avail -B1 '${folder}' | tail -1); head -c $((free - 4194304)) /dev/zero > '${folder}/filler'; "$name" "$@"; exit`;
	const shims = await makeShims(t, plan, {at, script: fill});
	const usage = await readUsage(head);
	const result = await change(domain, 'merge', ['s2'], shims.options);
	t.is(result.exitCode, 1, report(result));
	const more = await readUsage(head) - usage;
	t.log(readError(result).message, more);
	t.true(more > 0, report(result));
	const {message} = readError(result);
	t.regex(message, isRunning ? /the disk is full or failing/ : /No space left on device/, message);
	t.true(message.includes(`${head} stays`) && message.includes(`(${more} bytes)`), message);
	t.notRegex(message, /as it was before/, message);
	if (isRunning) {
		t.deepEqual(await digestHeads(domain), before['']);
		await stop(domain);
	}

	t.deepEqual(await digestSnapshots(domain), before);
	t.deepEqual(await readParents(domain), {s1: undefined, s2: 's1'});
	t.deepEqual(await readLeftSecrets(domain), []);
	await run('rm', [`${folder}/filler`]);
	const again = await change(domain, 'merge', ['s2']);
	t.is(again.exitCode, 0, report(again));
	t.deepEqual((await digestSnapshots(domain))[''], before['']);
}

for (const isRunning of [false, true]) {
	test.serial(`a pull into the head of a domain that ${isRunning ? 'runs' : 'is off'}, and the disk is full`, async t => {
		await failForRoom(t, isRunning);
	});
}
