import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {
	appendFile, chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, utimes, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {JournalRecord, StateStore} from '../../../source/engine/ports.ts';
import {locksToInherit} from '../../../source/tools/state/domain-locks.ts';
import {createStateStore} from '../../../source/tools/state/state-store.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

type Scene = {folderPath: string; store: StateStore; held: Set<number>; journalPath: string};

async function scene(t: ExecutionContext): Promise<Scene> {
	const folderPath = await mkdtemp(path.join(os.tmpdir(), 'vsnap-state-'));
	t.teardown(async () => rm(folderPath, {recursive: true, force: true}));
	const held = new Set<number>();
	return {folderPath, held, store: createStateStore({folderPath, held}), journalPath: path.join(folderPath, 'journal', 'p1.jsonl')};
}

function planFor({store}: Scene) {
	return unwrap(planRevert(
		{kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'keep', name: 'k'}, endState: undefined},
		threeSnapshots(),
		{id: 'p1', now, workPath: store.workPath('p1')},
	));
}

const begun: JournalRecord = {at: '', kind: 'begin', step: 'sync'};

test('a journal is private, whole, and read back as it was written', async t => {
	const given = await scene(t);
	const plan = planFor(given);
	const journal = unwrap(await given.store.openJournal(plan));
	unwrap(await journal.append(begun));
	const [action] = unwrap(await given.store.readUnfinished());
	t.is(JSON.stringify(action!.plan), JSON.stringify(plan));
	t.deepEqual(action!.records.at(-1), begun);
	t.is((await stat(given.journalPath)).mode % 0o1000, 0o600);
	for (const name of await readdir(given.store.workPath('p1'))) {
		t.is((await stat(path.join(given.store.workPath('p1'), name))).mode % 0o1000, 0o600, name);
	}
});

test('all that commands and their undos read is on disk before the first step', async t => {
	const given = await scene(t);
	const plan = planFor(given);
	unwrap(await given.store.openJournal(plan));
	const files = plan.steps.flatMap(step => [step.command, ...(step.undo ?? [])]).flatMap(command => command.files);
	t.true(files.length > 3);
	for (const file of files) {
		t.is(await readFile(file.path, 'utf8'), file.text);
	}
});

test('a line that a crash cut off is left out, and the next line does not grow on it', async t => {
	const given = await scene(t);
	unwrap(await given.store.openJournal(planFor(given)));
	await appendFile(given.journalPath, '{"at":"","kind":"begin","st');
	t.is(unwrap(await given.store.readUnfinished())[0]!.records.length, 1);
	const journal = unwrap(await given.store.reopenJournal('p1'));
	unwrap(await journal.append(begun));
	unwrap(await journal.append(begun));
	t.deepEqual(unwrap(await given.store.readUnfinished())[0]!.records.slice(1), [begun, begun]);
});

test('a journal that has gone is not begun anew by a recovery', async t => {
	const given = await scene(t);
	const result = await given.store.reopenJournal('p1');
	t.is(result.ok ? undefined : result.failure.kind, 'state-folder');
});

test('what ended is removed with its secrets, and so is what was never begun', async t => {
	const given = await scene(t);
	const journal = unwrap(await given.store.openJournal(planFor(given)));
	unwrap(await journal.append({at: '', kind: 'finished', outcome: 'done'}));
	t.deepEqual(unwrap(await given.store.readUnfinished()), []);
	t.deepEqual(await readdir(path.join(given.folderPath, 'files')), []);
	const beginning = path.join(given.folderPath, 'journal', '.p2.jsonl.new');
	await writeFile(beginning, '{"at":"","kind":"plan","plan":{"definition');
	unwrap(await given.store.readUnfinished());
	t.deepEqual(await readdir(path.join(given.folderPath, 'journal')), ['.p2.jsonl.new'], 'it may be being written');
	await utimes(beginning, 1, 1);
	unwrap(await given.store.readUnfinished());
	t.deepEqual(await readdir(path.join(given.folderPath, 'journal')), []);
	t.deepEqual(unwrap(await given.store.readJournalTroubles()), []);
});

test('a journal is there with its whole first line or not at all, however small the room', async t => {
	const given = await scene(t);
	const plan = planFor(given);
	await mkdir(path.join(given.folderPath, 'journal'), {recursive: true, mode: 0o700});
	await mkdir(path.join(given.folderPath, 'journal', 'p1.jsonl'));
	const opened = await given.store.openJournal(plan);
	t.false(opened.ok, 'it never replaces what stands under its name');
	t.deepEqual(await readdir(path.join(given.folderPath, 'files')), []);
});

async function damage(given: Scene, change: (lines: string[]) => string): Promise<void> {
	const text = await readFile(given.journalPath, 'utf8');
	await writeFile(given.journalPath, change(text.split('\n').slice(0, -1)));
}

