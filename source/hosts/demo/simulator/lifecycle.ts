/**
Starting, stopping and resuming demo domains, with the words of libvirt where it cannot be done.
*/
import {readDisks, readWritableDisks, withAgentState, withBackingChains} from './domain-xml.ts';
import {announce, readChain, type DemoDomain, type DemoWorld} from './world.ts';
import {withAttributes, type XmlNode} from './xml-node.ts';

/** The reason why it cannot be done, in libvirt's words; undefined when it is done. */
export type Refusal = string | undefined;

export const notRunning = 'Requested operation is not valid: domain is not running';

export function startDomain(world: DemoWorld, domain: DemoDomain, options: {xml?: XmlNode; isPaused: boolean}): Refusal {
	const {xml = domain.definition, isPaused} = options;
	for (const {path, isWritable} of readDisks(xml)) {
		const missing = path === undefined ? undefined : readChain(world, path).missing;
		if (missing !== undefined) {
			return `Cannot access storage file '${missing}': No such file or directory`;
		}

		if (path !== undefined && isWritable && writerOf(world, path)) {
			return `internal error: process exited while connecting to monitor: Failed to get "write" lock\nIs another process using the image [${path}]?`;
		}
	}

	domain.id = world.nextId++;
	domain.state = isPaused ? 'paused' : 'running';
	const live = withAgentState(withBackingChains(world, xml, {isLive: true}), domain.hasAgent ? 'connected' : 'disconnected');
	domain.live = withAttributes(live, {id: String(domain.id)});
	letGuestWrite(world, domain);
	announce(world, domain, 'Started Booted');
	return undefined;
}

export function stopDomain(world: DemoWorld, domain: DemoDomain): Refusal {
	if (domain.state === 'shutoff') {
		return notRunning;
	}

	for (const job of [domain.job, ...domain.blockJobs.values()]) {
		job?.abort.abort();
	}

	Object.assign(domain, {id: undefined, live: undefined, state: 'shutoff', job: undefined});
	domain.blockJobs.clear();
	announce(world, domain, 'Stopped Destroyed');
	return undefined;
}

export function suspendDomain(world: DemoWorld, domain: DemoDomain): Refusal {
	if (domain.state === 'running') {
		domain.state = 'paused';
		announce(world, domain, 'Suspended Paused');
	}

	return domain.state === 'shutoff' ? notRunning : undefined;
}

export function resumeDomain(world: DemoWorld, domain: DemoDomain): Refusal {
	if (domain.state !== 'paused') {
		return domain.state === 'shutoff' ? notRunning : 'Requested operation is not valid: domain is already running';
	}

	domain.state = 'running';
	announce(world, domain, 'Resumed Unpaused');
	return undefined;
}

/** A guest that runs writes to each of its disks. */
export function letGuestWrite(world: DemoWorld, domain: DemoDomain): void {
	for (const {path} of readWritableDisks(domain.live)) {
		world.files.get(path)?.writes.push(world.nextWrite++);
	}
}

/** The running domain that writes to this image: it holds QEMU's write lock. */
export function writerOf(world: DemoWorld, path: string): DemoDomain | undefined {
	return [...world.domains.values()].find(domain => readWritableDisks(domain.live).some(disk => disk.path === path));
}

/** The running domain that has this image open, be it to read only. */
export function userOf(world: DemoWorld, path: string): DemoDomain | undefined {
	return [...world.domains.values()].find(domain =>
		readDisks(domain.live).some(disk => disk.path !== undefined && readChain(world, disk.path).files.some(file => file.path === path)));
}
