/**
One wish for all findings of a kind: their plans would stand in each other's way, because each changes what the next was made from.
*/
import type {Wish} from '../../model/plan/request.ts';
import type {Finding, FindingKind} from '../../model/domain/finding.ts';

/** Undefined where nothing of the kind can be mended by a plan. `findings` are those of one domain. */
export function mendWish(findings: readonly Finding[], kind: FindingKind): Wish | undefined {
	const wishes = findings.flatMap(finding => finding.kind === kind && finding.wish !== undefined ? [finding.wish] : []);
	const [first] = wishes;
	switch (first?.kind) {
		case 'relink': {
			const relinks = wishes.flatMap(wish => wish.kind === 'relink' ? [wish] : []);
			return {...first, links: relinks.flatMap(({links}) => links), moved: relinks.flatMap(({moved}) => moved)};
		}

		case 'tidy': {
			return {...first, paths: [...new Set(wishes.flatMap(wish => wish.kind === 'tidy' ? wish.paths : []))]};
		}

		default: {
			return first;
		}
	}
}
