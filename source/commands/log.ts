/**
`vsnap-tui log`: who did what, when, from where, and how it ended.
*/
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {formatTable} from './table.ts';

export async function showLog(context: CommandContext): Promise<number> {
	const entries = await context.world.store.readAudit();
	if (!entries.ok) {
		return sayFailure(context, entries.failure);
	}

	if (context.isJson) {
		sayJson(context, entries.value);
	} else if (entries.value.length === 0) {
		sayLines(context, ['Nothing has been done yet.']);
	} else {
		sayLines(context, formatTable([
			['WHEN', 'WHO', 'FROM', 'DOMAIN', 'OUTCOME', 'WHAT'],
			...entries.value.map(entry => [
				entry.at.slice(0, 19).replace('T', ' '),
				entry.user,
				entry.from ?? '-',
				entry.domain.name,
				entry.detail === undefined ? entry.outcome : `${entry.outcome} (${entry.detail})`,
				entry.action,
			]),
		]));
	}

	return 0;
}
