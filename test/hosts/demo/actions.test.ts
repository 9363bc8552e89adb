/**
Each action on the demo host, from the plan to its proof: afterwards every state that was to stay reads what it read before, the files are as planned, and
the doctor finds nothing new.
*/
import test from 'ava';
import type {Finding} from '../../../source/model/domain/finding.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import type {CreateAction} from '../../../source/model/plan/request.ts';
import {headsOf, openEngine, readStates, readTree, type NamedRequest} from './engine.ts';

const hostile = 'test -x "it\'s" $(touch x) \u009B31m;ok';

function create(snapshot: string, more: Partial<Omit<CreateAction, 'kind' | 'domain'>> = {}): NamedRequest {
	return {
		kind: 'create', snapshot, description: undefined, memory: undefined, disks: [], isDiskOnly: false, isQuiesced: false, isLive: false, isHalted: false, hasNoMetadata: false, ...more,
	};
}

const drop = (snapshot: string, scope: 'one' | 'with-children' | 'children-only' = 'one', isMetadataOnly = false): NamedRequest => ({kind: 'delete', snapshot, scope, isMetadataOnly});
const merge = (snapshot: string): NamedRequest => ({kind: 'merge', snapshot});
const branch = (snapshot: string, name: string, kept?: string): NamedRequest => ({kind: 'branch', snapshot, name, endState: 'shutoff', currentState: kept === undefined ? {kind: 'discard'} : {kind: 'keep', name: kept}});

/** Domains, what is wished, and which snapshots are gone and new afterwards. */
const rows: Array<{domain: string; request: NamedRequest; gone?: string[]; made?: string[]; current?: string | undefined; headsMove?: true; finds?: string[]}> = [
	{domain: 'web', request: create('s4', {isQuiesced: true, isDiskOnly: true}), made: ['s4'], current: 's4'},
	{domain: 'web', request: create('s4', {isDiskOnly: true, disks: [{target: 'vdb', mode: 'no'}]}), made: ['s4'], current: 's4'},
	{domain: 'db', request: create('with memory', {memory: {mode: 'external'}}), made: ['with memory'], current: 'with memory'},
	{domain: 'db', request: create('live', {memory: {mode: 'external'}, isLive: true}), made: ['live'], current: 'live'},
	{domain: 'build', request: create('paused', {memory: {mode: 'external'}}), made: ['paused'], current: 'paused'},
	{domain: 'radius', request: create('inside'), made: ['inside'], current: 'inside'},
	{domain: 'dhcp', request: create('halted', {isDiskOnly: true, isHalted: true}), made: ['halted'], current: 'halted'},
	{domain: 'dhcp', request: create('unrecorded', {isDiskOnly: true, hasNoMetadata: true}), finds: ['unrecorded-layer']},
	{domain: 'legacy', request: create('year-end-2026'), made: ['year-end-2026'], current: 'year-end-2026'},
	{domain: 'clone-b', request: create('first', {isDiskOnly: true}), made: ['first'], current: 'first'},
	{domain: hostile, request: create('it\'s; "new" $(x)', {isDiskOnly: true}), made: ['it\'s; "new" $(x)'], current: 'it\'s; "new" $(x)'},
	{domain: 'staging-db', request: branch('masked-september', 'trial', 'kept'), made: ['kept', 'trial'], current: 'trial', headsMove: true},
	{domain: 'web', request: branch('s1', 'second try'), made: ['second try'], current: 'second try', headsMove: true},
	{domain: hostile, request: branch('007', '-x "y"', 'kept\'s'), made: ['kept\'s', '-x "y"'], current: '-x "y"', headsMove: true},
	{domain: 'nextcloud', request: merge('before-29'), gone: ['before-29']},
	{domain: 'nextcloud', request: merge('before-patches'), gone: ['before-patches'], current: 'before-30'},
	{domain: 'staging-db', request: merge('masked-september'), gone: ['masked-september']},
	{domain: 'staging-db', request: merge('masked-october'), gone: ['masked-october'], current: 'masked-september'},
	{domain: 'clone-a', request: merge('fresh'), gone: ['fresh']},
	{domain: hostile, request: merge('007'), gone: ['007']},
	{domain: 'web', request: drop('s1'), gone: ['s1']},
	{domain: 'web', request: drop('s2'), gone: ['s2']},
	{domain: 'web', request: drop('s3'), gone: ['s3']},
	{domain: 'web', request: drop('before-upgrade', 'with-children'), gone: ['before-upgrade', 'after-upgrade']},
	{domain: 'web', request: drop('s1', 'children-only'), gone: ['s2', 's3', 'before-upgrade', 'after-upgrade', 'hotfix']},
	{domain: 'web', request: drop('s1', 'with-children'), gone: ['s1', 's2', 's3', 'before-upgrade', 'after-upgrade', 'hotfix']},
	{domain: 'web', request: drop('hotfix', 'one', true), gone: ['hotfix'], finds: ['orphan']},
	{domain: 'mail', request: drop('before-dovecot', 'one', true), gone: ['before-dovecot']},
	{domain: 'build', request: drop('toolchain-14'), gone: ['toolchain-14']},
	{domain: 'legacy', request: drop('year-end-2024'), gone: ['year-end-2024']},
	{domain: 'legacy', request: drop('installed', 'with-children'), gone: ['installed', 'year-end-2024', 'year-end-2025', 'before-export']},
	{domain: 'radius', request: drop('eap-tls'), gone: ['eap-tls']},
	{domain: 'radius', request: drop('eap-tls', 'with-children'), gone: ['eap-tls', 'before-ca'], current: undefined},
	{domain: 'ci-golden', request: drop('nightly-024'), gone: ['nightly-024']},
	{domain: 'ci-golden', request: drop('nightly-058', 'children-only'), gone: ['nightly-059']},
	{domain: 'git', request: drop('v9'), gone: ['v9']},
	{domain: 'vpn', request: drop('before-patches'), gone: ['before-patches']},
	{domain: hostile, request: drop('--help; echo "pwned"'), gone: ['--help; echo "pwned"']},
	{domain: hostile, request: drop('--help; echo "pwned"', 'with-children'), gone: ['--help; echo "pwned"', '007', ' blanks and \u{1F4A5} ']},
];