async function openWith(given: Scene, records: JournalRecord[]): Promise<void> {
	const journal = unwrap(await given.store.openJournal(planFor(given)));
	for (const record of records) {
		unwrap(await journal.append(record));
	}
}

const ended: JournalRecord = {at: '', kind: 'done', step: 'sync'};

const damages: Array<[string, (lines: string[]) => string]> = [
	['one byte of a middle line', ([first, middle, ...rest]) => `${[first, middle!.replace('sync', 'synd'), ...rest].join('\n')}\n`],
	['a middle line that is missing', ([first, , ...rest]) => `${[first, ...rest].join('\n')}\n`],
	['two lines that were exchanged', ([first, a, b, ...rest]) => `${[first, b, a, ...rest].join('\n')}\n`],
	['a line without its checksum', ([first, , ...rest]) => `${[first, JSON.stringify(begun), ...rest].join('\n')}\n`],
	['an empty line', ([first, ...rest]) => `${[first, '', ...rest].join('\n')}\n`],
	['zeros for a line', ([first, middle, ...rest]) => `${[first, middle!.replaceAll(/./g, '\0'), ...rest].join('\n')}\n`],
	['a whole last line that is damaged', lines => `${lines.join('\n').replace(/"done"(?=[^\n]*$)/, '"gone"')}\n`],
];

for (const [what, change] of damages) {
	test(`${what} is known as damage: the plan is there, and its records are no proof`, async t => {
		const given = await scene(t);
		await openWith(given, [begun, ended]);
		await damage(given, change);
		const [action] = unwrap(await given.store.readUnfinished());
		t.is(action!.plan.id, 'p1');
		t.regex(action!.damage!, /^lines? [\d, ]+ of .*p1\.jsonl cannot be read$/);
		t.is(unwrap(await given.store.readUnfinishedPlan('p1'))!.damage, action!.damage);
	});
}

test('only the end of the last line may be missing: that is what a crash does', async t => {
	const given = await scene(t);
	await openWith(given, [begun, ended]);
	const whole = await readFile(given.journalPath, 'utf8');
	const lastStart = whole.trimEnd().lastIndexOf('\n') + 1;
	for (let length = lastStart; length < whole.length; length += 7) {
		await writeFile(given.journalPath, whole.slice(0, length));
		const [action] = unwrap(await given.store.readUnfinished());
		t.is(action!.damage, undefined, String(length));
		t.is(action!.records.length, 2);
	}

	await writeFile(given.journalPath, whole.trimEnd());
	t.is(unwrap(await given.store.readUnfinished())[0]!.records.length, 3, 'a whole line that lacks but its end counts');
	const journal = unwrap(await given.store.reopenJournal('p1'));
	unwrap(await journal.append(begun));
	const [action] = unwrap(await given.store.readUnfinished());
	t.is(action!.damage, undefined);
	t.is(action!.records.length, 4);
});

test('a journal without checksums, as earlier versions wrote it, is read and gone on with', async t => {
	const given = await scene(t);
	const plan = planFor(given);
	await openWith(given, []);
	const first = {at: plan.plannedAt, kind: 'plan', plan, pid: 1};
	const old = [first, begun, ended].map(record => JSON.stringify(record));
	await writeFile(given.journalPath, `${old.join('\n')}\n`);
	const journal = unwrap(await given.store.reopenJournal('p1'));
	unwrap(await journal.append({at: '', kind: 'rolling-back'}));
	const [action] = unwrap(await given.store.readUnfinished());
	t.is(action!.damage, undefined);
	t.deepEqual(action!.records.slice(1), [begun, ended, {at: '', kind: 'rolling-back'}]);
	await writeFile(given.journalPath, `${old[0]}\n{"at":"","ki\n${old[2]}\n`);
	t.truthy(unwrap(await given.store.readUnfinished())[0]!.damage);
});

const unreadablePlans: Array<[string, (text: string) => string, RegExp]> = [
	['is empty', () => '', /^it is empty$/],
	['was cut off in its first line', text => text.slice(0, 900), /cut off/],
	['has a damaged first line', text => text.replace('"version":2', '"version":4'), /first line is damaged/],
	['holds null', () => 'null\n', /holds no plan/],
	['holds a plan without parts', () => '{"kind":"plan"}\n', /holds no plan/],
	['holds half a plan', () => `${JSON.stringify({kind: 'plan', plan: {version: 2, id: 'p1'}})}\n`, /plan\.plannedAt is missing/],
	['lacks its first line', text => text.slice(text.indexOf('\n') + 1), /first line is damaged/],
];

