/**
Puts the world together that the command line asked for: a libvirt host, here or at the other end of ssh, or the demo host.
*/
import {randomBytes} from 'node:crypto';
import {homedir, userInfo} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {GlobalOptions} from './arguments.ts';
import type {World} from './engine/execute.ts';
import type {Planning} from './engine/prepare.ts';
import type {Owner, StateStore} from './engine/ports.ts';
import {stampOf} from './engine/plan/overlay-name.ts';
import {createDemoHost} from './owners/demo/host.ts';
import {createMemoryStore} from './owners/demo/memory-store.ts';
import {createLibvirtOwner} from './owners/libvirt/owner.ts';
import {chooseUri} from './owners/libvirt/uri.ts';
import {succeed, type Result} from './model/result.ts';
import {takeKernelLock} from './tools/lock.ts';
import {openPreferences, type Preferences} from './tools/preferences.ts';
import {createLineWatcher, createLocalRunner} from './tools/run.ts';
import {createSshRunner, parseSshTarget, sshArgv} from './tools/ssh.ts';
import {createStateStore, stateFolder} from './tools/state-store.ts';

export type OpenWorld = {
	world: World;
	planning: Planning;
	preferences: Preferences;
	remoteArgv: string[] | undefined;
};

/** How long a changing command takes on the demo host, so that a person can watch it. */
const demoChangeMs = 150;

function person(): World['person'] {
	const {env} = process;
	return {
		user: env.SUDO_USER === undefined ? userInfo().username : `${env.SUDO_USER} (as ${userInfo().username})`,
		from: env.SSH_CONNECTION?.split(' ')[0],
	};
}

function assemble(owner: Owner, store: StateStore, more: Pick<OpenWorld, 'preferences' | 'remoteArgv'>): OpenWorld {
	const clock = {now: () => new Date()};
	return {
		world: {owner, store, clock, person: person()},
		planning: {owner, store, clock, nextId: () => `${stampOf(clock.now())}-${randomBytes(3).toString('hex')}`},
		...more,
	};
}

/** Fails with `usage` for a URI that leads to no host of ours. Nothing is asked of the host yet. */
export function openWorld(options: GlobalOptions): Result<OpenWorld> {
	const preferences = openPreferences();
	if (options.isDemo) {
		const {runner, lines} = createDemoHost({now: () => new Date(), changeMs: process.stdout.isTTY ? demoChangeMs : 0});
		const owner = createLibvirtOwner({runner, lines, uri: 'demo:///system', isReadOnly: options.isReadOnly, owner: 'demo'});
		return succeed(assemble(owner, createMemoryStore(), {preferences, remoteArgv: undefined}));
	}

	const uri = chooseUri({given: options.connect, environment: process.env, preferred: preferences.connect});
	if (!uri.ok) {
		return uri;
	}

	const folderPath = stateFolder(process.env, {uid: userInfo().uid, home: homedir()});
	const held = new Set<number>();
	const local = createLocalRunner({inheritFds: () => [...held]});
	const target = uri.value === undefined ? undefined : parseSshTarget(uri.value);
	const runner = target === undefined ? local : createSshRunner(target, local, {controlFolder: path.join(folderPath, 'ssh')});
	const owner = createLibvirtOwner({runner, lines: createLineWatcher(), uri: uri.value, isReadOnly: options.isReadOnly, owner: 'libvirt'});
	const store = createStateStore({folderPath, takeLock: takeKernelLock, held});
	return succeed(assemble(owner, store, {preferences, remoteArgv: target === undefined ? undefined : sshArgv(target)}));
}
