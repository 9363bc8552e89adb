/** Others work on the same domain at the same time: another run of this program, and plain virsh. */
import {existsSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {executePlan} from '../../source/engine/run/execute.ts';
import type {Outcome, RunEvent} from '../../source/engine/ports.ts';
import {prepareAction} from '../../source/engine/prepare.ts';
import {describeFailure} from '../../source/model/text/describe-failure.ts';
import {exitCodeOf} from '../../source/model/text/exit-codes.ts';
import {openWorld} from '../../source/worlds/open-world.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {
	readError, report, revert, runProgram,
} from './program.ts';
import {run, virsh, waitFor} from './run.ts';
import {labEnvironment, labUri} from './settings.ts';
import {makeShims, readPlan} from './shims.ts';
import {
	digestHeads, digestImage, readHeads, writeOffline,
} from './slots.ts';
import {markOffline, readParents, takeDiskSnapshot} from './snapshots.ts';
import {readWorld, type World} from './world.ts';

test.before(startLab);

const waitForGo = ': > "$here/waiting"; until [ -e "$here/go" ]; do sleep 0.02; done';

test.serial('a second run on the same domain ends with exit code 6, and the first goes on undisturbed', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === 'create-vda'), script: waitForGo});
	const first = revert(domain, 's1', shims.options);
	await waitFor('the first run is in the middle', () => existsSync(path.join(shims.folder, 'waiting')));
	const second = await revert(domain, 's1');
	t.is(second.exitCode, 6, report(second));
	t.is(readError(second).kind, 'busy');
	t.is(readError(second).hint, 'Wait until the other run has ended, then try again.');
	const tree = await runProgram(domain, ['tree', '--json', '--', domain.name]);
	t.is(tree.exitCode, 0, 'looking is possible all the time');
	await writeFile(path.join(shims.folder, 'go'), '');
	await expectReverted(t, domain, await first, {digests, current: 's1'});
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
});

test.serial('a run on another domain is not held up', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const other = await makeDomain(t);
	await takeDiskSnapshot(other, 's1');
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === 'create-vda'), script: waitForGo});
	const first = revert(domain, 's1', shims.options);
	await waitFor('the first run is in the middle', () => existsSync(path.join(shims.folder, 'waiting')));
	const second = await revert({...other, statePath: domain.statePath}, 's1');
	t.is(second.exitCode, 0, report(second));
	await writeFile(path.join(shims.folder, 'go'), '');
	const result = await first;
	t.is(result.exitCode, 0, report(result));
});

test.serial('a snapshot that virsh makes in the middle of the run loses no byte', async t => {
	const domain = await makeDomain(t);
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const left = await markOffline(domain, 2);
	const heads = await readHeads(domain);
	const plan = await readPlan(domain, 's1');
	const script = `virsh -q -c '${labUri}' snapshot-create-as --domain ${domain.uuid} --name between --disk-only >/dev/null || exit 9`;
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === 'define'), script});
	const result = await revert(domain, 's1', shims.options);
	// In the very moment of the switch nobody can see it; before that it is found, and exit code 7.
	t.is(result.exitCode, 0, report(result));
	t.regex(result.stdout + result.stderr, /stays: it is used by .*between/);
	t.is(await digestImage(heads.get('vda')!), left.vda!);
	t.is(await digestImage(heads.get('vdb')!), left.vdb!);
	t.true('between' in await readParents(domain), 'the snapshot of the other is still there');
});

type Change = {what: string; make: (domain: LabDomain) => Promise<unknown>};
const changes: Change[] = [
	{what: 'a snapshot', make: async domain => takeDiskSnapshot(domain, 'between')},
	{what: 'another current snapshot', make: async domain => virsh('snapshot-current', '--domain', domain.uuid, '--snapshotname', 's2')},
	{what: 'a start', make: async domain => start(domain)},
	{what: 'another definition', make: async domain => virsh('desc', '--domain', domain.uuid, '--config', '--new-desc', 'changed')},
	{what: 'a frozen image that was written to', make: async domain => writeOffline(domain.disks[1]!.path, 0x55, 5)},
	{what: 'an overlay of somebody else on the head', async make(domain) {
		const heads = await readHeads(domain);
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', heads.get('vda')!, path.join(domain.folder, 'vda.theirs')]);
	}},
];

for (const {what, make} of changes) {
	test.serial(`${what} between the preview and the confirmation is noticed, and nothing is touched`, async t => {
		const domain = await makeDomain(t);
		await markOffline(domain, 1);
		await takeDiskSnapshot(domain, 's1');
		await markOffline(domain, 2);
		await takeDiskSnapshot(domain, 's2');
		await virsh('snapshot-current', '--domain', domain.uuid, '--snapshotname', 's1');
		const {outcome, before} = await runAfterChange(domain, async () => make(domain));
		t.is(outcome.kind === 'rolled-back' ? exitCodeOf(outcome.failure) : -1, 7, JSON.stringify(outcome));
		t.deepEqual(await readWorld(domain), before);
		t.is(outcome.kind === 'rolled-back' ? describeFailure(outcome.failure).hint : '', 'Make a new plan and read it.');
	});
}

test.serial('after a change between the preview and the confirmation a new plan is made, as told, and done', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await runAfterChange(domain, async () => virsh('desc', '--domain', domain.uuid, '--config', '--new-desc', 'changed'));
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
});

test.serial('without a change between the preview and the confirmation, the same way ends in a revert', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const {outcome} = await runAfterChange(domain, async () => undefined);
	t.like(outcome, {kind: 'done', remarks: undefined});
	t.deepEqual(await digestHeads(domain), digests);
});

/** The program's own engine, as the screen uses it: plan, then time passes, then run. */
async function runAfterChange(domain: LabDomain, change: () => Promise<unknown>): Promise<{outcome: Outcome; before: World}> {
	process.env.VSNAP_TUI_STATE = domain.statePath;
	process.env.PATH = labEnvironment().PATH;
	const opened = await openWorld({connect: labUri, connects: [], qmp: [], images: [], isDemo: false, isReadOnly: false, isAscii: true, hasColor: false, checks: false, usesMouse: false, isJson: true, mode: 'run'});
	if (!opened.ok) {
		throw new Error(JSON.stringify(opened.failure));
	}

	const {world, planning} = opened.value;
	try {
		const plan = await prepareAction(planning, {kind: 'revert', uuid: domain.uuid, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined});
		if (!plan.ok) {
			throw new Error(JSON.stringify(plan.failure));
		}

		await change();
		const before = await readWorld(domain);
		const events: RunEvent[] = [];
		const outcome = await executePlan(world, plan.value, {onEvent: event => events.push(event), interrupt: new AbortController().signal});
		return {outcome, before};
	} finally {
		await world.host.close();
	}
}

test.serial('--dry-run leaves no trace in the private folder and none on the host', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const before = await readWorld(domain);
	const plan = await readPlan(domain, 's1');
	t.true(plan.steps.length > 5);
	const order = plan.steps.map(step => ['check', 'create', 'switch', 'remove'].indexOf(step.phase));
	t.deepEqual(order, [...order].sort((a, b) => a - b));
	t.deepEqual(await readWorld(domain), before);
});
