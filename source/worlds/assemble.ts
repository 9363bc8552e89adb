/**
A host with all that is needed beside it to plan and to act on it.
*/
import {randomBytes} from 'node:crypto';
import process from 'node:process';
import type {Host, StateStore} from '../engine/ports.ts';
import type {Planning} from '../engine/prepare.ts';
import type {World} from '../engine/world.ts';
import type {Result} from '../model/result.ts';
import {stampOf} from '../model/text/format.ts';
import {readCurrentUser} from '../tools/run/current-user.ts';

export type OpenWorld = {
	world: World;
	planning: Planning;
	/** As it was asked for, or as the settings say of this host. */
	isReadOnly: boolean;
	/** `ssh … host`, where the images are on another machine. */
	readRemoteArgv: () => Promise<Result<string[] | undefined>>;
};

function person(): World['person'] {
	const {env} = process;
	return {
		user: env.SUDO_USER === undefined ? readCurrentUser().name : `${env.SUDO_USER} (as ${readCurrentUser().name})`,
		from: env.SSH_CONNECTION?.split(' ')[0],
	};
}

export function assemble(host: Host, store: StateStore, {overlayFolder, ...more}: Pick<OpenWorld, 'readRemoteArgv' | 'isReadOnly'> & {overlayFolder?: string | undefined}): OpenWorld {
	const clock = {now: () => new Date()};
	return {
		world: {host, store, clock, person: person()},
		planning: {host, store, clock, nextId: () => `${stampOf(clock.now())}-${randomBytes(3).toString('hex')}`, overlayFolder},
		...more,
	};
}
