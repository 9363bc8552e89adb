/**
Does what the brain wants done, and sends back what came of it. Questions of one purpose run beside those of others: a slow picture never holds up
the list, and nothing holds up the keys.
*/
import type {Effect} from './effects-data.ts';
import type {Message} from './messages.ts';
import type {AppServices} from './services.ts';

/** What only the terminal can do. */
export type Stage = {
	suspend: () => void;
	repaint: () => void;
	quit: (end: {exitCode: number; signal: string | undefined}) => void;
};

export type EffectRunner = {run: (effect: Effect) => void; close: () => void};

export function createEffectRunner(services: AppServices, stage: Stage, send: (message: Message) => void): EffectRunner {
	const {owner} = services;
	const timers = new Set<NodeJS.Timeout>();
	let interrupt: AbortController | undefined;
	let diagnosis: AbortController | undefined;

	const later = (message: Message, afterMs: number) => {
		const timer = setTimeout(() => {
			timers.delete(timer);
			send(message);
		}, afterMs);
		timers.add(timer);
	};

	const stopWatching = owner.watch(() => {
		send({kind: 'host-changed'});
	});

	/** A rejection is a mistake of ours: it must reach the one path for those, not vanish. */
	const answered = <T>(promise: Promise<T>, toMessage: (value: T) => Message) => {
		void promise.then(value => {
			send(toMessage(value));
		});
	};

	const run = (effect: Effect) => {
		switch (effect.kind) {
			case 'read-host': {
				answered(owner.readHost(), result => ({kind: 'host-read', number: effect.number, result}));
				break;
			}

			case 'read-domains': {
				answered(owner.readDomains(), result => ({kind: 'domains-read', number: effect.number, result}));
				break;
			}

			case 'read-counts': {
				answered(owner.readSnapshotCounts(effect.uuids), result => ({kind: 'counts-read', uuids: effect.uuids, result}));
				break;
			}

			case 'read-picture': {
				const {number, uuid, withForeignPins} = effect;
				answered(owner.readDetails(uuid, {withForeignPins}), result => ({
					kind: 'picture-read', number, uuid, result,
				}));
				break;
			}

			case 'read-unfinished': {
				answered(services.readUnfinished(), result => ({kind: 'unfinished-read', number: effect.number, result}));
				break;
			}

			case 'plan': {
				answered(services.planAction(effect.request), result => ({kind: 'planned', number: effect.number, result}));
				break;
			}

			case 'execute': {
				interrupt = new AbortController();
				answered(services.executePlan(effect.plan, event => {
					send({kind: 'run-event', event});
				}, interrupt.signal), outcome => ({kind: 'run-ended', outcome}));
				break;
			}

			case 'recover': {
				answered(services.recover(effect.planId, effect.direction, event => {
					send({kind: 'run-event', event});
				}), outcome => ({kind: 'run-ended', outcome}));
				break;
			}

			case 'diagnose': {
				diagnosis?.abort();
				diagnosis = new AbortController();
				const {number, uuid} = effect;
				answered(services.diagnose(uuid, progress => {
					send({kind: 'diagnosing', number, progress});
				}, diagnosis.signal), result => ({kind: 'diagnosed', number, result}));
				break;
			}

			case 'stop-diagnosis': {
				diagnosis?.abort();
				break;
			}

			case 'interrupt': {
				interrupt?.abort(effect.signal);
				break;
			}

			case 'tick-later': {
				later({kind: 'ticked'}, 1000);
				break;
			}

			case 'poll-later': {
				later({kind: 'poll-due', number: effect.number}, effect.afterMs);
				break;
			}

			case 'suspend': {
				stage.suspend();
				break;
			}

			case 'repaint': {
				stage.repaint();
				break;
			}

			case 'quit': {
				stage.quit({exitCode: effect.exitCode, signal: effect.signal});
				break;
			}
		}
	};

	return {
		run,
		close() {
			stopWatching();
			diagnosis?.abort();
			for (const timer of timers) {
				clearTimeout(timer);
			}

			timers.clear();
		},
	};
}