/** What the doctor finds of a domain of the host as it is opened, looked for once. */
const known = new Map<string, Promise<Finding[]>>();
const findingsBefore = async (domain: string) => {
	const found = known.get(domain) ?? openEngine().findings(domain);
	known.set(domain, found);
	return found;
};

for (const row of rows) {
	const {domain, request, gone, made, headsMove} = row;
	test(`${JSON.stringify(domain)}: ${JSON.stringify(request)} is done, proven, and every other state reads as before`, async t => {
		const engine = openEngine();
		const {demo, named} = engine;
		const guest = named(domain);
		const stateBefore = guest.state;
		const before = readStates(demo.world, guest);
		const others = [...demo.world.domains.values()].filter(other => other !== guest).map(other => [other, readStates(demo.world, other)] as const);
		const names = new Set(guest.snapshots.keys());
		const found = await findingsBefore(domain);
		const planned = unwrap(await engine.plan(domain, request));
		const {outcome} = await engine.execute(planned);
		t.like(outcome, {kind: 'done', remarks: undefined});

		t.deepEqual([...names].filter(name => !guest.snapshots.has(name)).sort(), [...gone ?? []].sort());
		t.deepEqual([...guest.snapshots.keys()].filter(name => !names.has(name)).sort(), [...made ?? []].sort());
		t.is(guest.currentSnapshot, 'current' in row ? row.current : planned.targets[0].expected.currentSnapshot);
		t.is(guest.state, planned.targets[0].expected.endState ?? stateBefore);
		const after = readStates(demo.world, guest);
		const staying = [...before].filter(([place]) => after.has(place) && !(place.startsWith('/') && headsMove));
		// A guest that runs on has written meanwhile.
		t.deepEqual(staying.map(([place, content]) => [place, place.startsWith('/') ? after.get(place)?.slice(0, content?.length) : after.get(place)]), staying);
		for (const [other, content] of others) {
			t.deepEqual(readStates(demo.world, other), content, `what ${other.name} reads`);
		}

		t.deepEqual(planned.images.removed.filter(path => demo.world.files.has(path)), []);
		t.deepEqual(createdPaths(planned).filter(path => !demo.world.files.has(path)), []);
		const texts = new Set(found.map(({text}) => text));
		const newFindings = (await engine.findings(domain)).filter(({severity, text}) => severity !== 'info' && !texts.has(text));
		t.deepEqual(newFindings.map(({kind}) => kind), row.finds ?? []);
	});
}

