import test from 'ava';
import {certain} from '../../../source/model/images/image-users.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths, type Command} from '../../../source/model/plan/plan.ts';
import {executePlan} from '../../../source/engine/run/execute.ts';
import {defaultDirection} from '../../../source/engine/run/progress.ts';
import {recover} from '../../../source/engine/recover/recover.ts';
import type {UnfinishedAction} from '../../../source/engine/ports.ts';
import {
	Killed, lineOf, pretendDone, pretendSwitched,
} from '../../helpers/fake-host.ts';
import {uuid} from '../../helpers/inventory.ts';
import {optionsOf as options, revertScene as scene, type RevertScene as Scene} from '../../helpers/revert-scene.ts';
import {withExpected} from '../../helpers/fake-plans.ts';

/** Runs until the n-th command, at which the program dies. */
async function dieAt(given: Scene, index: number, moment: 'die' | 'die-after'): Promise<UnfinishedAction> {
	const line = given.lines[index];
	given.host.onRun = candidate => {
		if (given.plan.steps[index]!.phase === 'remove' && candidate.includes('--redefine --current')) {
			pretendDone(given.host, given.plan);
		}

		return candidate === line ? moment : 'succeed';
	};

	await executePlan(given.world, given.plan, options(given)).catch((error: unknown) => {
		if (!(error instanceof Killed)) {
			throw error;
		}
	});
	given.host.onRun = () => 'succeed';
	given.host.ran.length = 0;
	return unwrap(await given.world.store.readUnfinished())[0]!;
}

test('a plan runs its commands in order, proves the result, and only then removes', async t => {
	const given = scene();
	given.host.onRun = line => {
		if (line.includes('--redefine --current')) {
			pretendDone(given.host, given.plan);
		}

		return 'succeed';
	};

	t.deepEqual(await executePlan(given.world, given.plan, options(given)), {kind: 'done', takenBytes: 0});
	t.deepEqual(given.host.ran, given.lines);
	const proving = given.events.findIndex(event => event.kind === 'proving');
	const removing = given.events.findIndex(event => event.kind === 'step-started' && event.step.startsWith('remove'));
	t.true(proving > 0 && proving < removing);
	t.deepEqual(unwrap(await given.world.store.readUnfinished()), []);
	t.like(unwrap(await given.world.store.readAudit()).entries[0], {user: 'root', from: '192.0.2.7', outcome: 'done'});
});

test('a result that is not as planned is put back, and nothing is removed', async t => {
	const given = scene();
	const outcome = await executePlan(given.world, given.plan, options(given));
	t.like(outcome, {kind: 'rolled-back', failure: {kind: 'not-proven', rolledBack: true}});
	t.false(given.host.ran.some(line => line.startsWith('rm -- /d/vda.s3')));
});

for (const failing of ['create-vdb', 'stop', 'define', 'current']) {
	test(`a failure in "${failing}" is undone, last first`, async t => {
		const given = scene();
		const index = given.plan.steps.findIndex(step => step.id === failing);
		given.host.onRun = line => line === given.lines[index] ? 'fail' : 'succeed';
		given.host.answers.set('file-exists', true).set('domain-off', true);
		const outcome = await executePlan(given.world, given.plan, options(given));
		t.like(outcome, {kind: 'rolled-back', failure: {kind: 'step-failed', step: failing, rolledBack: true}});
		const undone = given.host.ran.slice(index + 1);
		const expected = given.plan.steps.slice(0, index + 1).reverse().flatMap(step => (step.undo ?? []).map(command => lineOf(command)));
		t.deepEqual(undone, expected);
		t.deepEqual(unwrap(await given.world.store.readUnfinished()), []);
	});
}

test('a name that somebody took is not removed when everything is put back', async t => {
	const given = scene();
	given.host.onRun = line => line.startsWith('dd ') && line.includes('vdb') ? 'fail' : 'succeed';
	given.host.answers.set('file-exists', true);
	await executePlan(given.world, given.plan, options(given));
	t.deepEqual(given.host.ran.filter(line => line.startsWith('rm')), [`rm -- ${createdPaths(given.plan)[0]}`]);
});

