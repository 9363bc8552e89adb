/**
What was done before, as the screen asks for it: how it can be taken back, what ran for it, where domains were backed up to.
*/
import {foldersInLog} from '../actions/backup/last-folder.ts';
import type {BackedUpTo} from '../actions/spec.ts';
import type {RanCommand} from '../model/plan/ran-command.ts';
import {succeed, type Result} from '../model/result.ts';
import type {Planning} from './prepare.ts';
import {readUndo} from './undo.ts';
import type {World} from './world.ts';

/** One action of the audit log, with what ran for it. */
export type LoggedAction = {id: string; title: string; commands: RanCommand[]};

const mostUndone = 20;
const mostLogged = 20;

/** The newest last. Those of which nothing is kept are left out. */
async function readLastCommands({store, host}: World): Promise<Result<LoggedAction[]>> {
	const [log, facts] = await Promise.all([store.readAudit(), host.readHost()]);
	if (!log.ok || !facts.ok) {
		return log.ok ? facts as Extract<typeof facts, {ok: false}> : log;
	}

	const actions: LoggedAction[] = [];
	for (const {id, domain, action} of log.value.entries.filter(({uri}) => uri === facts.value.uri).slice(-mostLogged)) {
		const commands = id === undefined ? succeed([]) : await store.readCommands(id);
		if (!commands.ok) {
			return commands;
		}

		if (id !== undefined && commands.value.length > 0) {
			actions.push({id, title: `${domain.name}: ${action}`, commands: commands.value});
		}
	}

	return succeed(actions);
}

export function historyOf(world: World, planning: Planning) {
	return {
		readUndo: async (signal: AbortSignal) => readUndo(world, planning, {limit: mostUndone, signal}),
		readLastCommands: async () => readLastCommands(world),
		async readBackedUpTo(): Promise<BackedUpTo[]> {
			const [log, facts] = await Promise.all([world.store.readAudit(), world.host.readHost()]);
			return log.ok && facts.ok ? foldersInLog(log.value.entries, facts.value.uri) : [];
		},
	};
}
