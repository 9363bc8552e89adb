/**
Several hosts on one screen. Each has a state, questions and runs of its own, so one that does not answer holds up nothing of the others; one of them is shown, and each is
told how the others are.
*/
import type {Effect} from '../effects-data.ts';
import type {Message} from '../messages.ts';
import type {Result} from '../../model/result.ts';
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {State} from '../state.ts';
import {createStore, type Store} from '../store.ts';
import type {Viewport} from '../scroll.ts';
import {isAtWork} from '../run/jobs.ts';
import type {HostLine} from './host-line.ts';
import {hostLineOf} from './host-lines.ts';

type Quit = {exitCode: number; signal: string | undefined};

/** One host: its state at first, and what does its effects. */
export type Lane = {
	/** As it is named on the command line. */
	name: string;
	initial: State;
	/** `quit` and `go-to-host` never come here. */
	createRunner: (send: (message: Message) => void) => {run: (effect: Effect) => void; close: () => void};
};

type Given = {viewport: Viewport; now: () => number; onQuit: (end: Quit) => void; /** A host that was not open. */ open: (name: string) => Promise<Result<Lane>>};

type Member = {name: string; store: Store; close: () => void; end?: Quit};

/** Of the terminal, so for all. */
const forAll: ReadonlySet<Message['kind']> = new Set(['started', 'resized', 'background-told', 'signalled']);

/** `store`: of the host that is shown. */
export type Hosts = {store: Store; states: () => State[]; close: () => void};

/** What has ended badly counts more than what has ended well. */
const worst = (ends: readonly Quit[]): Quit => ends.find(({signal}) => signal !== undefined) ?? [...ends].sort((a, b) => b.exitCode - a.exitCode)[0]!;

/** All of them. `told`: how they are, as they were last told of each other. */
type Shared = {members: Member[]; listeners: Set<() => void>; shown: number; sentLines: string; given: Given};

function notifyListeners({listeners}: Shared): void {
	for (const listener of listeners) {
		listener();
	}
}

/** How each of them is, told to all of them where there are several. */
function tellHosts(shared: Shared): void {
	const {members, shown} = shared;
	if (members.length < 2) {
		return;
	}

	const lines = members.map(({name, store}, index): HostLine => hostLineOf(name, store.getState(), index === shown));
	const text = JSON.stringify(lines);
	if (text === shared.sentLines) {
		return;
	}

	shared.sentLines = text;
	for (const [index, {store}] of members.entries()) {
		store.send({kind: 'hosts-told', hosts: lines, own: index});
	}
}

function show(shared: Shared, index: number): void {
	shared.shown = index;
	tellHosts(shared);
	notifyListeners(shared);
}

/** Whoever is at work elsewhere is asked there; with the last one the program ends. */
function takeQuit(shared: Shared, member: Member, end: Quit): void {
	const {members, given} = shared;
	member.end = end;
	const busy = members.findIndex(other => other.end === undefined && isAtWork(other.store.getState()));
	if (busy === -1) {
		given.onQuit(worst(members.flatMap(({end}) => end ?? [])));
	} else {
		show(shared, busy);
		members[busy]!.store.send({kind: 'key', key: {name: 'character', text: 'q'}});
	}
}

async function goTo(shared: Shared, {name, domain}: Effect & {kind: 'go-to-host'}): Promise<void> {
	const {members, given} = shared;
	const isKnown = members.some(member => member.name === name);
	const lane = isKnown ? undefined : await given.open(name);
	if (lane?.ok === false) {
		members[shared.shown]!.store.send({kind: 'noted', text: describeFailure(lane.failure).message});
	} else if (lane !== undefined) {
		addLane(shared, lane.value).store.send({kind: 'started'});
	}

	const index = members.findIndex(member => member.name === name);
	show(shared, index === -1 ? shared.shown : index);
	if (index !== -1 && domain !== undefined) {
		members[index]!.store.send({kind: 'domain-entered', uuid: domain});
	}
}

function addLane(shared: Shared, {name, initial, createRunner}: Lane): Member {
	const {viewport, now} = shared.given;
	const runner = createRunner(message => {
		member.store.send(message);
	});
	const store = createStore(initial, {
		viewport,
		now,
		run(effect) {
			if (effect.kind === 'quit') {
				takeQuit(shared, member, {exitCode: effect.exitCode, signal: effect.signal});
			} else if (effect.kind === 'go-to-host') {
				void goTo(shared, effect);
			} else {
				runner.run(effect);
			}
		},
	});
	const member: Member = {name, store, close: runner.close};
	shared.members.push(member);
	store.subscribe(() => {
		tellHosts(shared);
		if (shared.members[shared.shown] === member) {
			notifyListeners(shared);
		}
	});
	return member;
}

export function createHosts(lanes: readonly Lane[], given: Given): Hosts {
	const shared: Shared = {
		members: [], listeners: new Set(), shown: 0, sentLines: '', given,
	};
	const {members, listeners} = shared;
	for (const lane of lanes) {
		addLane(shared, lane);
	}

	return {
		store: {
			getState: () => members[shared.shown]!.store.getState(),
			subscribe(listener) {
				listeners.add(listener);
				return () => {
					listeners.delete(listener);
				};
			},
			send(...messages) {
				if (members.length === 1) {
					members[0]!.store.send(...messages);
					return;
				}

				// A key may lead to another host, where those that came with it belong.
				for (const message of messages) {
					for (const {store} of forAll.has(message.kind) ? members : [members[shared.shown]!]) {
						store.send(message);
					}
				}
			},
		},
		states: () => members.map(({store}) => store.getState()),
		close() {
			for (const {close} of members) {
				close();
			}
		},
	};
}
