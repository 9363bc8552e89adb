import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {checkOthers, giveUpClaim, underClaim} from '../../../source/engine/run/claim.ts';
import type {World} from '../../../source/engine/world.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {Claims, Outcome} from '../../../source/engine/ports.ts';
import {createMemoryStore} from '../../../source/tools/state/memory-store.ts';
import {parseClaimList} from '../../../source/hosts/libvirt/claims.ts';
import {describeFailure} from '../../../source/model/text/describe-failure.ts';
import {exitCodeOf} from '../../../source/model/text/exit-codes.ts';
import {parseClaim, type Claim, type ClaimLife, type FoundClaim} from '../../../source/model/plan/claim.ts';
import {fail, succeed} from '../../../source/model/result.ts';
import {fakeHost} from '../../helpers/fake-host.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

type Scene = {world: World; marks: Map<string, Claim>; lives: Map<string, ClaimLife>};

const plan = unwrap(planRevert(
	{kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined},
	threeSnapshots(),
	{id: 'p1', now, workPath: '/w'},
));

function scene(): Scene {
	const marks = new Map<string, Claim>();
	const lives = new Map<string, ClaimLife>();
	const found = (claim: Claim): FoundClaim => ({id: claim.planId, domainUuid: claim.domain.uuid, claim, life: lives.get(claim.planId) ?? 'working'});
	const clear = async (planId: string) => {
		for (const [domain, claim] of marks) {
			if (claim.planId === planId) {
				marks.delete(domain);
			}
		}

		return succeed(undefined);
	};

	const claims: Claims = {
		read: async domain => succeed(marks.has(domain) ? found(marks.get(domain)!) : undefined),
		readAll: async () => succeed([...marks.values()].map(claim => found(claim))),
		async take(claim) {
			const present = marks.get(claim.domain.uuid);
			if (present !== undefined && present.planId !== claim.planId) {
				return succeed(found(present));
			}

			marks.set(claim.domain.uuid, {...claim, host: 'kvm1'});
			return succeed(undefined);
		},
		release: clear,
		clear: async ({id}) => clear(id),
	};
	const {host} = fakeHost(threeSnapshots());
	return {world: {host: {...host, claims}, store: createMemoryStore(), clock: {now: () => now}, person: {user: 'root', from: undefined}}, marks, lives};
}

function mark(given: Scene, life: ClaimLife, more: Partial<Claim> = {}): void {
	const claim: Claim = {
		planId: 'theirs', domain: {uuid, name: 'web'}, user: 'alice', host: 'kvm1', space: '', pid: 811, since: '2026-01-02T03:04:05.000Z', what: 'Revert web to s1', statePath: '/alice', stage: 'running', ...more,
	};
	given.marks.set(uuid, claim);
	given.lives.set(claim.planId, life);
}

const refuse = async (): Promise<Outcome> => {
	throw new Error('it must not begin');
};

test('a domain is marked while an action works on it, and no longer', async t => {
	const given = scene();
	const stages: string[] = [];
	const outcome = await underClaim(given.world, plan, {hasJournal: false}, async markBegun => {
		stages.push(given.marks.get(uuid)!.stage);
		unwrap(await markBegun());
		stages.push(given.marks.get(uuid)!.stage);
		return {kind: 'done'};
	});
	t.deepEqual(outcome, {kind: 'done'});
	t.deepEqual(stages, ['checking', 'running']);
	t.is(given.marks.size, 0);
});

test('the mark of an action that ends half-way stays, and its recovery takes it over', async t => {
	const given = scene();
	const halfWay: Outcome = {kind: 'half-way', failure: {kind: 'read-only'}};
	await underClaim(given.world, plan, {hasJournal: false}, async () => halfWay);
	t.is(given.marks.get(uuid)!.planId, 'p1');
	await underClaim(given.world, plan, {hasJournal: true}, async () => ({kind: 'done'}));
	t.is(given.marks.size, 0);
});

