/**
`vsnap-tui undo`: what was done on this host, and whether and how it can be taken back.
*/
import {describeUndoing} from '../actions/undo.ts';
import {readUndo} from '../engine/undo.ts';
import type {Given} from '../actions/spec.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {formatTime, timeZoneName} from '../model/text/format.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {formatTable} from './table.ts';

const mostListed = 20;

/** Gives the exit code. */
export async function listUndo(context: CommandContext): Promise<number> {
	const found = await readUndo(context.world, context.planning, {limit: mostListed, signal: context.interrupt});
	if (!found.ok) {
		return sayFailure(context, found.failure);
	}

	if (context.isJson) {
		sayJson(context, found.value.map(({action: {id, at, domain, action}, undo}) => ({
			id, at, domain, action, undo: {possible: undo.kind === 'possible', ...('text' in undo && {by: undo.text}), ...('reason' in undo && {reason: undo.reason})},
		})));
	} else if (found.value.length === 0) {
		sayLines(context, ['Nothing was done on this host that could be undone.']);
	} else {
		sayLines(context, formatTable([
			['ID', `WHEN (${timeZoneName()})`, 'DOMAIN', 'WHAT', 'UNDO'],
			...found.value.map(({action: {id, at, domain, action}, undo}) => [id, formatTime(Date.parse(at) / 1000), domain.name, action, describeUndoing(undo)]),
		]));
	}

	return 0;
}

/** The action that takes back what is named: by its ID or the beginning of one, or the last one of a domain. Fails with `usage` where none is meant, with `refused` where it cannot be taken back. */
export async function findUndo({world, planning, interrupt}: Pick<CommandContext, 'world' | 'planning' | 'interrupt'>, what: string): Promise<Result<{domain: string; given: Given}>> {
	const found = await readUndo(world, planning, {limit: Number.POSITIVE_INFINITY, signal: interrupt});
	if (!found.ok) {
		return found;
	}

	const byId = found.value.filter(({action}) => action.id.startsWith(what));
	const meant = found.value.find(({action}) => action.id === what) ?? (byId.length === 0 ? found.value.find(({action: {domain}}) => domain.name === what || domain.uuid === what) : byId[0]);
	if (meant === undefined || byId.length > 1) {
		return fail({kind: 'usage', message: meant === undefined ? `Nothing that was done here is called "${what}".` : `${byId.length} actions begin with "${what}".`, hint: 'vsnap-tui undo lists what was done, with the IDs.'});
	}

	const {undo, title, action: {domain}} = meant;
	return undo.kind === 'possible'
		? succeed({domain: domain.uuid, given: undo.given})
		: fail({kind: 'refused', blockers: [{kind: 'not-supported', text: `"${title}" cannot be undone: ${undo.kind === 'refused' ? `${undo.text}: ` : ''}${undo.reason}.`}]});
}
