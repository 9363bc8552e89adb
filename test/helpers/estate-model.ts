/**
A host in memory for properties of whole sequences: domains with their definitions and snapshot records as XML, on image files that are block contents.
Plans are run by interpreting their commands. Forgetting a record does what libvirt 9.0 does: it spoils the records of the children.
*/
import type {Domain, DomainDefinition} from '../../source/model/domain/domain.ts';
import type {Image} from '../../source/model/images/image.ts';
import type {Inventory} from '../../source/model/domain/inventory.ts';
import type {Pin} from '../../source/model/images/pin.ts';
import type {Command} from '../../source/model/plan/plan.ts';
import {pinsOfDomain} from '../../source/model/images/pins.ts';
import {frozenPath, type Checkpoint, type Snapshot} from '../../source/model/domain/snapshot.ts';
import {buildSnapshotXml, rewriteSnapshotXml} from '../../source/model/xml/change-snapshot.ts';
import {changeCheckpointParent} from '../../source/model/xml/change-checkpoint.ts';
import {changeDomainXml} from '../../source/model/xml/change-domain.ts';
import {parseCheckpointXml} from '../../source/model/xml/parse-checkpoint.ts';
import {parseDomainXml} from '../../source/model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../source/model/xml/parse-snapshot.ts';
import {unwrap} from './unwrap.ts';
import {argvOf} from './argv-of.ts';
import {
	addImage, contentOf, contentOfTag, emptyImages, runOnImages, type ModelImages,
} from './model-images.ts';

export type ModelDomain = {uuid: string; name: string; definitionXml: string; records: Map<string, string>; current: string | undefined; checkpoints: Map<string, string>};

export type Estate = {images: ModelImages; domains: ModelDomain[]; folder: string; libvirtVersion: number};

export function emptyEstate(folder: string, libvirtVersion: number): Estate {
	return {images: emptyImages(), domains: [], folder, libvirtVersion};
}

const parsedRecords = new Map<string, Snapshot>();
const parsedDefinitions = new Map<string, DomainDefinition>();

function cached<T>(known: Map<string, T>, xml: string, parse: () => T): T {
	let value = known.get(xml);
	if (value === undefined) {
		if (known.size > 5000) {
			known.clear();
		}

		value = parse();
		known.set(xml, value);
	}

	return value;
}

function definitionOf(domain: ModelDomain): DomainDefinition {
	return cached(parsedDefinitions, domain.definitionXml, () => unwrap(parseDomainXml(domain.definitionXml)));
}

export function snapshotsOf(domain: ModelDomain): Snapshot[] {
	return [...domain.records.values()].map(xml => cached(parsedRecords, xml, () => unwrap(parseSnapshotXml(xml))));
}

export function checkpointsOf(domain: ModelDomain): Checkpoint[] {
	return [...domain.checkpoints.values()].map(xml => unwrap(parseCheckpointXml(xml)));
}

export function headsOf(domain: ModelDomain): Map<string, string> {
	return new Map(definitionOf(domain).disks.map(disk => [disk.target, disk.sourcePath!]));
}

export function addDomain(estate: Estate, name: string, heads: Record<string, string>): ModelDomain {
	const uuid = `00000000-0000-4000-8000-${String(estate.domains.length).padStart(12, '0')}`;
	const disks = Object.entries(heads).map(([target, path]) => `<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${path}'/><target dev='${target}'/></disk>`);
	const domain: ModelDomain = {
		uuid, name, records: new Map(), current: undefined, checkpoints: new Map(),
		definitionXml: `<domain type='kvm'><name>${name}</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory><os><type>hvm</type></os><devices>${disks.join('')}</devices></domain>`,
	};
	estate.domains.push(domain);
	return domain;
}

function domainAs(domain: ModelDomain): Domain {
	return {uuid: domain.uuid, name: domain.name, state: 'shutoff', isPersistent: true, hasManagedSave: false, definition: definitionOf(domain), liveDefinition: undefined};
}

export function pinsOf(domain: ModelDomain): Pin[] {
	return pinsOfDomain(domainAs(domain), snapshotsOf(domain));
}

function imagesOf(estate: Estate): Image[] {
	return [...estate.images.files].flatMap(([path, file]): Image[] => file.format === undefined
		? []
		: [{
			path,
			format: file.format,
			virtualSizeBytes: 1024 ** 2,
			allocatedBytes: (file.blocks.size + 1) * 65_536,
			backingPath: file.backing,
			backingName: file.backing,
			backingFormat: file.backing === undefined ? undefined : 'qcow2',
			clusterSizeBytes: 65_536,
			internalSnapshots: [...file.tags.keys()].map(tag => ({tag, memoryBytes: 0})),
			bitmaps: [...file.bitmaps].map(([name, {isBroken}]) => ({name, isUsable: !isBroken, granularityBytes: 65_536})),
			file: {sizeBytes: 200_000, modifiedAt: file.modifiedAt, inode: String(file.inode), uid: 0, gid: 0, mode: file.mode, isRegular: true},
			problems: [],
		}]);
}

