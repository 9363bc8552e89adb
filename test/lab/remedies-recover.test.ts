/** What is advised where neither way out of an interrupted merge is open is done, and no byte is lost. */
import {
	appendFile, copyFile, readdir, readFile,
} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {formatJournalLine} from '../../source/tools/state/journal-lines.ts';
import {
	askBare, digestBare, doBare, markBare, quit, readBareTree, runBare, startBare,
} from './bare-domain.ts';
import {change, readChangePlan} from './change.ts';
import {makeCrashed} from './crash.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, makeDomain, start, stop, withFile,
} from './domains.ts';
import {
	readError, recover, report, runProgram,
} from './program.ts';
import {runAsTold} from './remedies.ts';
import {virsh, waitFor} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {digestHeads} from './slots.ts';
import {
	markLive, markOffline, readParents, takeDiskSnapshot,
} from './snapshots.ts';

test.before(startLab);

test.serial('what ran on an image that was merged meanwhile: the definition is pointed at it again, and the merge is finished', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const onTop = await virsh('dumpxml', '--inactive', domain.uuid);
	const plan = await readChangePlan(domain, 'delete', ['s1']);
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === 'define'), script: killMoments.after});
	const killed = await change(domain, 'delete', ['s1'], shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
	await shims.settle();
	const onBase = await virsh('dumpxml', '--inactive', domain.uuid);
	t.not(onBase, onTop);
	await defineXml(onTop);
	await start(domain);
	const held = await markLive(domain, 6);
	await stop(domain);
	await defineXml(onBase);

	const refused = await recover(domain, '--roll-forward');
	t.is(refused.exitCode, 3, report(refused));
	t.regex(readError(refused).hint ?? '', /Point the VM definition at that image again \(virsh edit\), and finish it: vsnap-tui recover --roll-forward\./, report(refused));
	await defineXml(onTop);
	const finished = await recover(domain, '--roll-forward');
	t.is(finished.exitCode, 0, report(finished));
	t.deepEqual(await digestHeads(domain), held);
	t.deepEqual(await readParents(domain), {});
});

test.serial('contact with a standalone QEMU lost at the switch, and it is off: both images are kept, and the later one is committed as told', async t => {
	const domain = await startBare(t, {name: 'switch'});
	await doBare(domain, 'create', '--disk-only', '--yes', '--', domain.name, 's1');
	await markBare(domain, 2);
	const killed = await runBare(domain, ['delete', '--yes', '--json', '--', domain.name, 's1'], (line, kill) => {
		if (line.includes('"step-started"') && line.includes('"commit-1"')) {
			kill();
		}
	});
	t.is(killed.exitCode, null, killed.stdout + killed.stderr);
	for (const {device} of await askBare<Array<{device: string}>>(domain, 'query-block-jobs')) {
		await askBare(domain, 'block-job-cancel', {device, force: true});
	}

	await waitFor('no job is left', async () => (await askBare<unknown[]>(domain, 'query-block-jobs')).length === 0);
	const held = await markBare(domain, 7);
	await quit(domain);
	// What the program writes just before it tells QEMU to switch.
	const journal = path.join(domain.statePath, 'journal');
	const [name] = (await readdir(journal)).filter(file => file.endsWith('.jsonl')) as [string];
	const lines = (await readFile(path.join(journal, name), 'utf8')).split('\n').length - 1;
	await appendFile(path.join(journal, name), `${formatJournalLine({at: new Date().toISOString(), kind: 'pivoting', step: 'commit-1'}, lines)}\n`);

	const forward = async () => runBare(domain, ['recover', '--roll-forward', '--yes', '--json']);
	const refused = await forward();
	t.is(refused.exitCode, 3, refused.stdout + refused.stderr);
	const {hint} = (JSON.parse(refused.stderr) as {error: {hint: string}}).error;
	const [, later, command] = /Keep copies of both\. If the later one is (.*), commit it \((qemu-img commit [^)]*)\); if it is/.exec(hint)!;
	await copyFile(later!, `${later!}.copy`);
	await runAsTold(command!);
	const finished = await forward();
	t.is(finished.exitCode, 0, finished.stdout + finished.stderr);
	t.deepEqual(await digestBare(domain), held);
	t.deepEqual((await readBareTree(domain)).snapshots, []);
});

test.serial('what is rolled back and cannot be done anew is tried again, or forgotten, as told', async t => {
	for (const way of ['--roll-forward', '--give-up']) {
		const {domain, digests} = await makeCrashed(t, 'create-vda', {diskCount: 1});
		const record = await virsh('snapshot-dumpxml', domain.uuid, 's1');
		await virsh('snapshot-delete', domain.uuid, 's1', '--metadata');
		const refused = await recover(domain, '--roll-forward');
		t.not(refused.exitCode, 0);
		t.is(readError(refused).hint, `vsnap-tui recover --roll-forward tries again, vsnap-tui recover --give-up ${domain.name} forgets it.`, report(refused));
		t.deepEqual(await digestHeads(domain), digests.get(''));
		if (way === '--roll-forward') {
			await withFile(record, async file => virsh('snapshot-create', '--domain', domain.uuid, '--xmlfile', file, '--redefine'));
			const done = await recover(domain, way);
			t.is(done.exitCode, 0, report(done));
			t.deepEqual(await digestHeads(domain), digests.get('s1'));
		} else {
			const done = await runProgram(domain, ['recover', way, '--yes', '--json', '--', domain.name]);
			t.is(done.exitCode, 0, report(done));
			t.deepEqual(await digestHeads(domain), digests.get(''));
		}

		t.is((await runProgram(domain, ['recover', '--json'])).exitCode, 0);
	}
});

test.serial('a create that was interrupted before its switch: the doctor tells of nothing else, and giving up says what is left', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const held = await markOffline(domain, 1);
	const create = (way: string) => ['create', '--disk-only', way, '--json', '--', domain.name, 's1'];
	const plan = JSON.parse((await runProgram(domain, create('--dry-run'))).stdout) as Plan;
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === 'create-vdb'), script: killMoments.after});
	const killed = await runProgram(domain, create('--yes'), shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
	const kinds = async () => (JSON.parse((await runProgram(domain, ['doctor', '--json', '--', domain.name])).stdout) as Array<{kind: string}>).map(({kind}) => kind);
	t.deepEqual(await kinds(), ['unfinished-action']);
	const before = await virsh('dumpxml', '--inactive', domain.uuid);
	const left = ['vda', 'vdb'].map(target => path.join(domain.folder, `${target}.s1`));
	const givenUp = await runProgram(domain, ['recover', '--give-up', '--yes', '--json', '--', domain.name]);
	t.is(givenUp.exitCode, 0, report(givenUp));
	t.true(left.every(file => givenUp.stdout.includes(file)), report(givenUp));
	t.deepEqual([await virsh('dumpxml', '--inactive', domain.uuid), await readParents(domain)], [before, {}]);
	t.deepEqual(await digestHeads(domain), held);
	t.deepEqual((await readdir(domain.folder)).sort(), ['vda.qcow2', 'vda.s1', 'vdb.qcow2', 'vdb.s1']);
	t.deepEqual(await kinds(), ['unused-image']);
});
