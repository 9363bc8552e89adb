/**
`vsnap-tui log`: who did what, when, from where, and how it ended; of one action, every command that ran.
*/
import {describeAction} from '../actions/registry.ts';
import type {RanCommand} from '../model/plan/ran-command.ts';
import {formatClock, formatTime, timeZoneName} from '../model/text/format.ts';
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
			['ID', `WHEN (${timeZoneName()})`, 'WHO', 'FROM', 'DOMAIN', 'OUTCOME', 'WHAT'],
			...entries.map(entry => [
				entry.id ?? '-',
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

/** How a command ended: its exit code, or in a word. */
function endOf({exitCode, isFailed}: RanCommand): string {
	return exitCode === undefined ? (isFailed ? 'failed' : 'done') : `exit ${exitCode}`;
}

/** Each command as the plan shows it, behind when it began, how it ended and how long it took; below it what it said. */
function describeRan(commands: readonly RanCommand[]): string[] {
	return commands.flatMap(ran => [
		`${formatClock(Date.parse(ran.at))}  ${endOf(ran)}  ${ran.durationMs} ms  ${ran.command}`,
		...ran.output === '' ? [] : ran.output.split('\n').map(line => `    ${line}`),
	]);
}

/** `what`: the ID of an action, or its beginning. Gives the exit code. */
export async function showRan(context: CommandContext, what: string): Promise<number> {
	const {store} = context.world;
	const log = await store.readAudit();
	const unfinished = log.ok ? await store.readUnfinished() : log;
	if (!log.ok || !unfinished.ok) {
		return sayFailure(context, (log.ok ? unfinished as Extract<typeof unfinished, {ok: false}> : log).failure);
	}

	const known = new Map([
		...log.value.entries.flatMap(({id, domain, action}): Array<[string, string]> => id === undefined ? [] : [[id, `${domain.name}: ${action}`]]),
		...unfinished.value.map(({plan: {id, action}}): [string, string] => [id, `${action.domain.name}: ${describeAction(action)}, unfinished`]),
	]);
	const ids = known.has(what) ? [what] : [...known.keys()].filter(id => id.startsWith(what));
	const [id] = ids;
	if (id === undefined || ids.length > 1) {
		return sayFailure(context, {kind: 'usage', message: id === undefined ? `The log has no action "${what}".` : `${ids.length} actions begin with "${what}".`, hint: 'vsnap-tui log lists them with their IDs.'});
	}

	const ran = await store.readCommands(id);
	if (!ran.ok) {
		return sayFailure(context, ran.failure);
	}

	if (context.isJson) {
		sayJson(context, ran.value);
	} else {
		sayLines(context, [known.get(id)!, ...ran.value.length === 0 ? ['No command of it is kept: none ran, or it is too long ago.'] : describeRan(ran.value)]);
	}

	return 0;
}