test('an undo that fails leaves the action for recover, with its name', async t => {
	const given = scene();
	given.host.answers.set('file-exists', true);
	given.host.onRun = line => line.startsWith('rm') || line === given.lines.find(candidate => candidate.includes(' define ')) ? 'fail' : 'succeed';
	const outcome = await executePlan(given.world, given.plan, options(given));
	t.like(outcome, {kind: 'half-way', failure: {kind: 'step-failed', rolledBack: false}});
	t.is(unwrap(await given.world.store.readUnfinished()).length, 1);
});

test('an undo that fails because what it was for has just ended by itself is no failure', async t => {
	const given = scene();
	const abort: Command = {tool: 'virsh', argv: ['virsh', 'domjobabort'], files: [], onlyIf: {kind: 'backup-active', uuid}};
	const [index, failing] = [given.plan.steps.findIndex(({id}) => id === 'create-vda'), given.plan.steps.find(({id}) => id === 'create-vdb')!];
	const plan = {...given.plan, steps: given.plan.steps.map((step, at) => at === index ? {...step, undo: [abort, ...step.undo!]} : step)};
	given.host.answers.set('backup-active', true).set('file-exists', true);
	given.host.onRun = line => {
		if (line === 'virsh domjobabort') {
			given.host.answers.set('backup-active', false);
			return 'fail';
		}

		return line === lineOf(failing.command) ? 'fail' : 'succeed';
	};

	t.like(await executePlan(given.world, plan, options(given)), {kind: 'rolled-back', failure: {kind: 'step-failed', step: 'create-vdb', rolledBack: true}});
	t.true(given.host.ran.includes('virsh domjobabort'));
});

test('an image that somebody uses at the moment of removal is not removed, and the rest is done', async t => {
	const given = scene();
	given.host.onRun = line => {
		if (line.includes('--redefine --current')) {
			pretendDone(given.host, given.plan);
		}

		return 'succeed';
	};

	given.host.users.set('/d/vdb.s3', [certain('head of clone')]);
	const outcome = await executePlan(given.world, given.plan, options(given));
	t.like(outcome, {kind: 'done', remarks: {length: 1}});
	t.regex(JSON.stringify(outcome), /vdb\.s3 stays: .*head of clone/);
	t.false(given.host.ran.includes('rm -- /d/vdb.s3'));
	t.true(given.host.ran.includes('rm -- /d/vda.s3'));
	t.deepEqual(unwrap(await given.world.store.readUnfinished()), []);
});

test('a host that changed since the plan was made is not touched', async t => {
	const given = scene();
	given.host.inventory = {...given.host.inventory, definitionXml: 'other'};
	t.deepEqual(await executePlan(given.world, given.plan, options(given)), {kind: 'rolled-back', failure: {kind: 'host-changed', changed: ['its definition']}});
	t.deepEqual(given.host.ran, []);
	t.deepEqual(unwrap(await given.world.store.readAudit()).entries, []);
});

test('a domain that is locked or has unfinished work is not touched', async t => {
	const given = scene();
	const lock = unwrap(await given.world.store.lockDomain(uuid, 'other'));
	t.like(await executePlan(given.world, given.plan, options(given)), {failure: {kind: 'busy'}});
	await lock.release();
	await given.world.store.openJournal({...given.plan, id: 'earlier'});
	t.like(await executePlan(given.world, given.plan, options(given)), {failure: {kind: 'refused'}});
	t.deepEqual(given.host.ran, []);
});

test('an interruption before the switch puts everything back', async t => {
	const given = scene();
	const controller = new AbortController();
	given.host.answers.set('file-exists', true);
	given.host.onRun = line => {
		if (line.startsWith('sync')) {
			controller.abort('SIGINT');
		}

		return 'succeed';
	};

	t.like(await executePlan(given.world, given.plan, options(given, controller.signal)), {kind: 'rolled-back', failure: {kind: 'interrupted', signal: 'SIGINT'}});
	t.false(given.host.ran.some(line => line.includes(' destroy ')));
	t.is(given.host.ran.filter(line => line.startsWith('rm')).length, 2);
});

