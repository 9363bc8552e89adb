/**
Reading and changing the XML of demo domains: the disks, the backing chains that libvirt writes below them, and the guest agent.
*/
import {firstOf} from './program.ts';
import {readChain, type DemoDomain, type DemoWorld} from './world.ts';
import {child, children, element, formatXml, mapChildren, mapXml, without, withAttributes, type XmlNode} from './xml-node.ts';

export const agentName = 'org.qemu.guest_agent.0';

export type DiskPlace = {target: string; path: string | undefined; isWritable: boolean};

const disksOf = new WeakMap<XmlNode, readonly DiskPlace[]>();

/** Each tree is read once, since trees never change: who writes to an image is asked of all domains. */
export function readDisks(domain: XmlNode | undefined): readonly DiskPlace[] {
	if (domain === undefined) {
		return [];
	}

	const disks = disksOf.get(domain) ?? children(child(domain, 'devices'), 'disk').map(disk => ({
		target: targetOf(disk),
		path: pathOf(disk),
		isWritable: disk.attributes.device !== 'cdrom' && child(disk, 'readonly') === undefined,
	}));
	disksOf.set(domain, disks);
	return disks;
}

/** Those that a guest writes to: neither read-only ones nor an empty drive. */
export function readWritableDisks(domain: XmlNode | undefined): Array<DiskPlace & {path: string}> {
	return readDisks(domain).filter((disk): disk is DiskPlace & {path: string} => disk.isWritable && disk.path !== undefined);
}

function targetOf(disk: XmlNode): string {
	return child(disk, 'target')?.attributes.dev ?? '';
}

/** Of a disk, or of an image below one. */
export function pathOf(node: XmlNode | undefined): string | undefined {
	return child(node, 'source')?.attributes.file;
}

export function mapDisks(domain: XmlNode, change: (disk: XmlNode) => XmlNode): XmlNode {
	return mapChildren(domain, part => part.name === 'devices' ? mapChildren(part, device => device.name === 'disk' ? change(device) : device) : part);
}

/** Other files under the same disks, by target. `<backingStore>` goes, because it told of the old files. */
function withSources(domain: XmlNode, paths: ReadonlyMap<string, string>, format = 'qcow2'): XmlNode {
	return mapDisks(domain, disk => {
		const file = paths.get(targetOf(disk));
		const changed: Record<string, Record<string, string>> = {source: {file: file ?? ''}, driver: {type: format}};
		return file === undefined
			? disk
			: mapChildren(without(disk, 'backingStore'), part => {
				const attributes = changed[part.name];
				return attributes ? withAttributes(part, attributes) : part;
			});
	});
}

/**
The chains written out below each disk, as libvirt shows them while a domain runs; `isLive` closes each with an empty element. `targets`: the disks that
are meant; the others keep what they have.
*/
export function withBackingChains(world: DemoWorld, domain: XmlNode, options: {isLive: boolean; targets?: ReadonlySet<string>}): XmlNode {
	return mapDisks(domain, disk => {
		const path = pathOf(disk);
		const isMeant = options.targets?.has(targetOf(disk)) ?? true;
		if (path === undefined || !isMeant || child(disk, 'readonly')) {
			return disk;
		}

		const below = readChain(world, path).files.slice(1);
		let chain = options.isLive ? element('backingStore') : undefined;
		for (const file of below.reverse()) {
			chain = element('backingStore', {type: 'file'}, [element('format', {type: file.format}), element('source', {file: file.path}), chain]);
		}

		return mapChildren(without(disk, 'backingStore'), part => part.name === 'source' && chain ? [part, chain] : part);
	});
}

/**
Both definitions get other images under their disks, by target, and tell of the chains of `targets` while the domain runs. `isPersistent`: whether the
definition that is kept is meant, too.
*/
export function switchDisks(world: DemoWorld, domain: DemoDomain, given: {paths: ReadonlyMap<string, string>; targets?: Set<string>; format?: string; isPersistent?: boolean}): void {
	const {paths, targets = new Set(paths.keys()), format, isPersistent = true} = given;
	if (isPersistent) {
		const definition = withSources(domain.definition, paths, format);
		domain.definition = domain.live ? withBackingChains(world, definition, {isLive: false, targets}) : definition;
	}

	domain.live &&= withBackingChains(world, withSources(domain.live, paths, format), {isLive: true, targets});
}

/** Why the guest agent does not answer, in libvirt's words. While a domain runs its channel tells. */
export function agentProblem(live: XmlNode | undefined): string | undefined {
	const target = children(child(live, 'devices'), 'channel').map(channel => child(channel, 'target')).find(found => found?.attributes.name === agentName);
	return firstOf(
		[!target, 'argument unsupported: QEMU guest agent is not configured'],
		[target?.attributes.state !== 'connected', 'Guest agent is not responding: QEMU guest agent is not connected'],
	);
}

export function withAgentState(domain: XmlNode, state: 'connected' | 'disconnected'): XmlNode {
	return mapXml(domain, node => node.name === 'target' && node.attributes.name === agentName ? withAttributes(node, {state}) : node);
}

const printed = new WeakMap<XmlNode, {open: string; redacted: string}>();

/** As `dumpxml` and its like print it: passwords only with `--security-info`. Each tree is formatted once, since trees never change. */
export function printXml(node: XmlNode, withSecrets: boolean): string {
	const texts = printed.get(node) ?? {open: formatXml(node), redacted: formatXml(mapXml(node, part => part.name === 'graphics' ? withAttributes(part, {passwd: undefined}) : part))};
	printed.set(node, texts);
	return withSecrets ? texts.open : texts.redacted;
}