test('what a new snapshot froze reads what the domain had, and the branch begins with what its snapshot kept', async t => {
	const {demo, named, plan, execute} = openEngine();
	const web = named('web');
	const present = readStates(demo.world, web);
	await execute(unwrap(await plan('web', create('s4', {isDiskOnly: true}))));
	await execute(unwrap(await plan('web', branch('hotfix', 'trial'))));
	const states = readStates(demo.world, web);
	for (const target of ['vda', 'vdb']) {
		t.deepEqual(states.get(`s4/${target}`), present.get(`/${target}`));
		t.deepEqual(states.get(`trial/${target}`), present.get(`hotfix/${target}`));
		t.deepEqual(states.get(`/${target}`), present.get(`hotfix/${target}`));
	}

	t.true(readTree(web).includes('hotfix→trial'));
});

test('the base of a fork stays, with the reason, until only one line stands on it', async t => {
	const {demo, named, plan, execute} = openEngine();
	const base = '/var/lib/libvirt/images/web-vda.qcow2';
	const first = unwrap(await plan('web', drop('s1')));
	t.true(first.images.staying?.some(({path, reason}) => path === base && reason.includes('shared base')));
	t.is((await execute(first)).outcome.kind, 'done');
	const head = readStates(demo.world, named('web')).get('/vda');
	for (const [snapshot, scope] of [['hotfix', 'one'], ['before-upgrade', 'with-children']] as const) {
		t.is((await execute(unwrap(await plan('web', drop(snapshot, scope))))).outcome.kind, 'done');
	}

	t.deepEqual(readTree(named('web')), ['→s2', 's2→s3']);
	t.deepEqual(readStates(demo.world, named('web')).get('/vda')?.slice(0, head?.length), head);
	const left = [...demo.world.files.values()].filter(({path}) => path.includes('/web-vda'));
	t.is(left.length, 3, left.map(({path}) => path).join(', '));
});

test('deletes, creates and reverts in a row leave a tree that the doctor has nothing against', async t => {
	const engine = openEngine();
	const {named, plan, execute} = engine;
	const requests: NamedRequest[] = [
		create('one', {isDiskOnly: true}),
		create('two', {isDiskOnly: true}),
		{kind: 'revert', snapshot: 'one', currentState: {kind: 'keep', name: 'left'}, endState: 'running'},
		create('three', {memory: {mode: 'external'}}),
		merge('three'),
		branch('one', 'side', 'aside'),
		drop('two'),
		drop('left'),
		drop('one'),
	];
	for (const request of requests) {
		t.like((await execute(unwrap(await plan('proxy', request)))).outcome, {kind: 'done', remarks: undefined}, JSON.stringify(request));
	}

	t.deepEqual((await engine.findings('proxy')).filter(({severity}) => severity !== 'info').map(({text}) => text), []);
	t.is(headsOf(named('proxy')).length, 1);
});

test('what was interrupted is the reason why nothing else is planned on that domain, and it can be planned anew', async t => {
	const engine = openEngine();
	const request = {kind: 'delete', snapshot: 'before-upgrade', scope: 'one', isMetadataOnly: false} as const;
	const plan = unwrap(await engine.plan('web', request));
	unwrap(await engine.world.store.openJournal(plan));
	const refused = await engine.plan('web', {kind: 'merge', snapshot: 'no such snapshot'});
	const [blocker] = !refused.ok && refused.failure.kind === 'refused' ? refused.failure.blockers : [];
	t.is(blocker?.kind, 'unfinished-action');
	t.regex(blocker?.text ?? '', /^The delete of "before-upgrade" was interrupted \(planned .*\)\.$/);
	t.is(blocker?.remedy, 'Finish it, roll it back, or give it up first: vsnap-tui recover web.');
	t.is((await engine.recover('forward')).kind, 'done');
	t.deepEqual(unwrap(await engine.world.store.readUnfinished()), []);
});
