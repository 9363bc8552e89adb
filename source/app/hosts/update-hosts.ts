/**
Going from one host to another, and opening one that is known from the settings or from what was done before.
*/
import type {Option} from '../../actions/question.ts';
import type {Update} from '../browse/read.ts';
import {settle} from '../browse/select.ts';
import type {Message} from '../messages.ts';
import type {State} from '../state.ts';
import {describeHost} from './host-line.ts';

const idOf = (name: string) => `host:${name}`;

/** Its key: those that are open, and those that are known. */
export function askHosts(state: State): Update {
	return [state, [{kind: 'read-known-hosts'}]];
}

export function takeHosts(state: State, {hosts, own}: Message & {kind: 'hosts-told'}): State {
	return settle({...state, hosts: {all: hosts, own}});
}

export function takeKnownHosts(state: State, known: readonly string[]): State {
	if (state.scene.kind !== 'browse') {
		return state;
	}

	const {all, own} = state.hosts;
	const open = new Set([state.host.value?.uri, ...all.map(({name}) => name)]);
	const options: Option[] = [
		...all.map((host, index): Option => ({id: idOf(host.name), label: host.name, note: index === own ? 'this one' : describeHost(host), figure: index === own ? 'this one' : describeHost(host)})),
		...known.filter(name => !open.has(name)).map((name): Option => ({id: idOf(name), label: name, figure: 'open it'})),
	];
	return options.length === 0
		? {...state, notice: 'No other host is known: name them with -c, or in the settings as "hosts".'}
		: {...state, scene: {kind: 'menu', index: 0, title: 'Hosts', options}};
}

/** Undefined: another choice of a menu. */
export function chooseHost(state: State, id: string): Update | undefined {
	const name = /^host:(.*)$/su.exec(id)?.[1];
	return name === undefined ? undefined : [{...state, scene: {kind: 'browse'}}, [{kind: 'go-to-host', name}]];
}

/** The next one of those that are open, or the one before. */
export function goBeside(state: State, by: 1 | -1): Update {
	const {all, own} = state.hosts;
	const next = all[(own + by + all.length) % Math.max(1, all.length)];
	return all.length < 2 || next === undefined ? [{...state, notice: 'Only one host is open; H offers others.'}, []] : [state, [{kind: 'go-to-host', name: next.name}]];
}
