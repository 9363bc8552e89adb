/**
Where the screen opens for what was typed: each verb that a person can be asked about leads to its action, with the answers that were given.
*/
import {isScreenKind} from './actions/registry.ts';
import type {ActionStart, ScreenStart} from './app/services.ts';
import type {Invocation} from './invocation.ts';

/** Undefined: this verb has no screen. */
export function screenStartOf(invocation: Invocation): ScreenStart | undefined {
	switch (invocation.verb) {
		case 'screen': {
			return {domain: invocation.domain};
		}

		case 'action': {
			const {domain, given, documentPath, group} = invocation;
			// A whole document leaves nothing to ask. On the screen several domains are marked by hand.
			return documentPath === undefined && group === undefined && isScreenKind(given.kind) ? {domain, action: given as ActionStart} : undefined;
		}

		case 'doctor': {
			return invocation.repair === undefined ? {domain: invocation.domain, action: {kind: 'doctor'}} : undefined;
		}

		case 'recover': {
			return invocation.direction === undefined ? {} : undefined;
		}

		default: {
			return undefined;
		}
	}
}
