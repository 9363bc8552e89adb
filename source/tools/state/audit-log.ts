/**
The audit log: one line of JSON for each action, added and never changed. A line that cannot be read is left out and counted, so it hides no other.
*/
import {constants} from 'node:fs';
import {readFile} from 'node:fs/promises';
import type {AuditEntry, AuditLog} from '../../engine/ports.ts';
import {endsInMidLine, usingFile} from '../run/private-files.ts';

const texts = ['at', 'user', 'uri', 'action', 'outcome'] as const;

function parseEntry(line: string): AuditEntry | undefined {
	try {
		const value = JSON.parse(line) as Partial<AuditEntry> | null;
		const isWhole = typeof value === 'object' && value !== null
			&& texts.every(name => typeof value[name] === 'string')
			&& (['from', 'detail'] as const).every(name => value[name] === undefined || typeof value[name] === 'string')
			&& typeof value.domain === 'object' && value.domain !== null
			&& typeof value.domain.uuid === 'string' && typeof value.domain.name === 'string';
		return isWhole ? value as AuditEntry : undefined;
	} catch {
		return undefined;
	}
}

/** Never throws, whatever the text is. */
export function parseAuditLog(text: string): AuditLog {
	const lines = text.split('\n').filter(line => line !== '');
	const entries = lines.flatMap(line => parseEntry(line) ?? []);
	return {entries, damagedLines: lines.length - entries.length};
}

/** An empty log where there is none. Rejects where it cannot be read. */
export async function readAuditLog(filePath: string): Promise<AuditLog> {
	try {
		return parseAuditLog(await readFile(filePath, {encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NONBLOCK}));
	} catch (error) {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
			return {entries: [], damagedLines: 0};
		}

		throw error;
	}
}

/** On disk when this comes back. A line that a crash cut off stays, as a line of its own. Other runs may be adding theirs at the same moment. */
export async function appendAuditLog(filePath: string, entry: AuditEntry): Promise<void> {
	await usingFile(filePath, constants.O_APPEND | constants.O_CREAT | constants.O_RDWR, async file => {
		await file.appendFile(`${await endsInMidLine(file) ? '\n' : ''}${JSON.stringify(entry)}\n`);
		await file.sync();
	});
}
