/**
`vsnap-tui list`: the domains with their state and how many snapshots they have.
*/
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {formatTable} from './table.ts';

export async function listDomains(context: CommandContext): Promise<number> {
	const {owner} = context.world;
	const domains = await owner.readDomains();
	if (!domains.ok) {
		return sayFailure(context, domains.failure);
	}

	const counts = await owner.readSnapshotCounts(domains.value.map(domain => domain.uuid));
	if (!counts.ok) {
		return sayFailure(context, counts.failure);
	}

	if (context.isJson) {
		sayJson(context, domains.value.map(({uuid, name, state}) => ({name, uuid, state, snapshots: counts.value.get(uuid) ?? null})));
	} else if (domains.value.length === 0) {
		sayLines(context, ['The host has no domains.']);
	} else {
		sayLines(context, formatTable([
			['NAME', 'STATE', 'SNAPSHOTS'],
			...domains.value.map(({uuid, name, state}) => [name, state, String(counts.value.get(uuid) ?? '?')]),
		]));
	}

	return 0;
}
