/**
Reading and making the XML of demo domains: `<domain>` with its disks, and the backing chains that libvirt writes into it.
*/
import {readChain, type DemoWorld} from './world.ts';
import {child, children, element, formatXml, mapXml, textAt, without, type XmlNode} from './xml-node.ts';

export type NewDisk = {target: string; path: string; format?: 'qcow2' | 'raw'; device?: 'disk' | 'cdrom'};

export type NewDomain = {
	name: string;
	uuid: string;
	title?: string;
	description?: string;
	memoryMiB: number;
	cpus: number;
	disks: NewDisk[];
	/** VNC password: only `--security-info` shows it. */
	password?: string;
	/** The channel through which a guest agent would be spoken to. */
	hasAgentChannel?: boolean;
};

const agentName = 'org.qemu.guest_agent.0';

export function buildDomainXml(domain: NewDomain): XmlNode {
	const kibibytes = String(domain.memoryMiB * 1024);
	return element('domain', {type: 'kvm'}, [
		element('name', {}, domain.name),
		element('uuid', {}, domain.uuid),
		domain.title === undefined ? undefined : element('title', {}, domain.title),
		domain.description === undefined ? undefined : element('description', {}, domain.description),
		element('memory', {unit: 'KiB'}, kibibytes),
		element('currentMemory', {unit: 'KiB'}, kibibytes),
		element('vcpu', {placement: 'static'}, String(domain.cpus)),
		element('os', {}, [element('type', {arch: 'x86_64', machine: 'pc-q35-7.2'}, 'hvm'), element('boot', {dev: 'hd'})]),
		element('features', {}, [element('acpi'), element('apic')]),
		element('cpu', {mode: 'host-passthrough', check: 'none', migratable: 'on'}),
		element('clock', {offset: 'utc'}),
		element('on_poweroff', {}, 'destroy'),
		element('on_reboot', {}, 'restart'),
		element('on_crash', {}, 'destroy'),
		element('devices', {}, [
			element('emulator', {}, '/usr/bin/qemu-system-x86_64'),
			...domain.disks.map(disk => buildDiskXml(disk)),
			element('interface', {type: 'bridge'}, [element('source', {bridge: 'br0'}), element('model', {type: 'virtio'})]),
			domain.hasAgentChannel ? element('channel', {type: 'unix'}, [element('target', {type: 'virtio', name: agentName})]) : undefined,
			element('graphics', {type: 'vnc', port: '-1', autoport: 'yes', passwd: domain.password}),
			element('memballoon', {model: 'virtio'}),
		]),
	]);
}

function buildDiskXml(disk: NewDisk): XmlNode {
	const isCdrom = disk.device === 'cdrom';
	return element('disk', {type: 'file', device: disk.device ?? 'disk'}, [
		element('driver', {name: 'qemu', type: disk.format ?? 'qcow2'}),
		disk.path === '' ? undefined : element('source', {file: disk.path}),
		element('target', {dev: disk.target, bus: isCdrom ? 'sata' : 'virtio'}),
		isCdrom ? element('readonly') : undefined,
	]);
}

export type DiskPlace = {target: string; device: string; path: string | undefined; isWritable: boolean};

export function readDisks(domain: XmlNode | undefined): DiskPlace[] {
	return children(child(domain, 'devices'), 'disk').map(disk => ({
		target: targetOf(disk),
		device: disk.attributes.device ?? 'disk',
		path: child(disk, 'source')?.attributes.file,
		isWritable: disk.attributes.device !== 'cdrom' && child(disk, 'readonly') === undefined,
	}));
}

export type DiskSource = {path: string; format: string};

/** Other files under the same disks, by target. `<backingStore>` goes, because it told of the old files. */
export function withSources(domain: XmlNode, sources: ReadonlyMap<string, DiskSource>): XmlNode {
	return mapDisks(domain, disk => {
		const source = sources.get(targetOf(disk));
		return source === undefined
			? disk
			: {
				...without(disk, 'backingStore'),
				children: without(disk, 'backingStore').children.map(node => node.name === 'source'
					? element('source', {file: source.path})
					: (node.name === 'driver' ? {...node, attributes: {...node.attributes, type: source.format}} : node)),
			};
	});
}

/** The same with overlays, which are qcow2. */
export function withOverlays(domain: XmlNode, paths: ReadonlyMap<string, string>): XmlNode {
	return withSources(domain, new Map([...paths].map(([target, path]) => [target, {path, format: 'qcow2'}])));
}

/**
The chains written out below each disk, as libvirt shows them while a domain runs; `isLive` closes each with an empty element. `targets`: the disks that
are meant; the others keep what they have.
*/
export function withBackingChains(world: DemoWorld, domain: XmlNode, options: {isLive: boolean; targets?: ReadonlySet<string>}): XmlNode {
	return mapDisks(domain, disk => {
		const path = child(disk, 'source')?.attributes.file;
		const isMeant = options.targets?.has(targetOf(disk)) ?? true;
		if (path === undefined || !isMeant || child(disk, 'readonly')) {
			return disk;
		}

		const below = readChain(world, path).files.slice(1);
		let chain = options.isLive ? element('backingStore') : undefined;
		for (const file of below.reverse()) {
			chain = element('backingStore', {type: 'file'}, [element('format', {type: file.format}), element('source', {file: file.path}), chain]);
		}

		const bare = without(disk, 'backingStore');
		return {...bare, children: bare.children.flatMap(node => node.name === 'source' && chain ? [node, chain] : [node])};
	});
}

/** While a domain runs its channel tells whether an agent answers; undefined: there is no channel. */
export function readAgentState(live: XmlNode | undefined): 'connected' | 'disconnected' | undefined {
	const target = children(child(live, 'devices'), 'channel').map(channel => child(channel, 'target')).find(found => found?.attributes.name === agentName);
	return target && (target.attributes.state === 'connected' ? 'connected' : 'disconnected');
}

export function withAgentState(domain: XmlNode, state: 'connected' | 'disconnected'): XmlNode {
	return mapXml(domain, node => node.name === 'target' && node.attributes.name === agentName ? {...node, attributes: {...node.attributes, state}} : node)!;
}

const printed = new WeakMap<XmlNode, {open: string; redacted: string}>();

/** As `dumpxml` and its like print it: passwords only with `--security-info`. Each tree is formatted once, since trees never change. */
export function printXml(node: XmlNode, withSecrets: boolean): string {
	const texts = printed.get(node) ?? {open: formatXml(node), redacted: formatXml(withoutSecrets(node))};
	printed.set(node, texts);
	return withSecrets ? texts.open : texts.redacted;
}

function withoutSecrets(node: XmlNode): XmlNode {
	return mapXml(node, part => part.name === 'graphics' ? {...part, attributes: Object.fromEntries(Object.entries(part.attributes).filter(([key]) => key !== 'passwd'))} : part)!;
}

export function readName(domain: XmlNode): string {
	return textAt(domain, 'name') ?? '';
}

function targetOf(disk: XmlNode): string {
	return child(disk, 'target')?.attributes.dev ?? '';
}

export function mapDisks(domain: XmlNode, change: (disk: XmlNode) => XmlNode): XmlNode {
	return {...domain, children: domain.children.map(part => part.name === 'devices'
		? {...part, children: part.children.map(device => device.name === 'disk' ? change(device) : device)}
		: part)};
}