const others: Array<[ClaimLife, number, RegExp]> = [
	['working', 6, /alice on kvm1 \(process 811\) began at 2026-01-02 03:04 UTC: Revert web to s1/],
	['unknown', 6, /cannot be seen from here.*secret-undefine theirs/s],
	['gone', 3, /was interrupted.*which has ended.*secret-undefine theirs/s],
];

for (const [life, exitCode, words] of others) {
	test(`another's mark stops an action and its plan, and says who and when: its process is ${life}`, async t => {
		const given = scene();
		mark(given, life);
		const outcome = await underClaim(given.world, plan, {hasJournal: false}, refuse);
		const planned = await checkOthers(given.world, plan.action.domain);
		for (const failure of [outcome.kind === 'done' ? undefined : outcome.failure, planned.ok ? undefined : planned.failure]) {
			t.is(exitCodeOf(failure!), exitCode);
			t.regex(`${describeFailure(failure!).message}\n${describeFailure(failure!).hint}`, words);
		}

		t.is(given.marks.get(uuid)!.user, 'alice');
	});
}

test('a mark of a run that died before its first change, or whose own journal is over, stops nobody', async t => {
	for (const more of [{stage: 'checking' as const}, {statePath: createMemoryStore().workPath('')}]) {
		const given = scene();
		mark(given, 'gone', more);
		t.true((await checkOthers(given.world, plan.action.domain)).ok);
		t.deepEqual(await underClaim(given.world, plan, {hasJournal: false}, async () => ({kind: 'done'})), {kind: 'done'});
		t.is(given.marks.size, 0);
	}
});

test('a mark of a run at work stops others even before its first change, and a mark that cannot be read, too', async t => {
	const given = scene();
	mark(given, 'working', {stage: 'checking'});
	t.is((await underClaim(given.world, plan, {hasJournal: false}, refuse)).kind, 'rolled-back');
	given.world.host.claims!.take = async () => succeed({id: 'x', domainUuid: uuid, claim: undefined, life: 'unknown'});
	const outcome = await underClaim(given.world, plan, {hasJournal: false}, refuse);
	t.regex(describeFailure(outcome.kind === 'done' ? {kind: 'read-only'} : outcome.failure).message, /in a way that cannot be read/);
});

test('whoever gives up takes the mark away, and where there is none nothing happens', async t => {
	const given = scene();
	mark(given, 'gone');
	unwrap(await giveUpClaim(given.world, uuid));
	t.is(given.marks.size, 0);
	unwrap(await giveUpClaim(given.world, uuid));
});

test('where the host refuses the mark nothing is begun', async t => {
	const given = scene();
	given.world.host.claims!.take = async () => fail({kind: 'tool-failed', cause: {argv: ['virsh'], timedOut: false, stderr: 'error: access denied', durationMs: 1}});
	const outcome = await underClaim(given.world, plan, {hasJournal: false}, refuse);
	t.is(outcome.kind === 'rolled-back' ? outcome.failure.kind : undefined, 'tool-failed');
});

test('what is no mark of this program is none, whatever it is', t => {
	for (const text of ['', 'null', '[]', '{}', '{"planId":1}', '{', '{"planId":"x","domain":null}']) {
		t.is(parseClaim(text), undefined, text);
	}
});

test('of the secrets of a host only marks are read', t => {
	const domain = '6f7e0f5a-3c1d-4f0e-9a55-0d4b8f8f0001';
	const secret = '11111111-1111-4111-8111-111111111111';
	const text = ` ${secret}   tls vsnap-tui/${domain}\n 22222222-1111-4111-8111-111111111111   ceph client.admin\n 33333333-1111-4111-8111-111111111111   tls vsnap-tui/none\n 44444444-1111-4111-8111-111111111111   Unused\n`;
	t.deepEqual(parseClaimList(text), new Map([[domain, secret]]));
});
