/**
The private folder of this user: journals of actions under way, the audit log, and the locks of domains. Everything in it is 0600 or 0700, because
journals hold whole definitions, secrets included.

A lock is the kernel's own (flock) on an open file: it ends with the last process that holds the file, so nothing is ever stale. Commands that change
something inherit the file, so a command that outlives us keeps the domain locked until it is done.
*/
import {constants} from 'node:fs';
import {mkdir, open, readdir, readFile, rm, type FileHandle} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import type {AuditEntry, Journal, JournalRecord, Lock, StateStore, UnfinishedAction} from '../engine/ports.ts';
import {fail, succeed, type Result} from '../model/result.ts';

export type LockTaker = (fileDescriptor: number) => Promise<boolean>;

type StoreOptions = {
	folderPath: string;
	/** Takes the kernel's lock on an open file, without waiting; false where another process has it. */
	takeLock: LockTaker;
	/** Told of every file that commands have to inherit, and when no longer. */
	held: Set<number>;
};

const lockPollMs = 100;

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

/** Lines of JSON. A last line that a crash cut off is left out; a broken line in between is a failure. */
function parseLines<T>(text: string, what: string): Result<T[]> {
	const lines = text.split('\n').filter(line => line !== '');
	const entries: T[] = [];
	for (const [index, line] of lines.entries()) {
		try {
			entries.push(JSON.parse(line) as T);
		} catch (error) {
			if (index < lines.length - 1) {
				return fail({kind: 'unreadable', what, reason: `line ${index + 1}: ${reasonOf(error)}`});
			}
		}
	}

	return succeed(entries);
}

async function syncFolder(folderPath: string): Promise<void> {
	const folder = await open(folderPath, 'r');
	try {
		await folder.sync();
	} finally {
		await folder.close();
	}
}

async function appendLine(file: FileHandle, entry: unknown): Promise<void> {
	await file.appendFile(`${JSON.stringify(entry)}\n`);
	await file.sync();
}

export function createStateStore({folderPath, takeLock, held}: StoreOptions): StateStore {
	const journalFolder = path.join(folderPath, 'journal');
	const lockFolder = path.join(folderPath, 'lock');
	const auditPath = path.join(folderPath, 'audit.jsonl');
	const workPath = (planId: string) => path.join(folderPath, 'work', planId);
	const journalPath = (planId: string) => path.join(journalFolder, `${planId}.jsonl`);

	async function attempt<T>(work: () => Promise<T>): Promise<Result<T>> {
		try {
			return succeed(await work());
		} catch (error) {
			return fail({kind: 'state-folder', path: folderPath, reason: reasonOf(error)});
		}
	}

	async function makeFolders(...folders: string[]): Promise<void> {
		for (const folder of folders) {
			await mkdir(folder, {recursive: true, mode: 0o700});
		}
	}

	async function openForAppend(filePath: string): Promise<Journal> {
		const file = await open(filePath, constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW, 0o600);
		await file.sync();
		await syncFolder(path.dirname(filePath));
		return {
			append: async record => attempt(async () => {
				await appendLine(file, record);
				if (record.kind === 'finished') {
					await file.close();
				}
			}),
		};
	}

	async function readJournal(name: string): Promise<Result<UnfinishedAction | undefined>> {
		const text = await attempt(async () => readFile(path.join(journalFolder, name), 'utf8'));
		if (!text.ok) {
			return text;
		}

		const records = parseLines<JournalRecord>(text.value, `The journal ${path.join(journalFolder, name)}`);
		if (!records.ok) {
			return records;
		}

		const [first] = records.value;
		// Without its first line nothing was ever begun.
		return succeed(first?.kind === 'plan' && !records.value.some(record => record.kind === 'finished')
			? {plan: first.plan, records: records.value}
			: undefined);
	}

	async function takePatiently(fileDescriptor: number, patienceMs: number): Promise<boolean> {
		for (let leftMs = patienceMs; ; leftMs -= lockPollMs) {
			if (await takeLock(fileDescriptor)) {
				return true;
			}

			if (leftMs <= 0) {
				return false;
			}

			await setTimeout(lockPollMs);
		}
	}

	return {
		workPath,
		openJournal: async plan => attempt(async () => {
			await makeFolders(folderPath, journalFolder, workPath(plan.id));
			const journal = await openForAppend(journalPath(plan.id));
			const noted = await journal.append({at: plan.plannedAt, kind: 'plan', plan, pid: process.pid});
			if (!noted.ok) {
				throw new Error(noted.failure.kind === 'state-folder' ? noted.failure.reason : noted.failure.kind);
			}

			return journal;
		}),
		reopenJournal: async planId => attempt(async () => {
			await makeFolders(workPath(planId));
			return openForAppend(journalPath(planId));
		}),
		async readUnfinished() {
			const names = await attempt(async () => {
				await makeFolders(folderPath, journalFolder);
				return readdir(journalFolder);
			});
			if (!names.ok) {
				return names;
			}

			const found: UnfinishedAction[] = [];
			for (const name of names.value.filter(candidate => candidate.endsWith('.jsonl')).sort()) {
				const action = await readJournal(name);
				if (!action.ok) {
					return action;
				}

				if (action.value) {
					found.push(action.value);
				}
			}

			return succeed(found);
		},
		removeJournal: async planId => attempt(async () => {
			await rm(workPath(planId), {recursive: true, force: true});
			await rm(journalPath(planId), {force: true});
			await syncFolder(journalFolder);
		}),
		appendAudit: async entry => attempt(async () => {
			await makeFolders(folderPath);
			const file = await open(auditPath, 'a', 0o600);
			try {
				await appendLine(file, entry);
			} finally {
				await file.close();
			}
		}),
		async readAudit() {
			const text = await attempt(async () => readFile(auditPath, 'utf8').catch((error: unknown) => {
				if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
					return '';
				}

				throw error;
			}));
			return text.ok ? parseLines<AuditEntry>(text.value, `The audit log ${auditPath}`) : text;
		},
		async lockDomain(uuid, what, options) {
			const file = await attempt(async () => {
				await makeFolders(folderPath, lockFolder);

				return open(path.join(lockFolder, `${uuid}.lock`), constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
			});
			if (!file.ok) {
				return file;
			}

			if (!(await takePatiently(file.value.fd, options?.patienceMs ?? 0))) {
				const holder = await attempt(async () => file.value.readFile('utf8'));
				await file.value.close();
				return fail({kind: 'busy', what: 'The domain', holder: holder.ok && holder.value !== '' ? holder.value.trim() : undefined});
			}

			const written = await attempt(async () => {
				await file.value.truncate(0);
				await file.value.write(`process ${process.pid}: ${what}\n`, 0);
			});
			if (!written.ok) {
				await file.value.close();
				return written;
			}

			held.add(file.value.fd);
			return succeed<Lock>({
				async release() {
					held.delete(file.value.fd);
					await file.value.truncate(0).catch(() => undefined);
					await file.value.close();
				},
			});
		},
	};
}

/** `VSNAP_TUI_STATE`, else /var/lib/vsnap-tui for root, else vsnap-tui in the state folder of the user. */
export function stateFolder(environment: NodeJS.ProcessEnv, given: {uid: number; home: string}): string {
	return environment.VSNAP_TUI_STATE
		?? (given.uid === 0
			? '/var/lib/vsnap-tui'
			: path.join(environment.XDG_STATE_HOME ?? path.join(given.home, '.local', 'state'), 'vsnap-tui'));
}
