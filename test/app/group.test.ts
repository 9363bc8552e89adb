import test from 'ava';
import type {Effect} from '../../source/app/effects-data.ts';
import type {Outcome} from '../../source/engine/ports.ts';
import {uuidOf} from '../helpers/fake-services.ts';
import {
	acceptedFrame, atWeb, createBrain, frameOf, keys, type Brain,
} from '../helpers/screen-harness.ts';

const of = <K extends Effect['kind']>(brain: Brain, kind: K) => brain.effects.filter((effect): effect is Effect & {kind: K} => effect.kind === kind);

/** In the list of domains, db01 and web01 marked. */
async function atMarks(facts: {columns?: number; rows?: number} = {}): Promise<Brain> {
	const brain = await atWeb(facts);
	brain.type(keys.tab, ' ');
	await brain.answer();
	brain.send({kind: 'domain-chosen', uuid: uuidOf(2)});
	brain.type(keys.tab, ' ');
	brain.send({kind: 'domain-chosen', uuid: uuidOf(1)});
	brain.type(keys.tab);
	await brain.answer();
	return brain;
}

const planIds = (brain: Brain) => of(brain, 'execute-group').at(-1)!.plans.map(({id}) => id);

/** Both are at work. */
async function atWork(facts: {columns?: number; rows?: number} = {}): Promise<Brain> {
	const brain = await atMarks(facts);
	brain.type('c');
	await brain.answer();
	brain.pass(1000);
	brain.type(keys.enter);
	brain.pass(1000);
	brain.type(keys.enter);
	return brain;
}

test('space marks domains and goes on to the next, Escape takes the marks away before it ends the filter', async t => {
	const brain = await atWeb();
	brain.type(keys.tab, 'g', ' ', ' ');
	t.is(brain.state.marks.domains.size, 2);
	const [first] = brain.state.marks.domains;
	brain.type('g', ' ');
	t.false(brain.state.marks.domains.has(first!));
	brain.type('/', 'n', keys.enter, keys.escape);
	t.is(brain.state.marks.domains.size, 0);
	t.is(brain.state.filter.text, 'n');
	brain.type(keys.escape);
	t.is(brain.state.filter.text, '');
});

test('marked domains are planned together: the disks of the first one are not asked of the others', async t => {
	const brain = await atMarks();
	brain.type('c');
	await brain.answer();
	const {asked} = of(brain, 'plan-group').at(-1)!;
	t.deepEqual(asked.map(({name, request}) => [name, request.uuid, request.kind]), [['web01', uuidOf(1), 'create'], ['db01', uuidOf(2), 'create']]);
	t.like(asked[0]!.request, {disks: [{target: 'vda', mode: 'external'}]});
	t.like(asked[1]!.request, {isDiskOnly: true, disks: undefined, snapshot: (asked[0]!.request as {snapshot?: string}).snapshot});
	t.is(of(brain, 'plan').length, 0);
});

test('one that is refused keeps all from beginning, and the reason names it', async t => {
	const brain = await atMarks();
	brain.world.refusedDomains = [uuidOf(2)];
	brain.type('c');
	await brain.answer();
	brain.pass(1000);
	brain.type(keys.enter);
	t.is(of(brain, 'execute-group').length, 0);
	t.regex(await frameOf(brain.state), /db01: It is busy\./u);
});

test('all are started by one Enter, with what becomes of the others if one fails', async t => {
	const brain = await atMarks();
	brain.type('c');
	await brain.answer();
	// The last field.
	brain.type('\u001B[Z', ' ', keys.tab);
	brain.pass(1000);
	brain.type(keys.enter);
	brain.pass(1000);
	brain.type(keys.enter);
	t.is(of(brain, 'execute-group').at(-1)!.ifOneFails, 'keep');
	t.is(Object.keys(brain.state.runs).length, 2);
	t.is(brain.state.marks.domains.size, 0);
});

test('where the others lose something a name is typed, whatever the first one loses', async t => {
	const brain = await atMarks();
	brain.send({kind: 'row-chosen', view: 'snapshots', id: 'snapshot:s1'});
	brain.type('r');
	const {asked, number} = of(brain, 'plan-group').at(-1)!;
	t.deepEqual(asked.map(({request}) => (request as {snapshot?: string}).snapshot), ['s1', 's1']);
	await brain.answer();
	const {journey} = brain.state.scene as Extract<typeof brain.state.scene, {kind: 'journey'}>;
	const harmless = {...journey.group!.plans[0]!, consequences: []};
	const harmful = {...journey.group!.plans[1]!, consequences: [{severity: 'loss' as const, text: 'Gone.'}]};
	brain.state = {...brain.state, scene: {kind: 'journey', journey: {...journey, asked: {number, request: journey.request, sinceMs: 0}}}};
	brain.send({
		kind: 'planned', number, result: {ok: true, value: harmless}, plans: [harmless, harmful],
	});
	brain.pass(1000);
	brain.type(keys.enter);
	t.is(of(brain, 'execute-group').length, 0);
	brain.type('web01');
	brain.pass(1000);
	brain.type(keys.enter);
	brain.type(keys.enter);
	t.is(of(brain, 'execute-group').length, 1);
});

test('Ctrl-C on the page of one stops the action on all', async t => {
	const brain = await atWork();
	brain.type(keys.ctrlC, keys.ctrlC);
	t.true(planIds(brain).includes(of(brain, 'interrupt').at(-1)!.planId));
});

