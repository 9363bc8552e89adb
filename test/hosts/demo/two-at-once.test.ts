/**
Two actions in one process, each on its own domain: neither hinders the other, and each has its own journal, log and locks.
*/
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {openEngine, readTree} from './engine.ts';

test('two actions at once both end done, each with its own commands and its line in the audit log', async t => {
	const engine = openEngine({changeMs: 20});
	const merge = unwrap(await engine.plan('nextcloud', {kind: 'merge', snapshot: 'before-29'}));
	const drop = unwrap(await engine.plan('vpn', {kind: 'delete', snapshot: 'before-patches', scope: 'one', isMetadataOnly: false}));
	const began: string[] = [];
	const [one, other] = await Promise.all([merge, drop].map(async plan => {
		const {outcome, events} = await engine.execute(plan);
		began.push(plan.id);
		return {outcome, events};
	}));
	t.deepEqual([one!.outcome.kind, other!.outcome.kind], ['done', 'done']);
	t.is(began.length, 2);
	for (const [plan, run] of [[merge, one!], [drop, other!]] as const) {
		const kept = unwrap(await engine.world.store.readCommands(plan.id));
		t.deepEqual(kept, run.events.flatMap(event => event.kind === 'command-ran' ? [event.command] : []));
		t.true(kept.length > 0);
	}

	t.deepEqual(unwrap(await engine.world.store.readAudit()).entries.map(({domain, outcome}) => `${domain.name} ${outcome}`).sort(), ['nextcloud done', 'vpn done']);
	t.deepEqual(unwrap(await engine.world.store.readUnfinished()), []);
	t.false(readTree(engine.named('vpn')).some(link => link.includes('before-patches')));
});

test('while one is at work on a domain, another on the same one is refused and leaves no trace', async t => {
	const engine = openEngine({changeMs: 20});
	const plans = [unwrap(await engine.plan('nextcloud', {kind: 'merge', snapshot: 'before-29'})), unwrap(await engine.plan('nextcloud', {kind: 'merge', snapshot: 'before-patches'}))];
	const outcomes = await Promise.all(plans.map(async plan => engine.execute(plan)));
	t.deepEqual(outcomes.map(({outcome}) => outcome.kind === 'done' ? 'done' : outcome.failure.kind), ['done', 'busy']);
	t.is(unwrap(await engine.world.store.readAudit()).entries.length, 1);
});
