/**
Does what the brain wants done, and sends back what came of it. Questions of one purpose run beside those of others: a slow picture never holds up
the list, and nothing holds up the keys.
*/
import {byKind} from '../model/by-kind.ts';
import {sortFindings, type Finding} from '../model/domain/finding.ts';
import {succeed, type Result} from '../model/result.ts';
import type {Effect} from './effects-data.ts';
import type {Message} from './messages.ts';
import {combine} from './journey/group.ts';
import type {AppServices, DiagnosisProgress} from './services.ts';

/** What only the terminal can do. */
type Stage = {
	suspend: () => void;
	repaint: () => void;
	quit: (end: {exitCode: number; signal: string | undefined}) => void;
	useMouse: () => void;
	copy: (text: string) => void;
	tellEnd: (how: {text: string; bell: boolean; notify: boolean}) => void;
};

type EffectRunner = {run: (effect: Effect) => void; close: () => void};

type Work = {
	services: AppServices;
	stage: Stage;
	send: (message: Message) => void;
	timers: Set<NodeJS.Timeout>;
	/** Nothing is begun or answered from then on: what is still being read must not lead to the next reading, which would keep the process alive. */
	isClosed: boolean;
	/** Of the plans at work. */
	interrupts: Map<string, AbortController>;
	diagnosis?: AbortController;
	look?: AbortController;
	measuring?: AbortController;
	undo?: AbortController;
	foreseeing?: {signal: AbortController; isOver: Promise<void>};
};

/** The message, after this time; never where the screen is closed before. */
async function after(afterMs: number, message: Message, {timers}: Work): Promise<Message> {
	return new Promise(resolve => {
		const timer = setTimeout(() => {
			timers.delete(timer);
			resolve(message);
		}, afterMs);
		timers.add(timer);
	});
}

/** Several domains, the worst of all first. */
async function diagnoseEach(services: AppServices, uuids: readonly string[], onProgress: (progress: DiagnosisProgress) => void, signal: AbortSignal): Promise<Result<Finding[]>> {
	const found: Finding[] = [];
	for (const [index, uuid] of uuids.entries()) {
		const result = signal.aborted
			? succeed([])
			: await services.diagnose(uuid, progress => {
				onProgress({...progress, done: index, total: uuids.length});
			}, signal);
		if (!result.ok) {
			return result;
		}

		found.push(...result.value);
	}

	return succeed(sortFindings(found));
}

