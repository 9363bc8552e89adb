/**
Where something is found: what is looked for in one place is not seen in another.
*/
import type {Find, State} from '../state.ts';

/** Undefined: nothing is found there. */
export function placeOf({scene, pane, view, domainCursor, isLinear}: State): string | undefined {
	if (isLinear) {
		return undefined;
	}

	switch (scene.kind) {
		case 'browse': {
			return pane === 'tree' ? `${view} of ${domainCursor.id}` : undefined;
		}

		case 'doctor': {
			return scene.isWhole ? 'finding' : 'findings';
		}

		case 'undo':
		case 'log': {
			return scene.kind;
		}

		case 'journey': {
			const {view: inPlace} = scene.journey;
			return inPlace === undefined || 'top' in inPlace ? `page ${inPlace?.kind}` : undefined;
		}

		default: {
			return 'top' in scene ? scene.kind : undefined;
		}
	}
}

export function findHere(state: State): Find | undefined {
	return state.find?.place === placeOf(state) ? state.find : undefined;
}
