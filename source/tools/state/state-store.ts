/**
The private folder of this user: journals of actions under way, the audit log, and the locks of domains. Everything in it is 0600 or 0700, because
journals hold whole definitions, secrets included.

A lock is the kernel's own (flock) on an open file: it ends with the last process that holds the file, so nothing is ever stale. Commands that change
something inherit the file, so a command that outlives us keeps the domain locked until it is done.
*/
import {constants} from 'node:fs';
import {
	mkdir, open, rename, rm,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import type {Journal, JournalRecord, Lock, StateStore} from '../../engine/ports.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {
	appendWholly, cutTornLine, endsInMidLine, syncFolder, usingFile, writePrivately,
} from '../run/private-files.ts';
import {appendAuditLog, readAuditLog} from './audit-log.ts';
import {createJournalFolder, journalSuffix} from './journal-folder.ts';
import {formatJournalLine, isWholeLine} from './journal-lines.ts';
import {checkStateFolder} from './state-folder.ts';

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

export function createStateStore({folderPath, takeLock, held}: StoreOptions): StateStore {
	const journalFolder = path.join(folderPath, 'journal');
	const lockFolder = path.join(folderPath, 'lock');
	const archiveFolder = path.join(folderPath, 'given-up');
	const auditPath = path.join(folderPath, 'audit.jsonl');
	const workPath = (planId: string) => path.join(folderPath, 'files', planId);
	const journalPath = (planId: string) => path.join(journalFolder, `${planId}${journalSuffix}`);

	async function attempt<T>(work: () => Promise<T>): Promise<Result<T>> {
		try {
			return succeed(await work());
		} catch (error) {
			return fail({kind: 'state-folder', path: folderPath, reason: reasonOf(error)});
		}
	}

	/** The same, where the folder and these in it are there, or can be made, and are safe. */
	async function attemptIn<T>(folders: readonly string[], work: () => Promise<T>): Promise<Result<T>> {
		for (const folder of [folderPath, ...folders]) {
			const made = await attempt(async () => mkdir(folder, {recursive: true, mode: 0o700}));
			const checked = made.ok ? await checkStateFolder(folder, process.getuid!()) : made;
			if (!checked.ok) {
				return checked;
			}
		}

		return attempt(work);
	}

	/**
	Opened for each record, so that nothing stays open however an action ends. Never makes a journal that is not there. `lines`: how many it has.
	*/
	function journalAt(filePath: string, lines: number): Journal {
		let index = lines;
		return {
			append: async record => attempt(async () => {
				await usingFile(filePath, constants.O_APPEND | constants.O_RDWR, async file => {
					if (await endsInMidLine(file)) {
						await cutTornLine(file);
					}

					await appendWholly(file, `${formatJournalLine(record, index)}\n`);
					index += 1;
				});
			}),
		};
	}

	/** Removes what secrets may stand in: the XML files first, then the journal. */
	async function deleteMetadata(planId: string): Promise<void> {
		await rm(workPath(planId), {recursive: true, force: true});
		await rm(journalPath(planId), {force: true});
		await syncFolder(journalFolder);
	}

	const journals = createJournalFolder({journalFolder, damagedFolder: path.join(folderPath, 'damaged'), deleteMetadata});

	/** Under its name there is never less than the whole first line. */
	async function beginJournal(plan: Plan): Promise<void> {
		const newPath = path.join(journalFolder, `.${plan.id}${journalSuffix}.new`);
		const record: JournalRecord = {at: plan.plannedAt, kind: 'plan', plan, pid: process.pid};
		try {
			await usingFile(newPath, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, async file => {
				await appendWholly(file, `${formatJournalLine(record, 0)}\n`);
			});
			await rename(newPath, journalPath(plan.id));
			await syncFolder(journalFolder);
		} catch (error) {
			await rm(newPath, {force: true});
			throw error;
		}
	}

	/** Goes on behind the last whole line. Gives how many lines there are. */
	async function endLastLine(filePath: string): Promise<number> {
		let lines = 0;
		await usingFile(filePath, constants.O_RDWR | constants.O_APPEND, async file => {
			const text = (await file.readFile('utf8')).split('\n');
			const tail = text.pop()!;
			lines = text.length;
			if (tail !== '' && isWholeLine(tail, lines)) {
				await appendWholly(file, '\n');
				lines += 1;
			}
		});
		await usingFile(filePath, constants.O_RDWR, cutTornLine);
		return lines;
	}

	async function takePatiently(fileDescriptor: number, lockTimeoutMs: number): Promise<boolean> {
		for (let leftMs = lockTimeoutMs; ; leftMs -= lockPollMs) {
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
		openJournal: async plan => attemptIn([journalFolder, path.dirname(workPath(plan.id)), workPath(plan.id)], async () => {
			// Everything that a command or its undo reads is on disk before the first of them: the way back must not need room.
			const commands = plan.steps.flatMap(step => [step.command, ...(step.undo ?? [])]);
			try {
				await writePrivately(commands.flatMap(command => command.files));
				await beginJournal(plan);
			} catch (error) {
				await deleteMetadata(plan.id);
				throw error;
			}

			return journalAt(journalPath(plan.id), 1);
		}),
		reopenJournal: async planId => attemptIn([path.dirname(workPath(planId)), workPath(planId)], async () =>
			journalAt(journalPath(planId), await endLastLine(journalPath(planId)))),
		readUnfinished: async () => attemptIn([journalFolder], async () => (await journals.scan()).unfinished),
		readUnfinishedPlan: async planId => attemptIn([journalFolder], async () => journals.read(planId)),
		readJournalTroubles: async () => attemptIn([journalFolder], async () => (await journals.scan()).troubles),
		async isDomainLocked(uuid) {
			const file = await attempt(async () => open(path.join(lockFolder, `${uuid}.lock`), constants.O_RDWR | constants.O_NOFOLLOW));
			if (!file.ok) {
				return false;
			}

			const isFree = await takeLock(file.value.fd);
			await file.value.close();
			return !isFree;
		},
		archiveJournal: async (planId, records) => attemptIn([archiveFolder], async () => {
			const archivePath = path.join(archiveFolder, `${planId}.jsonl`);
			await writePrivately([{path: archivePath, text: records.map(record => `${JSON.stringify(record)}\n`).join('')}]);
			await syncFolder(archiveFolder);
			return archivePath;
		}),
		removeJournal: async planId => attempt(async () => deleteMetadata(planId)),
		appendAudit: async entry => attemptIn([], async () => appendAuditLog(auditPath, entry)),
		readAudit: async () => attempt(async () => readAuditLog(auditPath)),
		async lockDomain(uuid, what, options) {
			const lockPath = path.join(lockFolder, `${uuid}.lock`);
			const file = await attemptIn([lockFolder], async () => open(lockPath, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
			if (!file.ok) {
				return file;
			}

			if (!(await takePatiently(file.value.fd, options?.lockTimeoutMs ?? 0))) {
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
