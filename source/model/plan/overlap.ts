/**
Plans for several domains that are to be carried out together: each was made as if the others did nothing.
*/
import type {Blocker} from '../failure.ts';
import {createdPaths, targetOf, type Plan} from './plan.ts';

const touched = (plan: Plan) => new Set([...createdPaths(plan), ...plan.images.removed, ...plan.images.written ?? []]);

/** Why this plan cannot be carried out together with the others: they would work on the same file. */
export function overlapsWith(plan: Plan, others: readonly Plan[]): Blocker[] {
	const own = touched(plan);
	return others.flatMap(other => {
		const {domain: {name}} = other.action;
		const theirs = new Set([...touched(other), ...targetOf(other).before.heads.map(({path}) => path)]);
		return [...own].filter(path => theirs.has(path)).map(path => ({
			kind: 'image-in-use', text: `"${name}" works on ${path} as well, in the same action.`, remedy: 'Name another file, or take the domains one after the other.', image: path,
		} as const));
	});
}