test('an interruption after the switch has begun lets it finish', async t => {
	const given = scene();
	const controller = new AbortController();
	given.host.onRun = line => {
		if (line.includes(' destroy ')) {
			controller.abort('SIGHUP');
		}

		if (line.includes('--redefine --current')) {
			pretendDone(given.host, given.plan);
		}

		return 'succeed';
	};

	t.deepEqual(await executePlan(given.world, given.plan, options(given, controller.signal)), {kind: 'done', takenBytes: 0});
});

for (const moment of ['die', 'die-after'] as const) {
	test(`after a kill (${moment}) at any step, recovery back undoes all that was begun, or is refused once a removal was`, async t => {
		const {plan: {steps}} = scene();
		for (const [index, step] of steps.entries()) {
			const given = scene();
			const {inventory} = given.host;
			const unfinished = await dieAt(given, index, moment);
			t.is(unfinished.plan.id, 'p1', step.id);
			given.host.answers.set('file-exists', true).set('file-empty', true).set('domain-off', true).set('file-missing', moment === 'die-after');
			given.host.onRun = line => {
				if (line.includes('definition-before')) {
					given.host.inventory = inventory;
				}

				return 'succeed';
			};

			const outcome = await recover(given.world, unfinished, {...options(given), direction: 'back'});
			if (step.phase === 'remove' && (moment === 'die-after' || step.id !== 'remove-1')) {
				t.like(outcome, {kind: 'half-way', failure: {kind: 'recovery-refused'}}, step.id);
				t.deepEqual(given.host.ran, []);
				t.is(defaultDirection(unfinished), 'forward');
			} else {
				const isOffMeanwhile = index > steps.findIndex(({id}) => id === 'stop') || (step.id === 'stop' && moment === 'die-after');
				t.is(outcome.kind, 'done', step.id + JSON.stringify(outcome));
				t.is('remarks' in outcome, isOffMeanwhile || step.id === 'stop', step.id);
				const expected = steps.slice(0, index + 1).reverse().flatMap(candidate => (candidate.undo ?? []).map(command => lineOf(command)));
				t.deepEqual(given.host.ran, expected, step.id);
				t.is(defaultDirection(unfinished), step.phase === 'switch' || step.phase === 'remove' ? 'forward' : 'back');
			}
		}
	});

	test(`after a kill (${moment}) at any step, recovery forward runs what is missing`, async t => {
		const {plan: {steps}} = scene();
		for (const [index, step] of steps.entries()) {
			const given = scene();
			const unfinished = await dieAt(given, index, moment);
			given.host.answers.set('file-exists', true).set('file-empty', true).set('domain-off', false).set('file-missing', false);
			if (index > steps.findIndex(({id}) => id === 'define')) {
				pretendSwitched(given.host, given.plan);
			}

			given.host.onRun = line => {
				if (line.includes('--redefine --current')) {
					pretendDone(given.host, given.plan);
				}

				return 'succeed';
			};

			t.deepEqual(await recover(given.world, unfinished, {...options(given), direction: 'forward'}), {kind: 'done', takenBytes: 0}, step.id);
			const tail = given.lines.slice(step.phase === 'switch' || step.phase === 'remove' ? index : 0);
			t.deepEqual(given.host.ran.slice(-tail.length), tail, step.id);
			t.deepEqual(unwrap(await given.world.store.readUnfinished()), []);
		}
	});
}

test('only what was done is told as undone: of the step in which the run died, of those after it and of checks nothing is', async t => {
	const {plan: {steps}} = scene();
	const index = steps.findIndex(({id}) => id === 'reserve-vdb');
	for (const [moment, kind] of [['die', 'step-not-done'], ['die-after', 'step-undone']] as const) {
		const given = scene();
		const unfinished = await dieAt(given, index, moment);
		given.events.length = 0;
		// Its undo asks whether there is anything to undo.
		given.host.answers.set('file-exists', moment === 'die-after').set('file-empty', true).set('domain-off', true);
		t.is((await recover(given.world, unfinished, {...options(given), direction: 'back'})).kind, 'done');
		const told = given.events.flatMap(event => event.kind === 'step-undone' || event.kind === 'step-not-done' ? [[event.step, event.kind]] : []);
		const before = steps.slice(0, index).filter(({phase}) => phase !== 'check').reverse();
		t.true(before.length < index);
		t.deepEqual(told, [['reserve-vdb', kind], ...before.map(({id}) => [id, 'step-undone'])]);
	}
});