for (const [what, change, reason] of unreadablePlans) {
	test(`a journal that ${what} is moved aside, kept, and told`, async t => {
		const given = await scene(t);
		await openWith(given, [begun]);
		const left = change(await readFile(given.journalPath, 'utf8'));
		await writeFile(given.journalPath, left);
		await utimes(given.journalPath, 1, 1);
		t.deepEqual(unwrap(await given.store.readUnfinished()), []);
		for (let turn = 0; turn < 2; turn++) {
			const [trouble, ...more] = unwrap(await given.store.readJournalTroubles());
			t.deepEqual(more, []);
			t.is(trouble!.kind, 'moved-aside');
			t.regex(trouble!.reason, reason);
			t.is(await readFile(trouble!.path, 'utf8'), left);
			t.is((await stat(trouble!.path)).mode % 0o1000, 0o600);
			t.deepEqual(trouble!.domain, left.includes('"domain"') ? {uuid, name: 'web'} : undefined);
		}

		t.deepEqual(await readdir(path.join(given.folderPath, 'journal')), []);
		t.true((await readdir(given.store.workPath('p1'))).length > 0, 'what its commands read is kept, too');
	});
}

test('what else is in the folder is named, stays, and concerns nothing else', async t => {
	const given = await scene(t);
	await openWith(given, [begun]);
	const folder = path.join(given.folderPath, 'journal');
	await mkdir(path.join(folder, 'a.jsonl'));
	await writeFile(path.join(folder, 'notes.txt'), 'x');
	await symlink(given.journalPath, path.join(folder, 'link.jsonl'));
	await cp(given.journalPath, path.join(folder, 'copy.jsonl'));
	spawnSync('mkfifo', [path.join(folder, 'pipe.jsonl')]);
	const later = (await readFile(given.journalPath, 'utf8')).split('\n')[0]!.replace(/,"n":0.*$/, '}').replace('"version":2', '"version":3');
	await writeFile(path.join(folder, 'later.jsonl'), `${later}\n`);
	const names = (await readdir(folder)).sort();
	t.is(unwrap(await given.store.readUnfinished()).length, 1);
	const troubles = unwrap(await given.store.readJournalTroubles());
	t.deepEqual(troubles.map(trouble => [path.basename(trouble.path), trouble.kind, trouble.reason]), [
		['a.jsonl', 'not-a-journal', 'it is a folder'],
		['copy.jsonl', 'not-a-journal', 'it is the journal of an action of another name'],
		['later.jsonl', 'later-version', 'it was written by a later version of vsnap-tui (plan version 3)'],
		['link.jsonl', 'not-a-journal', 'it is a link'],
		['notes.txt', 'not-a-journal', 'it is not named like a journal'],
		['pipe.jsonl', 'not-a-journal', 'it is not a regular file'],
	]);
	t.deepEqual(troubles[2]!.domain, {uuid, name: 'web'});
	t.deepEqual((await readdir(folder)).sort(), names);
});

test('a journal is read once, and again only when it has changed', async t => {
	const given = await scene(t);
	await openWith(given, [begun]);
	const [first] = unwrap(await given.store.readUnfinished());
	t.is(unwrap(await given.store.readUnfinished())[0], first);
	t.is(unwrap(await given.store.readUnfinishedPlan('p1')), first);
	await unwrap(await given.store.reopenJournal('p1')).append(ended);
	t.is(unwrap(await given.store.readUnfinished())[0]!.records.length, 3);
});

test('a folder that others may write to is not used, whenever it became one', async t => {
	const given = await scene(t);
	await openWith(given, []);
	await chmod(path.join(given.folderPath, 'journal'), 0o777);
	const result = await given.store.readUnfinished();
	t.is(result.ok ? undefined : result.failure.kind, 'state-folder-unsafe');
});

test('a lock holds against everybody, also as long as a command that inherited it runs', async t => {
	const given = await scene(t);
	const lock = unwrap(await given.store.lockDomain(uuid, 'a revert'));
	t.true(await given.store.isDomainLocked(uuid));
	const refused = await given.store.lockDomain(uuid, 'another');
	t.like(refused, {ok: false, failure: {kind: 'busy', holder: `process ${process.pid}: a revert`}});
	const child = spawn('cat', {stdio: ['pipe', 'ignore', 'ignore', ...given.held]});
	await lock.release();
	t.true(await given.store.isDomainLocked(uuid));
	child.stdin!.end();
	await once(child, 'exit');
	t.false(await given.store.isDomainLocked(uuid));
	await unwrap(await given.store.lockDomain(uuid, 'a third')).release();
});

