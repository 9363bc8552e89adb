/**
The lines of a journal: each is a record as JSON that ends with its number and a checksum, so that any damage is known. Only the last line may be torn, by
the crash that ended its run. Journals of earlier versions have neither number nor checksum.
*/
import {createHash} from 'node:crypto';
import type {JournalRecord} from '../../engine/ports.ts';

const sumPattern = /,"sum":"([\da-f]{16})"}$/;

function sumOf(text: string): string {
	return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Without the line end. `index`: how many lines stand before it. */
export function formatJournalLine(record: JournalRecord, index: number): string {
	const text = JSON.stringify({...record, n: index});
	return `${text.slice(0, -1)},"sum":"${sumOf(text)}"}`;
}

type JournalText = {
	/** What could be read, in its order. The records of damaged lines are missing. */
	records: unknown[];
	/** The first line is among the records. */
	hasFirst: boolean;
	/** Numbers, from 1, of lines that are there and are not as they were written. */
	damagedLines: number[];
	/** No line of it was ever ended: its writing was interrupted, or is under way. */
	isBarelyBegun: boolean;
};

type ParsedLine = {record: unknown; hasSum: boolean};

/** Undefined: not what was written there. */
function parseLine(line: string, index: number): ParsedLine | undefined {
	const sum = sumPattern.exec(line);
	const text = sum === null ? line : `${line.slice(0, sum.index)}}`;
	if (sum !== null && sumOf(text) !== sum[1]) {
		return undefined;
	}

	try {
		const value: unknown = JSON.parse(text);
		if (typeof value !== 'object' || value === null || Array.isArray(value)) {
			return sum === null ? {record: value, hasSum: false} : undefined;
		}

		const {n, ...record} = value as Record<string, unknown>;
		return (sum === null ? n === undefined : n === index) ? {record, hasSum: sum !== null} : undefined;
	} catch {
		return undefined;
	}
}

const isRecord = (value: unknown): value is {kind: string} => typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';

const ofSteps = new Set(['begin', 'pivoting', 'done', 'failed', 'undone']);

/** Records of kinds that are not known here concern nobody here. */
function isJournalRecord(value: unknown): value is JournalRecord {
	if (!isRecord(value)) {
		return false;
	}

	const {step, failure} = value as {step?: unknown; failure?: unknown};
	if (ofSteps.has(value.kind) && typeof step !== 'string') {
		return false;
	}

	if (value.kind !== 'failed') {
		return true;
	}

	const cause = isRecord(failure) && failure.kind === 'tool-failed' ? (failure as {cause?: unknown}).cause : undefined;
	return isRecord(failure) && (failure.kind !== 'tool-failed' || (typeof cause === 'object' && cause !== null));
}

/** Whether what stands behind the last line end is a whole line that lacks but its end. */
export function isWholeLine(line: string, index: number): boolean {
	const parsed = parseLine(line, index);
	return parsed !== undefined && isJournalRecord(parsed.record);
}

/** Never throws, whatever the text is. */
export function parseJournal(text: string): JournalText {
	const lines = text.split('\n');
	const tail = lines.pop()!;
	const isBarelyBegun = lines.length === 0;
	if (tail !== '' && isWholeLine(tail, lines.length)) {
		lines.push(tail);
	}

	const records: unknown[] = [];
	const damagedLines: number[] = [];
	let isSummed = false;
	let hasFirst = false;
	for (const [index, line] of lines.entries()) {
		const parsed = parseLine(line, index);
		// The first line is judged by whoever knows plans.
		if (parsed === undefined || (isSummed && !parsed.hasSum) || (index > 0 && !isJournalRecord(parsed.record))) {
			damagedLines.push(index + 1);
			continue;
		}

		hasFirst ||= index === 0;
		isSummed ||= parsed.hasSum;
		records.push(parsed.record);
	}

	return {records, hasFirst, damagedLines, isBarelyBegun: isBarelyBegun && lines.length === 0};
}
