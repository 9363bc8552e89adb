/**
What a `<domainsnapshot>` and the flags beside it ask for, decided the way libvirt 9.0 does: the memory, the mode of each disk, the names of the overlays.
*/
import path from 'node:path';
import {pathOf, readDisks, type DiskPlace} from '../domain-xml.ts';
import {firstOf} from '../program.ts';
import {overlayName, type NewSnapshot, type SnapshotDisk} from '../snapshots.ts';
import type {DemoDomain, DemoWorld} from '../world.ts';
import {child, children, textAt, type XmlNode} from '../xml-node.ts';

type Asked = {world: DemoWorld; domain: DemoDomain; xml: XmlNode; flags: ReadonlySet<string>};

type Memory = NewSnapshot['memory'];

/** libvirt reads a mode from the file's name, too. */
function decideMemory({domain, xml, flags}: Asked): {memory: Memory; problem: string | undefined} {
	const {snapshot, file} = child(xml, 'memory')?.attributes ?? {};
	const mode = (snapshot ?? (file === undefined ? undefined : 'external')) as Memory['mode'] | undefined;
	const hasMemory = domain.live !== undefined && !flags.has('disk-only');
	const problem = firstOf(
		[mode !== undefined && mode !== 'no' && !hasMemory, 'XML error: memory state cannot be saved with offline or disk-only snapshot'],
		[mode === 'external' && !file?.startsWith('/'), 'XML error: memory snapshot file path (null) must be absolute'],
		[mode === 'no' && hasMemory, 'Operation not supported: internal snapshot of a running VM must include the memory state'],
		[flags.has('live') && mode !== 'external', 'Operation not supported: live snapshot creation is supported only during full system snapshots'],
	);
	return {problem, memory: mode === 'external' ? {mode, path: file} : {mode: hasMemory ? 'internal' : 'no'}};
}

function modeOf(place: DiskPlace, listed: XmlNode | undefined, byDefault: 'internal' | 'external'): SnapshotDisk['mode'] {
	const listedMode = listed && (listed.attributes.snapshot ?? (child(listed, 'source') ?? child(listed, 'driver') ? 'external' : byDefault));
	return (listedMode ?? (place.isWritable && place.path !== undefined ? byDefault : 'no')) as SnapshotDisk['mode'];
}

/** The disks that the document lists, by target: it may name them by path. */
function listedDisks(xml: XmlNode, places: readonly DiskPlace[]): Map<string, XmlNode> {
	return new Map(children(child(xml, 'disks'), 'disk').map(disk => {
		const {name = ''} = disk.attributes;
		return [places.find(({path}) => path === name)?.target ?? name, disk];
	}));
}

/** What libvirt asks of a plan before it touches anything. */
function problemOf({world, domain, flags}: Asked, places: readonly DiskPlace[], memory: Memory, disks: Map<string, SnapshotDisk>): string | undefined {
	const isReused = flags.has('reuse-external');
	for (const {target, path: place = ''} of places) {
		const {mode, overlayPath} = disks.get(target)!;
		const format = world.files.get(place)?.format;
		const overlay = world.files.get(overlayPath ?? '');
		const isNew = overlayPath !== undefined && !isReused;
		const problem = firstOf(
			[domain.blockJobs.has(target) && mode !== 'no', `block copy still active: disk '${target}' already in active block job`],
			[mode === 'internal' && format !== 'qcow2', `unsupported configuration: internal snapshot for disk ${target} unsupported for storage type ${format ?? 'none'}`],
			[overlayPath !== undefined && isReused && !overlay, `missing existing file for disk ${target}: ${overlayPath}: No such file or directory`],
			[
				isNew && overlay !== undefined && overlay.kind !== 'empty',
				`unsupported configuration: external snapshot file for disk ${target} already exists and is not a block device: ${overlayPath}`,
			],
			[isNew && !world.folders.has(path.posix.dirname(overlayPath)), `failed to create image file '${overlayPath}': No such file or directory`],
		);
		if (problem !== undefined) {
			return problem;
		}
	}

	const modes = new Set([memory.mode === 'external' ? 'external' : 'no', ...[...disks.values()].map(({mode}) => mode)]);
	return firstOf(
		[modes.has('internal') && modes.has('external'), 'unsupported configuration: mixing internal and external targets for a snapshot is not yet supported'],
		[!modes.has('internal') && !modes.has('external'), 'unsupported configuration: nothing selected for snapshot'],
	);
}

/** In the order in which libvirt looks at things. The reason for a refusal is in libvirt's words. */
export function decideSnapshot(asked: Asked): NewSnapshot & {refusal: string | undefined} {
	const {world, domain, xml, flags} = asked;
	const hasNoMetadata = flags.has('no-metadata');
	const atMs = world.now().getTime();
	const name = [textAt(xml, 'name') ?? '', String(Math.floor(atMs / 1000))].find(Boolean)!;
	const {memory, problem: memoryProblem} = decideMemory(asked);
	const byDefault = flags.has('disk-only') || memory.mode === 'external' ? 'external' : 'internal';
	const places = readDisks(domain.live ?? domain.definition);
	const listed = listedDisks(xml, places);
	const disks = new Map(places.map((place): [string, SnapshotDisk] => {
		const disk = listed.get(place.target);
		const mode = modeOf(place, disk, byDefault);
		return [place.target, mode === 'external' ? {mode, overlayPath: pathOf(disk) ?? overlayName(place.path ?? '', name)} : {mode}];
	}));
	const unknown = [...listed.keys()].find(target => !disks.has(target));
	const unfit = byDefault === 'internal' ? [...listed.keys()].find(target => disks.get(target)?.mode !== 'internal') : undefined;
	const refusal = firstOf(
		[!hasNoMetadata && name.includes('/'), `invalid snapshot name '${name}': name can't contain '/'`],
		[!hasNoMetadata && name.startsWith('.'), `invalid snapshot name '${name}': name can't start with '.'`],
	) ?? memoryProblem ?? firstOf(
		[unknown !== undefined, `unsupported configuration: no disk named '${unknown}'`],
		[unfit !== undefined, `unsupported configuration: disk '${unfit}' must use snapshot mode 'internal'`],
	) ?? problemOf(asked, places, memory, disks) ?? firstOf([!hasNoMetadata && domain.snapshots.has(name), `operation failed: domain moment ${name} already exists`]);
	return {refusal, name, description: textAt(xml, 'description'), atMs, memory, disks, isReused: flags.has('reuse-external'), hasNoMetadata};
}