test('a command holds the lock of its own action alone', async t => {
	const given = await scene(t);
	const [one, other] = [uuid, uuid.replace(/^./, '9')] as const;
	const locks = [unwrap(await given.store.lockDomain(one, 'a merge')), unwrap(await given.store.lockDomain(other, 'a revert'))] as const;
	const begin = () => spawn('cat', {stdio: ['pipe', 'ignore', 'ignore', ...locksToInherit(given.held)]});
	const child = await locks[0].during(async () => {
		await new Promise(setImmediate);
		return begin();
	});
	for (const lock of locks) {
		await lock.release();
	}

	t.true(await given.store.isDomainLocked(one));
	t.false(await given.store.isDomainLocked(other));
	child.stdin!.end();
	await once(child, 'exit');
	t.false(await given.store.isDomainLocked(one));
});

test('whoever waits for a lock gets it when it is free', async t => {
	const given = await scene(t);
	const lock = unwrap(await given.store.lockDomain(uuid, 'a revert'));
	const waiting = given.store.lockDomain(uuid, 'a recovery', {lockTimeoutMs: 20_000});
	await lock.release();
	const second = unwrap(await waiting);
	t.true(await given.store.isDomainLocked(uuid));
	await second.release();
});

const entry = {at: 'x', user: 'root', from: undefined, uri: 'u', domain: {uuid, name: 'web'}, action: 'a', outcome: 'done', detail: undefined, durationMs: 1} as const;

test('the audit log is appended to and private', async t => {
	const given = await scene(t);
	unwrap(await given.store.appendAudit(entry));
	unwrap(await given.store.appendAudit(entry));
	t.is(unwrap(await given.store.readAudit()).entries.length, 2);
	t.is((await stat(path.join(given.folderPath, 'audit.jsonl'))).mode % 0o1000, 0o600);
});

test('lines of the audit log that cannot be read hide no other, are counted, and stay', async t => {
	const given = await scene(t);
	const auditPath = path.join(given.folderPath, 'audit.jsonl');
	unwrap(await given.store.appendAudit(entry));
	await appendFile(auditPath, 'null\n{"at":1}\n[]\n{"at":"x","user":"root","uri":"u","action":"a","outcome":"done","domain":null}\n{"at":"2026-');
	unwrap(await given.store.appendAudit(entry));
	t.like(unwrap(await given.store.readAudit()), {damagedLines: 5});
	t.is(unwrap(await given.store.readAudit()).entries.length, 2);
	t.regex(await readFile(auditPath, 'utf8'), /^{"at":"2026-$/m);
});

test('an audit log that cannot be written to is a failure', async t => {
	const given = await scene(t);
	await mkdir(path.join(given.folderPath, 'audit.jsonl'));
	const result = await given.store.appendAudit(entry);
	t.is(result.ok ? undefined : result.failure.kind, 'state-folder');
});

const ran = {at: '2026-11-28T09:00:00.000Z', command: 'rm /a', exitCode: 0, isFailed: false, durationMs: 3, output: ''};

test('what ran for an action is kept apart from that of others, private, the last one at the end', async t => {
	const given = await scene(t);
	t.deepEqual(unwrap(await given.store.readCommands('p1')), []);
	unwrap(await given.store.appendCommand('p1', ran));
	unwrap(await given.store.appendCommand('p2', {...ran, command: 'rm /b'}));
	unwrap(await given.store.appendCommand('p1', {...ran, command: 'rm /c'}));
	t.deepEqual(unwrap(await given.store.readCommands('p1')).map(({command}) => command), ['rm /a', 'rm /c']);
	t.is((await stat(path.join(given.folderPath, 'commands', 'p1.jsonl'))).mode % 0o1000, 0o600);
	// A line that a crash cut off stays alone.
	await appendFile(path.join(given.folderPath, 'commands', 'p1.jsonl'), '{"at":"2026-');
	unwrap(await given.store.appendCommand('p1', {...ran, command: 'rm /d'}));
	t.deepEqual(unwrap(await given.store.readCommands('p1')).map(({command}) => command), ['rm /a', 'rm /c', 'rm /d']);
	t.deepEqual(unwrap(await given.store.readCommands('../audit')), []);
});

test('what ran for the oldest actions goes when there are more than 500', async t => {
	const given = await scene(t);
	const folder = path.join(given.folderPath, 'commands');
	unwrap(await given.store.appendCommand('20260101-a', ran));
	await Promise.all(Array.from({length: 499}, async (_, index) => appendFile(path.join(folder, `20260201-${String(index).padStart(3, '0')}.jsonl`), '')));
	unwrap(await given.store.appendCommand('20260301-a', ran));
	unwrap(await given.store.appendCommand('20260301-a', ran));
	t.deepEqual(unwrap(await given.store.readCommands('20260101-a')), []);
	t.is(unwrap(await given.store.readCommands('20260301-a')).length, 2);
	t.is((await readdir(folder)).length, 500);
});
