/**
Where the screen opens for what was typed: each verb that a person can be asked about leads to its action, with the answers that were given.
*/
import {isScreenKind} from './actions/registry.ts';
import type {ActionStart, ScreenStart} from './app/services.ts';
import type {Wish} from './arguments.ts';

/** Undefined: this verb has no screen. */
export function screenStartOf(wish: Wish): ScreenStart | undefined {
	switch (wish.verb) {
		case 'screen': {
			return {domain: wish.domain};
		}

		case 'action': {
			const {domain, given, documentPath} = wish;
			// A whole document leaves nothing to ask.
			return documentPath === undefined && isScreenKind(given.kind) ? {domain, action: given as ActionStart} : undefined;
		}

		case 'doctor': {
			return wish.mend === undefined ? {domain: wish.domain, action: {kind: 'doctor'}} : undefined;
		}

		case 'recover': {
			return wish.direction === undefined ? {} : undefined;
		}

		default: {
			return undefined;
		}
	}
}