/** Each gives the message that answers it. */
const act = byKind<Effect, [work: Work], Promise<Message | undefined>>({
	'read-host': async ({number}, {services}) => ({kind: 'host-read', number, result: await services.host.readHost()}),
	'read-known-hosts': async (_effect, {services}) => ({kind: 'known-hosts-read', known: await services.readKnownHosts()}),
	// Whoever knows the other hosts takes it before it comes here.
	'go-to-host': async () => undefined,
	'read-domains': async ({number}, {services}) => ({kind: 'domains-read', number, result: await services.host.readDomains()}),
	'read-counts': async ({uuids}, {services}) => ({kind: 'counts-read', uuids, result: await services.host.readSnapshotCounts(uuids)}),
	'read-details': async ({number, uuid, withForeignPins}, {services}) =>
		({kind: 'details-read', number, uuid, result: await services.host.readDetails(uuid, {withForeignPins})}),
	'read-unfinished': async ({number}, {services}) => ({kind: 'unfinished-read', number, result: await services.readUnfinished()}),
	'read-backed-up': async (_effect, {services}) => ({kind: 'backed-up-read', backedUpTo: await services.readBackedUpTo()}),
	async 'read-undo'({number}, work) {
		work.undo?.abort();
		work.undo = new AbortController();
		const {signal} = work.undo;
		const result = await work.services.readUndo(signal);
		return signal.aborted ? undefined : {kind: 'undo-read', number, result};
	},
	async 'stop-undo'(_effect, {undo}) {
		undo?.abort();
		return undefined;
	},
	'read-log': async ({number}, {services}) => ({kind: 'log-read', number, result: await services.readLastCommands()}),
	async copy({text}, {stage}) {
		stage.copy(text);
		return undefined;
	},
	plan: async ({number, request}, {services}) => ({kind: 'planned', number, result: await services.planAction(request)}),
	'plan-group': async ({number, asked}, {services}) =>
		({kind: 'planned', number, ...combine(await services.planGroup(asked.map(({request}) => request)), asked.map(({name}) => name))}),
	'save-script': async ({plans, path}, {services}) => ({kind: 'script-saved', path, result: await services.saveScript(plans, path)}),
	async measure({number, choices}, work) {
		work.measuring?.abort();
		const measuring = new AbortController();
		work.measuring = measuring;
		await work.services.planEach(choices.map(({request}) => request), (index, result) => {
			work.send({kind: 'measured', number, id: choices[index]!.id, result});
		}, measuring.signal);
		return undefined;
	},
	'foresee-later': async ({number, afterMs}, work) => after(afterMs, {kind: 'foresee-due', number}, work),
	async foresee({number, choices}, work) {
		const last = work.foreseeing;
		last?.signal.abort();
		const controller = new AbortController();
		const {signal} = controller;
		const isOver = (async () => {
			// Never two at once: what reads for the last one cannot be stopped in the midst.
			await last?.isOver;
			if (!signal.aborted) {
				await work.services.planEach(choices.map(({request}) => request), (index, result) => {
					work.send({kind: 'foreseen', number, id: choices[index]!.id, result});
				}, signal);
			}
		})();
		work.foreseeing = {signal: controller, isOver};
		await isOver;
		return signal.aborted ? undefined : {kind: 'foreseen', number, id: undefined, result: undefined};
	},
	async 'stop-foreseeing'(_effect, {foreseeing}) {
		foreseeing?.signal.abort();
		return undefined;
	},
	async execute({plan}, work) {
		const interrupt = new AbortController();
		work.interrupts.set(plan.id, interrupt);
		const outcome = await work.services.executePlan(plan, event => {
			work.send({kind: 'run-event', planId: plan.id, event});
		}, interrupt.signal);
		work.interrupts.delete(plan.id);
		return {kind: 'run-ended', planId: plan.id, outcome};
	},
	async 'execute-group'({plans, ifOneFails}, work) {
		const interrupt = new AbortController();
		for (const {id} of plans) {
			work.interrupts.set(id, interrupt);
		}

		const ends = await work.services.executeGroup(plans, {
			ifOneFails,
			interrupt: interrupt.signal,
			onEvent(event, {id}) {
				work.send({kind: 'run-event', planId: id, event});
			},
		});
		for (const {id} of plans) {
			work.interrupts.delete(id);
		}

		return {kind: 'group-ended', ends: ends.map(({plan, outcome}) => ({planId: plan.id, outcome}))};
	},
	async recover({planId, direction}, {services, send}) {
		const outcome = await services.recover(planId, direction, event => {
			send({kind: 'run-event', planId, event});
		});
		return {kind: 'run-ended', planId, outcome};
	},
	async diagnose({number, uuid, uuids}, work) {
		work.diagnosis?.abort();
		work.diagnosis = new AbortController();
		const tell = (progress: DiagnosisProgress) => {
			work.send({kind: 'diagnosing', number, progress});
		};

		const result = await (uuids === undefined ? work.services.diagnose(uuid, tell, work.diagnosis.signal) : diagnoseEach(work.services, uuids, tell, work.diagnosis.signal));
		return {kind: 'diagnosed', number, result};
	},
	async 'stop-diagnosis'(_effect, {diagnosis}) {
		diagnosis?.abort();
		return undefined;
	},
	'read-settings': async (_effect, {services}) => ({kind: 'settings-read', result: await services.readSettings()}),
	'read-verbs': async (_effect, {services}) => ({kind: 'verbs-read', verbs: services.readVerbs()}),
	'read-command': async ({number, words}, {services}) => ({kind: 'command-read', number, result: services.readCommand(words)}),
	async look({number, uuid}, work) {
		work.look = new AbortController();
		return {kind: 'looked', number, result: await work.services.look(uuid, work.look.signal)};
	},
	async 'stop-look'(_effect, {look}) {
		look?.abort();
		return undefined;
	},
	'look-later': async ({number, afterMs}, work) => after(afterMs, {kind: 'look-due', number}, work),
	async interrupt({planId, signal}, {interrupts}) {
		interrupts.get(planId)?.abort(signal);
		return undefined;
	},
	async 'use-mouse'(_effect, {stage}) {
		stage.useMouse();
		return undefined;
	},
	async 'tell-end'({text, bell, notify}, {stage}) {
		stage.tellEnd({text, bell, notify});
		return undefined;
	},
	'tick-later': async (_effect, work) => after(1000, {kind: 'ticked'}, work),
	'poll-later': async ({number, afterMs}, work) => after(afterMs, {kind: 'poll-due', number}, work),
	async suspend(_effect, {stage}) {
		stage.suspend();
		return undefined;
	},
	async repaint(_effect, {stage}) {
		stage.repaint();
		return undefined;
	},
	async quit({exitCode, signal}, {stage}) {
		stage.quit({exitCode, signal});
		return undefined;
	},
});

/** A rejection is a mistake of ours: it must reach the one path for those, not vanish. */
async function answer(effect: Effect, work: Work): Promise<void> {
	const message = await act(effect, work);
	if (message !== undefined) {
		work.send(message);
	}
}

export function createEffectRunner(services: AppServices, stage: Stage, send: (message: Message) => void): EffectRunner {
	const work: Work = {
		services,
		stage,
		send(message) {
			if (!work.isClosed) {
				send(message);
			}
		},
		timers: new Set(),
		isClosed: false,
		interrupts: new Map(),
	};
	const stopWatching = services.host.watch(domain => {
		work.send({kind: 'host-changed', domain});
	});
	return {
		run(effect) {
			if (!work.isClosed) {
				void answer(effect, work);
			}
		},
		close() {
			work.isClosed = true;
			stopWatching();
			work.diagnosis?.abort();
			work.look?.abort();
			work.measuring?.abort();
			work.undo?.abort();
			work.foreseeing?.signal.abort();
			for (const timer of work.timers) {
				clearTimeout(timer);
			}

			work.timers.clear();
		},
	};
}
