/**
Holds the one state of the screen: messages go in, the brain answers, listeners are told once per burst, effects are handed on.
*/
import type {Effect} from './effects-data.ts';
import type {Message} from './messages.ts';
import type {Viewport} from './scroll.ts';
import type {State} from './state.ts';
import {update} from './update.ts';

export type Store = {
	getState: () => State;
	subscribe: (listener: () => void) => () => void;
	send: (...messages: Message[]) => void;
};

/** `now` stamps each message with the time; `run` does the effects. */
export function createStore(initial: State, given: {viewport: Viewport; now: () => number; run: (effect: Effect) => void}): Store {
	let state = initial;
	const listeners = new Set<() => void>();
	return {
		getState: () => state,
		subscribe(listener) {
			listeners.add(listener);
			return () => {
				listeners.delete(listener);
			};
		},
		send(...messages) {
			const effects: Effect[] = [];
			for (const message of messages) {
				const [next, wanted] = update({...state, nowMs: given.now()}, message, given.viewport);
				state = next;
				effects.push(...wanted);
			}

			for (const listener of listeners) {
				listener();
			}

			for (const effect of effects) {
				given.run(effect);
			}
		},
	};
}