test('going back is refused while somebody runs the domain on its new disks', async t => {
	const given = scene();
	const unfinished = await dieAt(given, given.plan.steps.findIndex(step => step.id === 'current'), 'die');
	pretendDone(given.host, withExpected(given.plan, {endState: 'running'}));
	t.like(await recover(given.world, unfinished, {...options(given), direction: 'back'}), {failure: {kind: 'recovery-refused'}});
	t.deepEqual(given.host.ran, []);
});

test('a recovery that waited for the run to end finds nothing to do, and touches nothing', async t => {
	const given = scene();
	const unfinished = await dieAt(given, given.plan.steps.findIndex(step => step.id === 'sync'), 'die');
	await given.world.store.removeJournal('p1');
	for (const direction of ['back', 'forward'] as const) {
		t.deepEqual(await recover(given.world, unfinished, {...options(given), direction}), {kind: 'done'});
	}

	t.deepEqual(given.host.ran, []);
});

test('where the switch cannot be taken back, the new files stay: the domain may run on them', async t => {
	const given = scene();
	given.host.answers.set('file-exists', true).set('domain-off', true);
	let isSwitched = false;
	given.host.onRun = line => {
		isSwitched ||= line.includes('--redefine --current');
		return isSwitched && line.includes('definition-before') ? 'fail' : 'succeed';
	};

	const outcome = await executePlan(given.world, given.plan, options(given));
	t.like(outcome, {kind: 'half-way', failure: {kind: 'not-proven', rolledBack: false}});
	t.false(given.host.ran.some(line => line.startsWith('rm')));
	t.is(unwrap(await given.world.store.readUnfinished()).length, 1);
});

test('recovery forward leaves an image that something needs, and says so, instead of never ending', async t => {
	const given = scene();
	const unfinished = await dieAt(given, given.plan.steps.findIndex(step => step.id === 'remove-1'), 'die');
	given.host.users.set('/d/vda.s3', [certain('backup.qcow2')]);
	t.deepEqual(await recover(given.world, unfinished, {...options(given), direction: 'forward'}), {kind: 'done', remarks: ['The image /d/vda.s3 stays: it is used by backup.qcow2.'], takenBytes: 0});
	t.deepEqual(given.host.ran, ['rm -- /d/vdb.s3']);
	t.true(given.events.some(event => event.kind === 'step-left-out' && event.reason.includes('backup.qcow2')));
});

test('an action of another host is not recovered here', async t => {
	const given = scene();
	const unfinished = await dieAt(given, given.plan.steps.findIndex(step => step.id === 'sync'), 'die');
	given.host.inventory = {...given.host.inventory, host: {...given.host.inventory.host, uri: 'qemu+ssh://other/system'}};
	t.like(await recover(given.world, unfinished, {...options(given), direction: 'back'}), {failure: {kind: 'recovery-refused'}});
	t.deepEqual(given.host.ran, []);
});

test('a domain that somebody booted does not count as resumed from its memory', async t => {
	const given = scene();
	const start = {...given.plan.steps.find(step => step.id === 'stop')!, id: 'start', doneWhen: {kind: 'domain-active', uuid} as const, countsOnlyIfLogged: true as const};
	given.plan.steps.splice(given.plan.steps.findIndex(step => step.phase === 'remove'), 0, start);
	given.lines = given.plan.steps.map(step => lineOf(step.command));
	const unfinished = await dieAt(given, given.plan.steps.findIndex(step => step.id === 'current'), 'die');
	given.host.answers.set('domain-active', true).set('domain-off', true);
	t.like(await recover(given.world, unfinished, {...options(given), direction: 'forward'}), {failure: {kind: 'recovery-refused'}});
	t.deepEqual(given.host.ran, []);
});
