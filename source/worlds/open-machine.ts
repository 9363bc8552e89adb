/**
The world of a machine: a libvirt host, here or at the other end of ssh, or bare QEMUs here.
*/
import {homedir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {GlobalOptions} from '../invocation.ts';
import type {Host} from '../engine/ports.ts';
import {filePlaceOf, withoutSsh, type FilePlace} from '../hosts/libvirt/file-place.ts';
import {createLibvirtHost} from '../hosts/libvirt/host.ts';
import {chooseUri} from '../hosts/libvirt/uri.ts';
import {createMonitors} from '../hosts/shared/qmp/monitors.ts';
import {
	fail, mapResult, succeed, type Result,
} from '../model/result.ts';
import {readCurrentUser} from '../tools/run/current-user.ts';
import {readHostSettings} from '../tools/state/known-hosts.ts';
import {readPreferences} from '../tools/state/preferences.ts';
import {createChangingShells, type ChangingShells} from '../tools/run/changing-shell.ts';
import {createConversations, type StartConversation} from '../tools/run/conversation.ts';
import {createSocketForwards, type ForwardSocket} from '../tools/run/forward-socket.ts';
import {createKeptShell, withKeptShell} from '../tools/run/kept-shell.ts';
import {createLineWatcher, createLocalRunner, type MoreEnvironment, type Runner} from '../tools/run/run.ts';
import {createSshRunner, sharedSshEnvironment, sshArgv, virshThere} from '../tools/run/ssh.ts';
import {checkStateFolder, stateFolder} from '../tools/state/state-folder.ts';
import {locksToInherit} from '../tools/state/domain-locks.ts';
import {createStateStore} from '../tools/state/state-store.ts';
import {assemble, type OpenWorld} from './assemble.ts';

/** Once it is closed, nothing is still being asked: a host that does not answer would keep the process alive until it has taken too long. */
function endingWith(host: Host, endReading: () => void | Promise<void>): Host {
	return {
		...host,
		async close() {
			await endReading();
			await host.close();
		},
	};
}

async function askUri(uri: string | undefined, local: Runner): Promise<Result<string>> {
	return mapResult(await local({argv: ['virsh', '-q', ...(uri === undefined ? [] : ['-c', uri]), 'uri'], where: 'here', timeoutMs: 30_000}), ({stdout}) => stdout.trim());
}

/**
Where the images are. An alias of libvirt.conf, or virsh's own default, may stand for another host: virsh says which, once, when the first image is
asked for.
*/
function findFilePlace(uri: string | undefined, local: Runner): () => Promise<Result<FilePlace>> {
	let known: Promise<Result<FilePlace>> | undefined;
	const find = async (): Promise<Result<FilePlace>> => {
		if (uri?.includes(':')) {
			return succeed(filePlaceOf(uri));
		}

		return mapResult(await askUri(uri, local), answer => filePlaceOf(answer));
	};

	return async () => {
		known ??= find();
		return known;
	};
}

/** For virsh, where its URI says that it connects by ssh: an alias does not, and virsh then connects by itself. For our own ssh the folder is made, where the connection is shared. */
function shareSsh(uri: string | undefined, controlFolder: string) {
	let environment: Promise<Record<string, string> | undefined> | undefined;
	return async (program: string) => {
		if ((program !== 'virsh' && program !== 'ssh') || uri === undefined || !/^[a-z]+\+ssh:/i.test(uri)) {
			return undefined;
		}

		environment ??= sharedSshEnvironment(controlFolder, process.env.PATH ?? '').catch(() => undefined);
		const forVirsh = await environment;
		return program === 'virsh' ? forVirsh : undefined;
	};
}

/** Fails with `state-folder-unsafe`. Nothing of it is read or made before. */
async function findStateFolder(): Promise<Result<string>> {
	const {uid, home: recordedHome} = readCurrentUser();
	const folderPath = stateFolder(process.env, {uid, homes: [homedir(), recordedHome]});
	const checked = await checkStateFolder(folderPath, uid);
	return checked.ok ? succeed(folderPath) : checked;
}

/** Bare QEMUs are on this machine: their monitors are sockets, their records files. */
async function openBare(options: GlobalOptions, folderPath: string): Promise<OpenWorld> {
	const [{gatherNames}, {createQemuHost}] = await Promise.all([import('../hosts/qemu/bare-names.ts'), import('../hosts/qemu/host.ts')]);
	const held = new Set<number>();
	const ending = new AbortController();
	const host = createQemuHost({
		runner: createLocalRunner({inheritFds: () => locksToInherit(held), ending: ending.signal}),
		named: gatherNames({qmp: options.qmp, images: options.images, folder: process.cwd()}),
		recordsPath: path.join(folderPath, 'bare'),
		isReadOnly: options.isReadOnly,
	});
	return assemble(endingWith(host, () => {
		ending.abort();
	}), createStateStore({folderPath, held}), {isReadOnly: options.isReadOnly, readRemoteArgv: async () => succeed(undefined)});
}

/** Fails with `usage` for a URI that leads to no host of ours, and with `state-folder-unsafe`. Nothing is asked of the host yet. */
export async function openMachine(options: GlobalOptions): Promise<Result<OpenWorld>> {
	const folder = await findStateFolder();
	if (!folder.ok) {
		return folder;
	}

	const folderPath = folder.value;
	if (options.qmp.length > 0 || options.images.length > 0) {
		return succeed(await openBare(options, folderPath));
	}

	const named = chooseUri({given: options.connect, environment: process.env, preferred: undefined});
	const preferences = named.ok && named.value === undefined ? await readPreferences() : undefined;
	if (preferences?.ok === false) {
		return preferences;
	}

	const uri = preferences === undefined ? named : chooseUri({given: undefined, environment: {}, preferred: preferences.value.connect});
	if (!uri.ok) {
		return uri;
	}

	return openLibvirt(uri.value, folderPath, options);
}

type Ways = {readPlace: () => Promise<Result<FilePlace>>; local: Runner; controlFolder: string; converse: StartConversation; changing: ChangingShells; sharing: MoreEnvironment};

/** What runs beside the images, and sockets there, on whichever machine that is. */
function reachFiles(given: Ways): {runner: Runner; reach: ForwardSocket; close(): Promise<void>} {
	const {
		readPlace, local, controlFolder, converse, changing, sharing,
	} = given;
	const here = withKeptShell(changing.at([], {moreEnvironment: async () => sharing('virsh')}), local);
	const hostHere = withKeptShell(createKeptShell(converse, []), here);
	let overSsh: Runner | undefined;
	let forwards: ReturnType<typeof createSocketForwards> | undefined;
	return {
		async runner(request) {
			const place = request.where === 'host' || request.isMutating ? await readPlace() : succeed({kind: 'here'} as const);
			if (!place.ok) {
				return place;
			}

			switch (place.value.kind) {
				case 'here': {
					return request.where === 'host' ? hostHere(request) : here(request);
				}

				case 'ssh': {
					const {target} = place.value;
					overSsh ??= createSshRunner(target, here, {controlFolder, converse, changing});
					return withoutSsh(await overSsh(request), target);
				}

				case 'elsewhere': {
					return request.where === 'host' ? fail(place.value.failure) : here(request);
				}
			}
		},
		async reach(socketPath) {
			const place = await readPlace();
			if (!place.ok || place.value.kind !== 'ssh') {
				return place.ok ? succeed(undefined) : place;
			}

			forwards ??= createSocketForwards(place.value.target, {controlFolder, converse});
			return forwards.reach(socketPath);
		},
		async close() {
			await forwards?.close();
		},
	};
}

/** Nothing is asked of the host yet. */
async function openLibvirt(uri: string | undefined, folderPath: string, options: GlobalOptions): Promise<Result<OpenWorld>> {
	const held = new Set<number>();
	const controlFolder = path.join(folderPath, 'ssh');
	const sharing = shareSsh(uri, controlFolder);
	const ending = new AbortController();
	const local = createLocalRunner({inheritFds: () => locksToInherit(held), moreEnvironment: sharing, ending: ending.signal});
	const settings = await readHostSettings(uri, async () => askUri(uri, local).then(answer => answer.ok ? answer.value : undefined));
	if (!settings.ok) {
		return settings;
	}

	const {overlayFolder} = settings.value ?? {};
	const isReadOnly = options.isReadOnly || settings.value?.isReadOnly === true;
	const conversations = createConversations({moreEnvironment: sharing});
	const readPlace = findFilePlace(uri, local);
	const changing = createChangingShells({inheritFds: () => locksToInherit(held)});
	const files = reachFiles({
		readPlace, local, controlFolder, converse: conversations.start, changing, sharing,
	});
	const host = createLibvirtHost({
		runner: files.runner,
		monitors: createMonitors({reach: files.reach}),
		lines: createLineWatcher({moreEnvironment: sharing}),
		uri,
		isReadOnly,
		hypervisor: 'libvirt',
		privatePath: path.join(folderPath, 'claims'),
		isFenced: true,
		reachesPools: true,
		converse: conversations.start,
		virshThere: uri === undefined ? undefined : virshThere(uri, controlFolder),
	});
	const store = createStateStore({folderPath, held, begin: changing.begin, letGo: changing.end});
	const endReading = async () => {
		ending.abort();
		await files.close();
		conversations.end();
	};

	return succeed(assemble(endingWith(host, endReading), store, {
		isReadOnly,
		overlayFolder,
		async readRemoteArgv() {
			const place = await readPlace();
			return place.ok ? succeed(place.value.kind === 'ssh' ? sshArgv(place.value.target) : undefined) : place;
		},
	}));
}
