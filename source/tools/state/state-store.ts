/**
The private folder of this user: journals of actions under way, the audit log, and the locks of domains. Everything in it is 0600 or 0700, because
journals hold whole definitions, secrets included.
*/
import {constants} from 'node:fs';
import {rename, rm} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type {Journal, JournalRecord, StateStore} from '../../engine/ports.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {
	appendWholly, cutTornLine, endsInMidLine, syncFolder, usingFile, writePrivately,
} from '../run/private-files.ts';
import {appendAuditLog, readAuditLog} from './audit-log.ts';
import {appendRan, readRan} from './command-log.ts';
import {createDomainLocks, type LockHolders} from './domain-locks.ts';
import {JournalFolder, journalSuffix} from './journal-folder.ts';
import {formatJournalLine, isWholeLine} from './journal-lines.ts';
import {PrivateFolder} from './private-folder.ts';

/** Under its name there is never less than the whole first line. */
async function beginJournal(filePath: string, plan: Plan): Promise<void> {
	const folder = path.dirname(filePath);
	const newPath = path.join(folder, `.${path.basename(filePath)}.new`);
	const record: JournalRecord = {at: plan.plannedAt, kind: 'plan', plan, pid: process.pid};
	try {
		await usingFile(newPath, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, async file => {
			await appendWholly(file, `${formatJournalLine(record, 0)}\n`);
		});
		await rename(newPath, filePath);
		await syncFolder(folder);
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

/** Opened for each record, so that nothing stays open however an action ends. Never makes a journal that is not there. `lines`: how many it has. */
function journalAt(folder: PrivateFolder, filePath: string, lines: number): Journal {
	let index = lines;
	return {
		append: async record => folder.attempt(async () => {
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

export function createStateStore({folderPath, ...holders}: {folderPath: string} & LockHolders): StateStore {
	const folder = new PrivateFolder(folderPath);
	const journalFolder = path.join(folderPath, 'journal');
	const archiveFolder = path.join(folderPath, 'given-up');
	const commandFolder = path.join(folderPath, 'commands');
	const auditPath = path.join(folderPath, 'audit.jsonl');
	const workPath = (planId: string) => path.join(folderPath, 'files', planId);
	const workFolders = (planId: string) => [path.dirname(workPath(planId)), workPath(planId)];
	const journalPath = (planId: string) => path.join(journalFolder, `${planId}${journalSuffix}`);

	/** Removes what secrets may stand in: the XML files first, then the journal. */
	async function deleteMetadata(planId: string): Promise<void> {
		await rm(workPath(planId), {recursive: true, force: true});
		await rm(journalPath(planId), {force: true});
		await syncFolder(journalFolder);
	}

	const journals = new JournalFolder({journalFolder, damagedFolder: path.join(folderPath, 'damaged'), deleteMetadata});
	return {
		...createDomainLocks(folder, holders),
		workPath,
		openJournal: async plan => folder.attemptIn([journalFolder, ...workFolders(plan.id)], async () => {
			// Everything that a command or its undo reads is on disk before the first of them: the way back must not need room.
			const commands = plan.steps.flatMap(step => [step.command, ...(step.undo ?? [])]);
			try {
				await writePrivately(commands.flatMap(command => command.files));
				await beginJournal(journalPath(plan.id), plan);
			} catch (error) {
				await deleteMetadata(plan.id);
				throw error;
			}

			return journalAt(folder, journalPath(plan.id), 1);
		}),
		reopenJournal: async planId => folder.attemptIn(workFolders(planId), async () =>
			journalAt(folder, journalPath(planId), await endLastLine(journalPath(planId)))),
		readUnfinished: async () => folder.attemptIn([journalFolder], async () => (await journals.scan()).unfinished),
		readUnfinishedPlan: async planId => folder.attemptIn([journalFolder], async () => journals.read(planId)),
		readJournalTroubles: async () => folder.attemptIn([journalFolder], async () => (await journals.scan()).troubles),
		archiveJournal: async (planId, records) => folder.attemptIn([archiveFolder], async () => {
			const archivePath = path.join(archiveFolder, `${planId}.jsonl`);
			await writePrivately([{path: archivePath, text: records.map(record => `${JSON.stringify(record)}\n`).join('')}]);
			await syncFolder(archiveFolder);
			return archivePath;
		}),
		removeJournal: async planId => folder.attempt(async () => deleteMetadata(planId)),
		appendAudit: async entry => folder.attemptIn([], async () => appendAuditLog(auditPath, entry)),
		readAudit: async () => folder.attempt(async () => readAuditLog(auditPath)),
		appendCommand: async (planId, command) => folder.attemptIn([commandFolder], async () => appendRan(commandFolder, planId, command)),
		readCommands: async planId => folder.attempt(async () => readRan(commandFolder, planId)),
	};
}
