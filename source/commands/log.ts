/**
`vsnap-tui log`: who did what, when, from where, and how it ended.
*/
import {formatTime, timeZoneName} from '../model/text/format.ts';
import {
	sayFailure, sayJson, sayLines, sayWarning, type CommandContext,
} from './context.ts';
import {formatTable} from './table.ts';

/** The local time, or what stands there instead of one. */
function writtenTime(at: string): string {
	const milliseconds = Date.parse(at);
	return Number.isNaN(milliseconds) ? at : formatTime(Math.floor(milliseconds / 1000));
}

export async function showLog(context: CommandContext): Promise<number> {
	const log = await context.world.store.readAudit();
	if (!log.ok) {
		return sayFailure(context, log.failure);
	}

	const {entries, damagedLines} = log.value;
	if (context.isJson) {
		sayJson(context, entries);
	} else if (entries.length === 0 && damagedLines === 0) {
		sayLines(context, ['The log is empty.']);
	} else {
		sayLines(context, formatTable([
			[`WHEN (${timeZoneName()})`, 'WHO', 'FROM', 'DOMAIN', 'OUTCOME', 'WHAT'],
			...entries.map(entry => [
				writtenTime(entry.at),
				entry.user,
				entry.from ?? '-',
				entry.domain.name,
				entry.detail === undefined ? entry.outcome : `${entry.outcome} (${entry.detail})`,
				entry.action,
			]),
		]));
	}

	if (damagedLines > 0) {
		sayWarning(context, 'audit-damaged', damagedLines === 1
			? 'One line of the audit log cannot be read and is left out.'
			: `${damagedLines} lines of the audit log cannot be read and are left out.`);
	}

	return 0;
}