export function inventoryOf(estate: Estate, domain: ModelDomain): Inventory {
	return {
		host: {hypervisor: 'libvirt', uri: 'qemu:///system', hostname: 'host', libvirtVersion: estate.libvirtVersion, hypervisorVersion: 7_002_000, isReadOnly: false},
		details: {
			domain: domainAs(domain),
			snapshots: snapshotsOf(domain).map(snapshot => ({...snapshot, isCurrent: snapshot.name === domain.current})),
			currentSnapshot: domain.current,
			checkpoints: checkpointsOf(domain),
			images: imagesOf(estate),
			foreignPins: estate.domains.filter(other => other !== domain).flatMap(other => pinsOf(other)),
			unreadable: [],
			unreadableOthers: [],
		},
		definitionXml: domain.definitionXml,
		liveXml: undefined,
		folders: new Map([[estate.folder, {
			path: estate.folder, isWritable: true, freeBytes: 1024 ** 4, device: '1', names: new Set([...estate.images.files.keys()].map(path => path.slice(estate.folder.length + 1))),
		}]]),
		memoryFiles: new Map([...estate.images.files].flatMap(([path, {format}]) => format === undefined ? [[path, {kind: 'bad', path, reason: 'a model'} as const]] : [])),
		jobs: [],
		nvramPath: undefined,
		nvramFiles: new Map(),
	};
}

/** What every snapshot that can be gone back to holds, and the current state under ''. */
export function contentsOf(estate: Estate, domain: ModelDomain): Map<string, string> {
	const contents = new Map<string, string>();
	for (const snapshot of snapshotsOf(domain)) {
		for (const {target, mode} of snapshot.disks) {
			const path = frozenPath(snapshot, target);
			if (path !== undefined && mode !== 'no') {
				contents.set(`${snapshot.name}/${target}`, mode === 'internal' ? contentOfTag(estate.images, path, snapshot.name) : contentOf(estate.images, path));
			}
		}
	}

	for (const [target, path] of headsOf(domain)) {
		contents.set(`/${target}`, contentOf(estate.images, path));
	}

	return contents;
}

type NewModelSnapshot = {name: string; kind: 'internal' | 'external'; leftOut?: string; memoryPath?: string};

/** As virsh takes one of a domain that is off. `run` does to the images what must be done. */
export function takeSnapshot(estate: Estate, domain: ModelDomain, request: NewModelSnapshot, run: (argv: string[]) => void): void {
	const heads = headsOf(domain);
	const isIn = (target: string) => target !== request.leftOut;
	const overlays = new Map([...heads].filter(([target]) => isIn(target)).map(([target, path]) => [target, `${path.replace(/\.[^./]*$/u, '')}.${request.name}`]));
	const xml = buildSnapshotXml({
		name: request.name,
		description: undefined,
		state: 'shutoff',
		parent: domain.current,
		createdAt: estate.images.clock,
		memory: request.memoryPath === undefined ? {mode: 'no'} : {mode: 'external', path: request.memoryPath},
		disks: [...heads.keys()].map(target => ({target, mode: isIn(target) ? request.kind : 'no', overlayPath: request.kind === 'external' ? overlays.get(target) : undefined})),
		domainXml: domain.definitionXml,
	});
	for (const [target, path] of heads) {
		if (isIn(target)) {
			if (request.kind === 'internal') {
				run(['qemu-img', 'snapshot', '-c', request.name, path]);
			} else {
				run(['dd', 'if=/dev/null', `of=${overlays.get(target)!}`, 'conv=excl', 'status=none']);
				run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', path, overlays.get(target)!]);
			}
		}
	}

	if (request.memoryPath !== undefined) {
		addImage(estate.images, request.memoryPath, {format: undefined});
	}

	domain.records.set(request.name, xml);
	domain.current = request.name;
	if (request.kind === 'external') {
		domain.definitionXml = unwrap(changeDomainXml(domain.definitionXml, {sources: new Map([...overlays].map(([target, path]) => [target, {path, format: 'qcow2'}]))}));
	}
}

function valueOf(argv: readonly string[], option: string): string | undefined {
	const at = argv.indexOf(option);
	return at === -1 ? undefined : argv[at + 1];
}

