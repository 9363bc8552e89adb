/**
The hosts of a screen, put together from their services: what is painted and what is read aloud begin alike.
*/
import {mapResult} from '../../model/result.ts';
import {createEffectRunner} from '../effects.ts';
import type {ScreenHost, ScreenHosts, ScreenStart} from '../services.ts';
import type {Viewport} from '../scroll.ts';
import {initialState} from '../state.ts';
import {createHosts, type Hosts, type Lane} from './many-hosts.ts';

export type Stage = Parameters<typeof createEffectRunner>[1];

type Given = ScreenHosts & {start: ScreenStart; stage: Stage; viewport: Viewport; isLinear: boolean; /** Of the terminal, at this moment. */ size: () => {columns: number; rows: number}};

/** `programs`: as the program is called for each host, in the order of the states. */
export function openHosts({hosts, openHost, start, stage, viewport, isLinear, size}: Given): Hosts & {programs: ReadonlyArray<string | undefined>; now: () => number} {
	const programs: Array<string | undefined> = [];
	const [{services: {clock}}] = hosts;
	const now = () => clock.now().getTime();
	const laneOf = ({name, services}: ScreenHost, isFirst: boolean): Lane => {
		programs.push(services.program);
		return {
			name,
			initial: initialState({
				...size(), nowMs: now(), isReadOnly: services.isReadOnly, isLinear, start: isFirst ? start : {},
			}),
			createRunner: send => createEffectRunner(services, stage, send),
		};
	};

	const open = createHosts(hosts.map(host => laneOf(host, true)), {
		viewport, now, onQuit: stage.quit, open: async name => mapResult(await openHost(name), host => laneOf(host, false)),
	});
	return {...open, programs, now};
}
