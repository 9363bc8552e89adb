/**
The private folder of this user: journals of actions under way, the audit log, and the locks of domains. Everything in it is 0600 or 0700, because
journals hold whole definitions, secrets included.

A lock is the kernel's own (flock) on an open file: it ends with the last process that holds the file, so nothing is ever stale. Commands that change
something inherit the file, so a command that outlives us keeps the domain locked until it is done.
*/
import {constants} from 'node:fs';
import {
	mkdir, open, readdir, readFile, rm, stat,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import type {AuditEntry, Journal, JournalRecord, Lock, StateStore, UnfinishedAction} from '../engine/ports.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {
	appendLine, cutTornLine, parseLines, syncFolder, usingFile, writePrivately,
} from './private-files.ts';

export type LockTaker = (fileDescriptor: number) => Promise<boolean>;

type StoreOptions = {
	folderPath: string;
	/** Takes the kernel's lock on an open file, without waiting; false where another process has it. */
	takeLock: LockTaker;
	/** Told of every file that commands have to inherit, and when no longer. */
	held: Set<number>;
};

const lockPollMs = 100;
/** How long the first line of a journal may take. */
const beginningMs = 60_000;

function reasonOf(error: unknown): string {
	return error instanceof Error ? error.message : String(error);
}

export function createStateStore({folderPath, takeLock, held}: StoreOptions): StateStore {
	const journalFolder = path.join(folderPath, 'journal');
	const lockFolder = path.join(folderPath, 'lock');
	const auditPath = path.join(folderPath, 'audit.jsonl');
	const workPath = (planId: string) => path.join(folderPath, 'files', planId);
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

	/** Opened for each record, so that nothing stays open however an action ends. Never makes a journal that is not there. */
	function journalAt(filePath: string): Journal {
		return {
			append: async record => attempt(async () => {
				await usingFile(filePath, constants.O_APPEND | constants.O_WRONLY, async file => appendLine(file, record));
			}),
		};
	}

	/** Removes what secrets may stand in: the XML files first, then the journal. */
	async function forget(planId: string): Promise<void> {
		await rm(workPath(planId), {recursive: true, force: true});
		await rm(journalPath(planId), {force: true});
		await syncFolder(journalFolder);
	}

	/**
	Undefined: nothing is unfinished. A journal that ended, or without a whole first line, belongs to nothing that was begun; it holds secrets and is
	removed, unless somebody may be writing that first line now.
	*/
	async function readJournal(name: string): Promise<UnfinishedAction | undefined> {
		const filePath = path.join(journalFolder, name);
		const records = parseLines<JournalRecord>(await readFile(filePath, 'utf8'));
		const [first] = records;
		const isOver = records.some(record => record.kind === 'finished');
		if (first?.kind === 'plan' && !isOver) {
			return {plan: first.plan, records};
		}

		const {mtimeMs} = await stat(filePath);
		if (isOver || Date.now() - mtimeMs > beginningMs) {
			await forget(name.slice(0, -'.jsonl'.length));
		}

		return undefined;
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
			// Everything that a command or its undo reads is on disk before the first of them: the way back must not need room.
			const commands = plan.steps.flatMap(step => [step.command, ...(step.undo ?? [])]);
			await writePrivately(commands.flatMap(command => command.files)).catch(async (error: unknown) => {
				await forget(plan.id);
				throw error;
			});
			await usingFile(journalPath(plan.id), constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, async file => file.sync());
			await syncFolder(journalFolder);
			const journal = journalAt(journalPath(plan.id));
			const noted = await journal.append({at: plan.plannedAt, kind: 'plan', plan, pid: process.pid});
			if (!noted.ok) {
				await forget(plan.id);
				throw new Error(noted.failure.kind === 'state-folder' ? noted.failure.reason : noted.failure.kind);
			}

			return journal;
		}),
		reopenJournal: async planId => attempt(async () => {
			await makeFolders(workPath(planId));
			await cutTornLine(journalPath(planId));
			return journalAt(journalPath(planId));
		}),
		readUnfinished: async () => attempt(async () => {
			await makeFolders(folderPath, journalFolder);
			const found: UnfinishedAction[] = [];
			for (const name of (await readdir(journalFolder)).filter(candidate => candidate.endsWith('.jsonl')).sort()) {
				// Its own run may end it, and remove it, while we look.
				const action = await readJournal(name).catch((error: unknown) => {
					if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
						throw error;
					}
				});
				if (action) {
					found.push(action);
				}
			}

			return found;
		}),
		async isDomainLocked(uuid) {
			const file = await attempt(async () => open(path.join(lockFolder, `${uuid}.lock`), constants.O_RDWR | constants.O_NOFOLLOW));
			if (!file.ok) {
				return false;
			}

			const isFree = await takeLock(file.value.fd);
			await file.value.close();
			return !isFree;
		},
		removeJournal: async planId => attempt(async () => forget(planId)),
		appendAudit: async entry => attempt(async () => {
			await makeFolders(folderPath);
			await usingFile(auditPath, constants.O_APPEND | constants.O_CREAT | constants.O_RDWR, async file => {
				await cutTornLine(auditPath);
				await appendLine(file, entry);
			});
		}),
		async readAudit() {
			const text = await attempt(async () => readFile(auditPath, 'utf8').catch((error: unknown) => {
				if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
					return '';
				}

				throw error;
			}));
			return text.ok ? succeed(parseLines<AuditEntry>(text.value)) : text;
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
