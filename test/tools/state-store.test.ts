import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
	appendFile, mkdtemp, readdir, readFile, rm, stat, utimes,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {planRevert} from '../../source/engine/plan/revert.ts';
import type {JournalRecord, StateStore} from '../../source/engine/ports.ts';
import {takeKernelLock} from '../../source/tools/lock.ts';
import {createStateStore} from '../../source/tools/state-store.ts';
import {must, now, threeSnapshots, uuid} from '../helpers/inventory.ts';

type Scene = {folderPath: string; store: StateStore; held: Set<number>; journalPath: string};

async function scene(t: ExecutionContext): Promise<Scene> {
	const folderPath = await mkdtemp(path.join(os.tmpdir(), 'vsnap-state-'));
	t.teardown(async () => rm(folderPath, {recursive: true, force: true}));
	const held = new Set<number>();
	return {folderPath, held, store: createStateStore({folderPath, takeLock: takeKernelLock, held}), journalPath: path.join(folderPath, 'journal', 'p1.jsonl')};
}

function planFor({store}: Scene) {
	return must(planRevert(
		{kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', fate: {kind: 'keep', name: 'k'}, endState: undefined},
		threeSnapshots(),
		{id: 'p1', now, workPath: store.workPath('p1')},
	));
}

const begun: JournalRecord = {at: '', kind: 'begin', step: 'sync'};

test('a journal is private, whole, and read back as it was written', async t => {
	const given = await scene(t);
	const plan = planFor(given);
	const journal = must(await given.store.openJournal(plan));
	must(await journal.append(begun));
	const [action] = must(await given.store.readUnfinished());
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
	must(await given.store.openJournal(plan));
	const files = plan.steps.flatMap(step => [step.command, ...(step.undo ?? [])]).flatMap(command => command.files);
	t.true(files.length > 3);
	for (const file of files) {
		t.is(await readFile(file.path, 'utf8'), file.text);
	}
});

test('a line that a crash cut off is left out, and the next line does not grow on it', async t => {
	const given = await scene(t);
	must(await given.store.openJournal(planFor(given)));
	await appendFile(given.journalPath, '{"at":"","kind":"begin","st');
	t.is(must(await given.store.readUnfinished())[0]!.records.length, 1);
	const journal = must(await given.store.reopenJournal('p1'));
	must(await journal.append(begun));
	must(await journal.append(begun));
	t.deepEqual(must(await given.store.readUnfinished())[0]!.records.slice(1), [begun, begun]);
});

test('a journal that has gone is not begun anew by a recovery', async t => {
	const given = await scene(t);
	const result = await given.store.reopenJournal('p1');
	t.is(result.ok ? undefined : result.failure.kind, 'state-folder');
});

test('what ended, and what was never whole, is removed with its secrets', async t => {
	const given = await scene(t);
	const journal = must(await given.store.openJournal(planFor(given)));
	must(await journal.append({at: '', kind: 'finished', outcome: 'done'}));
	t.deepEqual(must(await given.store.readUnfinished()), []);
	t.deepEqual(await readdir(path.join(given.folderPath, 'files')), []);
	await appendFile(given.journalPath, '{"at":"","kind":"plan","plan":{"definition');
	must(await given.store.readUnfinished());
	t.deepEqual(await readdir(path.join(given.folderPath, 'journal')), ['p1.jsonl'], 'it may be being written');
	await utimes(given.journalPath, 1, 1);
	must(await given.store.readUnfinished());
	t.deepEqual(await readdir(path.join(given.folderPath, 'journal')), []);
});

test('a lock holds against everybody, also as long as a command that inherited it runs', async t => {
	const given = await scene(t);
	const lock = must(await given.store.lockDomain(uuid, 'a revert'));
	t.true(await given.store.isDomainLocked(uuid));
	const refused = await given.store.lockDomain(uuid, 'another');
	t.like(refused, {ok: false, failure: {kind: 'busy', holder: `process ${process.pid}: a revert`}});
	const child = spawn('cat', {stdio: ['pipe', 'ignore', 'ignore', ...given.held]});
	await lock.release();
	t.true(await given.store.isDomainLocked(uuid));
	child.stdin!.end();
	await once(child, 'exit');
	t.false(await given.store.isDomainLocked(uuid));
	await must(await given.store.lockDomain(uuid, 'a third')).release();
});

test('whoever waits for a lock gets it when it is free', async t => {
	const given = await scene(t);
	const lock = must(await given.store.lockDomain(uuid, 'a revert'));
	const waiting = given.store.lockDomain(uuid, 'a recovery', {patienceMs: 20_000});
	await lock.release();
	const second = must(await waiting);
	t.true(await given.store.isDomainLocked(uuid));
	await second.release();
});

test('the audit log is appended to and private', async t => {
	const given = await scene(t);
	const entry = {at: 'x', user: 'root', from: undefined, uri: 'u', domain: {uuid, name: 'web'}, action: 'a', outcome: 'done', detail: undefined, durationMs: 1} as const;
	must(await given.store.appendAudit(entry));
	must(await given.store.appendAudit(entry));
	t.is(must(await given.store.readAudit()).length, 2);
	t.is((await stat(path.join(given.folderPath, 'audit.jsonl'))).mode % 0o1000, 0o600);
});
