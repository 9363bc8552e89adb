/**
Starting, stopping and resuming demo domains, with the words of libvirt where it cannot be done.
*/
import {readDisks, withAgentState, withBackingChains} from './domain-xml.ts';
import {announce, readChain, type DemoDomain, type DemoWorld} from './world.ts';
import type {XmlNode} from './xml-node.ts';

/** The reason why it cannot be done, in libvirt's words; undefined when it is done. */
export type Refusal = string | undefined;

export const notRunning = 'Requested operation is not valid: domain is not running';

export function startDomain(world: DemoWorld, domain: DemoDomain, options: {xml?: XmlNode; isPaused: boolean; how: 'Booted' | 'Restored'}): Refusal {
	const xml = options.xml ?? domain.definition;
	for (const disk of readDisks(xml)) {
		const missing = disk.path === undefined ? undefined : readChain(world, disk.path).missing;
		if (missing !== undefined) {
			return `Cannot access storage file '${missing}': No such file or directory`;
		}

		const holder = disk.path !== undefined && disk.isWritable ? writerOf(world, disk.path) : undefined;
		if (holder) {
			return `internal error: process exited while connecting to monitor: Failed to get "write" lock\nIs another process using the image [${disk.path}]?`;
		}
	}

	domain.id = world.nextId++;
	domain.state = options.isPaused ? 'paused' : 'running';
	const live = withAgentState(withBackingChains(world, xml, {isLive: true}), domain.hasAgent ? 'connected' : 'disconnected');
	domain.live = {...live, attributes: {...live.attributes, id: String(domain.id)}};
	letGuestWrite(world, domain);
	announce(world, domain, options.how === 'Restored' ? 'Started Restored' : 'Started Booted');
	announce(world, domain, options.isPaused ? 'Suspended Paused' : 'Resumed Unpaused');
	return undefined;
}

export function stopDomain(world: DemoWorld, domain: DemoDomain): Refusal {
	if (domain.state === 'shutoff') {
		return notRunning;
	}

	for (const job of [domain.job, ...domain.blockJobs.values()]) {
		job?.abort.abort();
	}

	domain.id = undefined;
	domain.live = undefined;
	domain.state = 'shutoff';
	domain.job = undefined;
	domain.blockJobs.clear();
	announce(world, domain, 'Stopped Destroyed');
	return undefined;
}

export function suspendDomain(world: DemoWorld, domain: DemoDomain): Refusal {
	if (domain.state === 'shutoff') {
		return notRunning;
	}

	if (domain.state === 'running') {
		domain.state = 'paused';
		announce(world, domain, 'Suspended Paused');
	}

	return undefined;
}

export function resumeDomain(world: DemoWorld, domain: DemoDomain): Refusal {
	if (domain.state === 'shutoff') {
		return notRunning;
	}

	if (domain.state === 'running') {
		return 'Requested operation is not valid: domain is already running';
	}

	domain.state = 'running';
	announce(world, domain, 'Resumed Unpaused');
	return undefined;
}

/** A guest that runs writes to each of its disks. */
export function letGuestWrite(world: DemoWorld, domain: DemoDomain): void {
	for (const disk of readDisks(domain.live).filter(({isWritable, path}) => isWritable && path !== undefined)) {
		world.files.get(disk.path!)?.writes.push(world.nextWrite++);
	}
}

/** The running domain that writes to this image: it holds QEMU's write lock. */
export function writerOf(world: DemoWorld, path: string): DemoDomain | undefined {
	return [...world.domains.values()].find(domain => readDisks(domain.live).some(disk => disk.isWritable && disk.path === path));
}

/** The running domain that has this image open, be it to read only. */
export function userOf(world: DemoWorld, path: string): DemoDomain | undefined {
	return [...world.domains.values()].find(domain =>
		readDisks(domain.live).some(disk => disk.path !== undefined && readChain(world, disk.path).files.some(file => file.path === path)));
}