function deleteMetadata(domain: ModelDomain, name: string): void {
	const snapshots = snapshotsOf(domain);
	const gone = snapshots.find(snapshot => snapshot.name === name);
	if (gone === undefined) {
		throw new Error(`no snapshot ${name}`);
	}

	domain.records.delete(name);
	const overlays = new Map(gone.disks.flatMap(disk => disk.overlayPath === undefined ? [] : [[disk.overlayPath, {path: frozenPath(gone, disk.target)!, format: 'qcow2'}] as const]));
	for (const child of snapshots.filter(({parent}) => parent === name)) {
		domain.records.set(child.name, unwrap(rewriteSnapshotXml(child.xml, {parent: gone.parent, overlays: new Map(), contents: overlays})));
	}

	if (domain.current === name) {
		domain.current = gone.parent !== undefined && domain.records.has(gone.parent) ? gone.parent : undefined;
	}
}

/** libvirt's own delete of an internal snapshot; of any other it is not to be asked here. */
function removeInternal(images: ModelImages, domain: ModelDomain, name: string): void {
	for (const {target, mode} of snapshotsOf(domain).find(snapshot => snapshot.name === name)?.disks ?? []) {
		if (mode === 'external') {
			throw new Error('libvirt must not delete images on its own here');
		}

		if (mode === 'internal') {
			runOnImages(images, ['qemu-img', 'snapshot', '-d', name, headsOf(domain).get(target)!]);
		}
	}
}

/** Its record alone; those after it come after the one before it. */
function deleteCheckpoint(domain: ModelDomain, name: string): void {
	const gone = checkpointsOf(domain).find(checkpoint => checkpoint.name === name);
	if (gone === undefined) {
		throw new Error(`no checkpoint ${name}`);
	}

	domain.checkpoints.delete(name);
	for (const child of checkpointsOf(domain).filter(({parent}) => parent === name)) {
		domain.checkpoints.set(child.name, unwrap(changeCheckpointParent(child.xml, gone.parent)));
	}
}

function runVirsh(images: ModelImages, domain: ModelDomain, command: Command): void {
	const argv = argvOf(command);
	const verb = argv[4]!;
	const name = valueOf(argv, '--snapshotname');
	const xml = command.files[0]?.text ?? '';
	switch (verb) {
		case 'define': {
			domain.definitionXml = xml;
			break;
		}

		case 'checkpoint-create': {
			const checkpoint = unwrap(parseCheckpointXml(xml));
			if (checkpoint.parent !== undefined && !domain.checkpoints.has(checkpoint.parent)) {
				throw new Error(`parent ${checkpoint.parent} of checkpoint ${checkpoint.name} not found`);
			}

			domain.checkpoints.set(checkpoint.name, xml);
			break;
		}

		case 'checkpoint-delete': {
			deleteCheckpoint(domain, valueOf(argv, '--checkpointname')!);
			break;
		}

		case 'snapshot-create': {
			const snapshot = unwrap(parseSnapshotXml(xml));
			if (snapshot.parent !== undefined && !domain.records.has(snapshot.parent)) {
				throw new Error(`parent ${snapshot.parent} of ${snapshot.name} not found`);
			}

			domain.records.set(snapshot.name, xml);
			domain.current = argv.includes('--current') ? snapshot.name : domain.current;
			break;
		}

		case 'snapshot-current': {
			domain.current = name;
			break;
		}

		case 'snapshot-delete': {
			if (!argv.includes('--metadata')) {
				removeInternal(images, domain, name!);
			}

			deleteMetadata(domain, name!);
			break;
		}

		default: {
			throw new Error(`not in the model: ${argv.join(' ')}`);
		}
	}
}

/** Whether what the command waits for is so. */
function isDue(estate: Estate, {onlyIf}: Command): boolean {
	return onlyIf?.kind === 'image-has-bitmap' ? estate.images.files.get(onlyIf.path)?.bitmaps.has(onlyIf.bitmap) ?? false : true;
}

/** One command of a plan. Throws where the host would refuse it. */
export function runCommand(estate: Estate, domain: ModelDomain, command: Command): void {
	if (!isDue(estate, command)) {
		return;
	}

	if (command.tool === 'virsh') {
		const isSnapshot = argvOf(command)[4]!.startsWith('snapshot-');
		if (isSnapshot && domain.checkpoints.size > 0 && estate.libvirtVersion < 11_003_000) {
			throw new Error('cannot change snapshots while checkpoints exist');
		}

		runVirsh(estate.images, domain, command);
	} else {
		runOnImages(estate.images, argvOf(command));
	}
}
