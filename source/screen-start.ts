/**
Where the screen opens for what was typed: each verb that a person can be asked about leads to its action, with the answers that were given.
*/
import type {ScreenStart} from './app/services.ts';
import type {Wish} from './arguments.ts';

/** Undefined: this verb has no screen. */
export function screenStartOf(wish: Wish): ScreenStart | undefined {
	switch (wish.verb) {
		case 'screen': {
			return {domain: wish.domain};
		}

		case 'revert': {
			const {domain, snapshot, fate, endState} = wish;
			return {domain, action: {kind: 'revert', snapshot, fate, endState}};
		}

		case 'create': {
			// A whole document leaves nothing to ask.
			const {verb, domain, xmlPath, ...given} = wish;
			return xmlPath === undefined ? {domain, action: {kind: verb, ...given}} : undefined;
		}

		case 'branch': {
			const {domain, snapshot, name, fate} = wish;
			return {domain, action: {kind: 'branch', snapshot, name, fate}};
		}

		case 'merge': {
			return {domain: wish.domain, action: {kind: 'merge', snapshot: wish.snapshot}};
		}

		case 'delete': {
			const {domain, snapshot, scope, isMetadataOnly} = wish;
			// One snapshot with its images is what the words say without an option: that is still asked.
			return {domain, action: {kind: 'delete', snapshot, scope: scope === 'one' ? undefined : scope, isMetadataOnly}};
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
