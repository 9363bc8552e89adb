/**
What every planner is given: the world as it was read, and the few things that a pure function may not fetch itself.
*/
import type {Blocker} from '../model/failure.ts';
import type {PlanContext} from './hypervisor/hypervisor.ts';

export type {PlanContext} from './hypervisor/hypervisor.ts';

export type PlanArguments = {
	id: string;
	now: Date;
	/** The private folder for the XML files of this plan. */
	workPath: string;
	/** A random UUID: the `<genid>` of a domain that is put back. Undefined where nothing is carried out. */
	generationId?: string;
};

/**
Images that deleted snapshots left behind, by the notes in the definition and in the records; undefined where there are none. A revert puts an older
definition in place, so what is noted has to be carried on.
*/
export function leftImagesOf(context: PlanContext): string[] | undefined {
	const {domain, snapshots} = context.inventory.details;
	const definitions = [domain.definition, domain.liveDefinition, ...snapshots.map(snapshot => snapshot.domain)];
	const left = new Set(definitions.flatMap(definition => definition?.leftImages ?? []).filter(path => context.graph.nodes.has(context.graph.keyOf(path))));
	return left.size > 0 ? [...left] : undefined;
}

/** Appends the blocker, unless one with the same text is there. */
export function refuseOnce({blockers}: Pick<PlanContext, 'blockers'>, blocker: Blocker): void {
	if (!blockers.some(({text}) => text === blocker.text)) {
		blockers.push(blocker);
	}
}
