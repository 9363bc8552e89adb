/**
`vsnap-tui list`: the domains with their state and how many snapshots they have.
*/
import type {Host} from '../engine/ports.ts';
import {stateWord} from '../model/domain/state-word.ts';
import {describeClaim} from '../model/plan/claim.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {formatTable} from './table.ts';

type Mark = {text: string; isUnderWay: boolean | null; user: string | null; host: string | null; pid: number | null; since: string | null};

/** By the domain's UUID: who is at work on it, or stopped half-way. A host that cannot be asked for that is shown without. */
async function readMarks(host: Host): Promise<Map<string, Mark>> {
	const found = await host.claims?.readAll();
	return new Map(found?.ok === true
		? found.value.map(mark => {
			const {claim, life, domainUuid} = mark;
			const {user = null, host = null, pid = null, since = null} = claim ?? {};
			return [domainUuid, {
				text: `${life === 'gone' ? 'stopped half-way: ' : ''}${describeClaim(mark)}`, isUnderWay: life === 'unknown' ? null : life === 'working', user, host, pid, since,
			}];
		})
		: []);
}

export async function listDomains(context: CommandContext): Promise<number> {
	const {host} = context.world;
	const domains = await host.readDomains();
	if (!domains.ok) {
		return sayFailure(context, domains.failure);
	}

	const counts = await host.readSnapshotCounts(domains.value.map(domain => domain.uuid));
	if (!counts.ok) {
		return sayFailure(context, counts.failure);
	}

	const marks = await readMarks(host);
	if (context.isJson) {
		sayJson(context, domains.value.map(({uuid, name, state}) => ({
			name, uuid, state, snapshots: counts.value.get(uuid) ?? null, action: marks.get(uuid) ?? null,
		})));
	} else if (domains.value.length === 0) {
		sayLines(context, ['The host has no domains.']);
	} else {
		sayLines(context, formatTable([
			['NAME', 'STATE', 'SNAPSHOTS', ...(marks.size === 0 ? [] : ['ACTION'])],
			...domains.value.map(({uuid, name, state}) => {
				const mark = marks.get(uuid);
				return [name, stateWord(state), String(counts.value.get(uuid) ?? '?'), ...(marks.size === 0 ? [] : [mark?.text ?? ''])];
			}),
		]));
	}

	return 0;
}