test('a host that changed leads to new plans, as long as nothing was touched', async t => {
	const brain = await atWork();
	const [first, second] = planIds(brain);
	brain.send({kind: 'group-ended', ends: [
		{planId: first!, outcome: {kind: 'rolled-back', failure: {kind: 'host-changed', changed: ['its snapshots']}}},
		{planId: second!, outcome: {kind: 'rolled-back', failure: {
			kind: 'other-failed', domain: 'web01', hasBegun: false, rolledBack: true, notUndone: [],
		}}},
	]});
	await brain.answer();
	t.is(brain.state.scene.kind, 'journey');
	t.deepEqual(brain.state.runs, {});
	t.is(of(brain, 'plan-group').length, 2);
});

const full: Outcome = {kind: 'rolled-back', failure: {kind: 'tool-failed', cause: {
	argv: ['qemu-img', 'create'], exitCode: 1, timedOut: false, stderr: 'qemu-img: No space left on device', durationMs: 5,
}}};

for (const [columns, rows] of [[80, 24], [120, 40]] as const) {
	test(`the page of two domains, at ${columns}x${rows}`, async t => {
		const brain = await atMarks({columns, rows});
		brain.type('c');
		await brain.answer();
		const frame = await frameOf(brain.state);
		t.is(frame, await acceptedFrame(`group-${columns}x${rows}`, frame));
	});

	test(`the table of what became of each, at ${columns}x${rows}`, async t => {
		const brain = await atWork({columns, rows});
		const [first, second] = planIds(brain);
		brain.send({kind: 'group-ended', ends: [
			{planId: first!, outcome: {kind: 'rolled-back', failure: {
				kind: 'other-failed', domain: 'db01', hasBegun: true, rolledBack: true, notUndone: [],
			}}},
			{planId: second!, outcome: full},
		]});
		await brain.answer();
		t.is(brain.state.scene.kind, 'group-ended');
		const frame = await frameOf(brain.state);
		t.is(frame, await acceptedFrame(`group-ended-${columns}x${rows}`, frame));
		brain.type(keys.enter);
		t.is(brain.state.scene.kind, 'browse');
	});
}

test('what ends while one browses leaves the screen alone, and what failed stays told', async t => {
	const brain = await atWork();
	const [first, second] = planIds(brain);
	brain.type(keys.escape);
	brain.send({kind: 'group-ended', ends: [{planId: first!, outcome: {kind: 'done'}}, {planId: second!, outcome: full}]});
	t.is(brain.state.scene.kind, 'browse');
	t.deepEqual(brain.state.ended.map(({isSeen}) => isSeen), [true, false]);
});

test('marked snapshots are deleted in one plan, in the order of the tree', async t => {
	const brain = await atWeb();
	brain.type('g', keys.down, ' ', 'g', ' ', 'd');
	await brain.answer();
	t.like(of(brain, 'plan').at(-1)!.request, {kind: 'delete', snapshot: 's1', others: ['s2'], scope: 'one'});
	brain.type(keys.escape);
	brain.type(keys.tab, keys.down, keys.up);
	t.is(brain.state.marks.snapshots.size, 0, 'they belong to one domain');
});

test('marked domains are checked together', async t => {
	const brain = await atMarks();
	brain.type('D');
	t.deepEqual(of(brain, 'diagnose').at(-1)!.uuids, [uuidOf(2), uuidOf(1)]);
});

test('an action on several domains is taken back on all of them', async t => {
	const brain = createBrain();
	const [one, two] = [{uuid: uuidOf(1), name: 'web01'}, {uuid: uuidOf(2), name: 'db01'}];
	const done = (domain: typeof one, other: typeof one, plannedAt = '2026-11-20T10:00:00Z') => ({
		action: {
			id: domain.name, plannedAt, at: '2026-11-20T10:00:05Z', user: 'root', from: undefined, uri: 'qemu:///system', domain, others: [other], action: 'create', outcome: 'done' as const, detail: undefined, durationMs: 1,
			request: {kind: 'merge' as const, domain, snapshot: 'x'},
		},
		title: `Create x of ${domain.name}`,
		undo: {kind: 'possible' as const, given: {kind: 'merge' as const, snapshot: domain.name === 'web01' ? 's3' : 'nightly'}, text: 'delete "x"'},
	});
	brain.world.undoables = [done(one, two), done(two, one)];
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type('z');
	await brain.answer();
	brain.type(keys.enter);
	await brain.answer();
	t.deepEqual(of(brain, 'plan-group').at(-1)!.asked.map(({name, request}) => [name, (request as {snapshot?: string}).snapshot]), [['web01', 's3'], ['db01', 'nightly']]);
	brain.type(keys.escape);
	// Where one of them cannot be, the other one is taken back alone.
	brain.world.undoables = [done(one, two), {...done(two, one), undo: {kind: 'never' as const, reason: 'it is gone'}}] as typeof brain.world.undoables;
	brain.type(keys.escape, 'z');
	await brain.answer();
	brain.type(keys.enter);
	await brain.answer();
	t.is(of(brain, 'plan-group').length, 1);
	t.like(of(brain, 'plan').at(-1)!.request, {kind: 'merge', snapshot: 's3'});
});
