/** What is listed as done, how it is undone, and what ran for it: on the demo host, the newest first. */
import test from 'ava';
import type {CommandContext} from '../../source/commands/context.ts';
import {actOnDomain, type ActOptions} from '../../source/commands/act.ts';
import {showLog, showRan} from '../../source/commands/log.ts';
import {findUndo, listUndo} from '../../source/commands/undo.ts';
import {commandContext, demoNow, openDemo, type Demo} from '../helpers/demo.ts';
import {unwrap} from '../helpers/unwrap.ts';

type Scene = {demo: Demo; context: CommandContext; said: {out: string; error: string}; act: (given: ActOptions['given']) => Promise<void>};

/** Plans are called p1, p2 … in their order. */
function scene(isJson = false): Scene {
	const demo = openDemo();
	const {context, said} = commandContext(demo.host, {isJson});
	let number = 1;
	context.planning.nextId = () => `p${number++}`;
	return {
		demo, context, said,
		async act(given) {
			const exitCode = await actOnDomain(context, {domain: 'web', given, mode: 'run'});
			if (exitCode !== 0) {
				throw new Error(said.error);
			}

			said.out = '';
		},
	};
}

const keep = (name: string) => ({kind: 'keep', name} as const);
const revert = {kind: 'revert', snapshot: 's1', currentState: keep('k1'), endState: 'shutoff'} as const;

test('each action is listed with what undoes it, or why nothing does', async t => {
	const given = scene();
	await given.act({kind: 'merge', snapshot: 's3'});
	await given.act({kind: 'rename', snapshot: 'hotfix', name: 'fix'});
	await given.act(revert);
	t.is(await listUndo(given.context), 0);
	const rows = given.said.out.trim().split('\n').map(line => line.split(/ {2,}/));
	t.deepEqual(rows.map(([id, , domain, , undo]) => [id, domain, undo]), [
		['ID', 'DOMAIN', 'UNDO'],
		['p3', 'web', 'revert to "k1"'],
		['p2', 'web', 'rename it back to "hotfix"'],
		['p1', 'web', 'not possible: the images are merged'],
	]);
});

test('the last action of a domain is undone by its name, each by its ID or the beginning of it', async t => {
	const given = scene();
	await given.act(revert);
	await given.act({kind: 'rename', snapshot: 'hotfix', name: 'fix'});
	const {uuid} = given.demo.named('web');
	t.deepEqual(unwrap(await findUndo(given.context, 'web')), {domain: uuid, given: {kind: 'rename', snapshot: 'fix', name: 'hotfix'}});
	t.deepEqual(unwrap(await findUndo(given.context, 'p1')), {domain: uuid, given: {kind: 'revert', snapshot: 'k1'}});
	t.like(await findUndo(given.context, 'p'), {ok: false, failure: {kind: 'usage', message: '2 actions begin with "p".'}});
	t.like(await findUndo(given.context, 'mail'), {ok: false, failure: {kind: 'usage'}});
});

test('what cannot be undone is refused with the reason', async t => {
	const given = scene();
	await given.act({...revert, currentState: {kind: 'discard'}});
	t.like(await findUndo(given.context, 'web'), {ok: false, failure: {kind: 'refused', blockers: [{text: '"Revert web to s1" cannot be undone: the state before is discarded.'}]}});
});

test('what the action made must still be there, and be the same', async t => {
	const given = scene(true);
	await given.act(revert);
	const undo = async () => {
		given.said.out = '';
		await listUndo(given.context);
		return (JSON.parse(given.said.out) as Array<{undo: unknown}>).at(-1)!.undo;
	};

	t.deepEqual(await undo(), {possible: true, by: 'revert to "k1"'});
	await given.act({kind: 'rename', snapshot: 'k1', name: 'k2'});
	t.deepEqual(await undo(), {possible: false, by: 'revert to "k1"', reason: '"k1" is gone'});
	// Somebody gives the name to a snapshot of last week.
	await given.act({kind: 'rename', snapshot: 'after-upgrade', name: 'k1'});
	t.deepEqual(await undo(), {possible: false, by: 'revert to "k1"', reason: 'another one is called "k1" now, made 2026-11-15 06:00 UTC'});
});

test('undone and the undo undone, the domain is at the disks that it was at', async t => {
	const given = scene();
	const headsOf = async () => unwrap(await given.demo.host.readDetails(given.demo.named('web').uuid, {withForeignPins: false})).domain.definition.disks.map(({sourcePath}) => sourcePath);
	const before = unwrap(await given.demo.host.readDetails(given.demo.named('web').uuid, {withForeignPins: false}));
	await given.act(revert);
	const undo = async () => given.act(unwrap(await findUndo(given.context, 'web')).given);
	const reverted = await headsOf();
	await undo();
	const back = unwrap(await given.demo.host.readDetails(given.demo.named('web').uuid, {withForeignPins: false}));
	t.is(back.currentSnapshot, 'k1');
	t.notDeepEqual(await headsOf(), reverted);
	await undo();
	const again = unwrap(await given.demo.host.readDetails(given.demo.named('web').uuid, {withForeignPins: false}));
	t.regex(again.currentSnapshot!, /^kept-/);
	t.is(again.snapshots.length, before.snapshots.length + 3);
});

test('an action has its ID in the log, and by it every command that ran, with how it ended', async t => {
	const given = scene();
	await given.act({kind: 'rename', snapshot: 'hotfix', name: 'fix'});
	t.is(await showLog(given.context), 0);
	t.regex(given.said.out, /^ID +WHEN \(UTC\).*\np1 +/);
	given.said.out = '';
	t.is(await showRan(given.context, 'p1'), 0);
	const [title, ...lines] = given.said.out.trim().split('\n');
	t.regex(title!, /^web: rename "hotfix"/);
	t.true(lines.length >= 2);
	t.deepEqual(lines.filter(line => !/^ {4}|^12:00:00 {2}exit 0 {2}\d+ ms {2}\S/.test(line)), []);
	t.true(lines.some(line => line.includes('virsh') && line.includes('fix')));
	t.is(await showRan(given.context, 'p7'), 2);
});

test('what is kept of a command is JSON for programs, with its time in UTC', async t => {
	const given = scene(true);
	await given.act({kind: 'rename', snapshot: 'hotfix', name: 'fix'});
	await showRan(given.context, 'p1');
	const [first] = JSON.parse(given.said.out) as Array<Record<string, unknown>>;
	t.like(first, {at: demoNow.toISOString(), exitCode: 0, isFailed: false, output: ''});
});
