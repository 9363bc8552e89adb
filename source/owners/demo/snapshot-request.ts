/**
What a `<domainsnapshot>` and the flags beside it ask for, decided the way libvirt 9.0 does: the memory, the mode of each disk, the names of the overlays.
*/
import path from 'node:path';
import {readDisks, type DiskPlace} from './domain-xml.ts';
import {overlayName, type NewSnapshot, type SnapshotDisk} from './snapshots.ts';
import type {DemoDomain, DemoWorld} from './world.ts';
import {
	child, children, textAt, type XmlNode,
} from './xml-node.ts';

type Memory = NewSnapshot['memory'];

type Asked = {world: DemoWorld; domain: DemoDomain; xml: XmlNode; flags: ReadonlySet<string>};

/** The reason for a refusal, in libvirt's words. */
type Refused = {refusal: string};

const refuse = (refusal: string): Refused => ({refusal});

function decideMemory({domain, xml, flags}: Asked): Memory | Refused {
	const asked = child(xml, 'memory')?.attributes;
	const mode = asked?.snapshot ?? (asked?.file === undefined ? undefined : 'external');
	const isActive = domain.live !== undefined;
	const isDiskOnly = flags.has('disk-only');
	if (mode !== undefined && mode !== 'no' && (!isActive || isDiskOnly)) {
		return refuse('XML error: memory state cannot be saved with offline or disk-only snapshot');
	}

	if (mode === 'external') {
		return asked?.file?.startsWith('/') ? {mode, path: asked.file} : refuse('XML error: memory snapshot file path (null) must be absolute');
	}

	if (isActive && !isDiskOnly && mode === 'no') {
		return refuse('Operation not supported: internal snapshot of a running VM must include the memory state');
	}

	return {mode: isActive && !isDiskOnly ? 'internal' : 'no'};
}

function modeOf(place: DiskPlace, listed: XmlNode | undefined, byDefault: 'internal' | 'external'): string {
	if (listed) {
		return listed.attributes.snapshot ?? (child(listed, 'source') ?? child(listed, 'driver') ? 'external' : byDefault);
	}

	return place.isWritable && place.path !== undefined ? byDefault : 'no';
}

function alignDisks({domain, xml, flags}: Asked, given: {memory: Memory; name: string}): Map<string, SnapshotDisk> | Refused {
	const places = readDisks(domain.live ?? domain.definition);
	const listed = new Map(children(child(xml, 'disks'), 'disk').map(disk => {
		const {name = ''} = disk.attributes;
		return [places.find(place => place.path === name)?.target ?? name, disk];
	}));
	const unknown = [...listed.keys()].find(name => !places.some(({target}) => target === name));
	if (unknown !== undefined) {
		return refuse(`unsupported configuration: no disk named '${unknown}'`);
	}

	const byDefault = flags.has('disk-only') || given.memory.mode === 'external' ? 'external' : 'internal';
	const disks = new Map<string, SnapshotDisk>();
	for (const place of places) {
		const disk = listed.get(place.target);
		const mode = modeOf(place, disk, byDefault) as SnapshotDisk['mode'];
		if (byDefault === 'internal' && disk && mode !== 'internal') {
			return refuse(`unsupported configuration: disk '${place.target}' must use snapshot mode 'internal'`);
		}

		disks.set(place.target, mode === 'external'
			? {mode, overlayPath: child(disk, 'source')?.attributes.file ?? overlayName(place.path ?? '', given.name)}
			: {mode});
	}

	return disks;
}

function overlayProblem(world: DemoWorld, target: string, overlayPath: string, isReused: boolean): string | undefined {
	const file = world.files.get(overlayPath);
	if (isReused) {
		return file ? undefined : `missing existing file for disk ${target}: ${overlayPath}: No such file or directory`;
	}

	if (file && file.kind !== 'empty') {
		return `unsupported configuration: external snapshot file for disk ${target} already exists and is not a block device: ${overlayPath}`;
	}

	return world.folders.has(path.posix.dirname(overlayPath)) ? undefined : `failed to create image file '${overlayPath}': No such file or directory`;
}

/** What libvirt asks of a plan before it touches anything. */
function problemOf({world, domain, flags}: Asked, memory: Memory, disks: ReadonlyMap<string, SnapshotDisk>): string | undefined {
	const modes = new Set([...disks.values()].map(({mode}) => mode));
	const places = new Map(readDisks(domain.live ?? domain.definition).map(place => [place.target, place]));
	for (const [target, {mode, overlayPath}] of disks) {
		const file = world.files.get(places.get(target)?.path ?? '');
		if (domain.blockJobs.has(target) && mode !== 'no') {
			return `block copy still active: disk '${target}' already in active block job`;
		}

		if (mode === 'internal' && file?.format !== 'qcow2') {
			return `unsupported configuration: internal snapshot for disk ${target} unsupported for storage type ${file?.format ?? 'none'}`;
		}

		const problem = overlayPath === undefined ? undefined : overlayProblem(world, target, overlayPath, flags.has('reuse-external'));
		if (problem !== undefined) {
			return problem;
		}
	}

	if (modes.has('internal') && (modes.has('external') || memory.mode === 'external')) {
		return 'unsupported configuration: mixing internal and external targets for a snapshot is not yet supported';
	}

	return modes.has('internal') || modes.has('external') || memory.mode === 'external' ? undefined : 'unsupported configuration: nothing selected for snapshot';
}

function nameProblem(name: string): string | undefined {
	if (name.includes('/')) {
		return `invalid snapshot name '${name}': name can't contain '/'`;
	}

	return name.startsWith('.') ? `invalid snapshot name '${name}': name can't start with '.'` : undefined;
}

/** In the order in which libvirt looks at things. */
export function decideSnapshot(asked: Asked): NewSnapshot | Refused {
	const {world, domain, xml, flags} = asked;
	const atMs = world.now().getTime();
	const named = textAt(xml, 'name') ?? '';
	const name = named === '' ? String(Math.floor(atMs / 1000)) : named;
	const wrongName = flags.has('no-metadata') ? undefined : nameProblem(name);
	if (wrongName !== undefined) {
		return refuse(wrongName);
	}

	const memory = decideMemory(asked);
	if ('refusal' in memory) {
		return memory;
	}

	if (flags.has('live') && memory.mode !== 'external') {
		return refuse('Operation not supported: live snapshot creation is supported only during full system snapshots');
	}

	const disks = alignDisks(asked, {memory, name});
	if ('refusal' in disks) {
		return disks;
	}

	const problem = problemOf(asked, memory, disks);
	if (problem !== undefined) {
		return refuse(problem);
	}

	return domain.snapshots.has(name) && !flags.has('no-metadata')
		? refuse(`operation failed: domain moment ${name} already exists`)
		: {
			name, description: textAt(xml, 'description'), atMs, memory, disks, isReused: flags.has('reuse-external'), hasNoMetadata: flags.has('no-metadata'),
		};
}
