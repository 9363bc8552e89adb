/**
A `<domainsnapshot>` that a person gives to have a snapshot made: what it asks for, by the rules of libvirt. What libvirt ignores there (state, parent, stored
domains) is ignored. One with `<branch>` asks for a second line of development (docs/facts/behaviour.md#branches-need-two-layers).
*/
import type {CreateAction, DiskRequest} from '../../model/plan/request.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {Given, GivenOf} from '../spec.ts';
import {toSnapshotMode} from '../../model/xml/parse-domain.ts';
import {localPathOf} from '../../model/xml/build/source-element.ts';
import {
	attributeOf, childOf, childrenOf, malformationOf, readXml, rootNameOf, textOf, type XmlNode,
} from '../../model/xml/read-xml.ts';

type SnapshotDocument = {
	/** Undefined: left out or empty; then it is named by the time. */
	name: string | undefined;
	description: string | undefined;
	memory: CreateAction['memory'];
	disks: DiskRequest[];
	/** What stands in `<branch>`. */
	branch: string | undefined;
};

function refuse(message: string, hint: string): Result<never> {
	return fail({kind: 'usage', message: `The <domainsnapshot>: ${message}`, hint});
}

const wholeRemedy = 'It must be a whole <domainsnapshot>, as for virsh snapshot-create.';

function filled(node: XmlNode | undefined): string | undefined {
	const text = textOf(node);
	return text === '' ? undefined : text;
}

function readMemory(node: XmlNode | undefined): Result<CreateAction['memory']> {
	if (node === undefined) {
		return succeed(undefined);
	}

	const path = attributeOf(node, 'file');
	const mode = attributeOf(node, 'snapshot') ?? (path === undefined ? undefined : 'external');
	if (mode === undefined) {
		return succeed(undefined);
	}

	if (mode !== 'no' && mode !== 'internal' && mode !== 'external') {
		return refuse(`the memory cannot be "${mode}".`, 'It is one of: no, internal, external.');
	}

	return path !== undefined && mode !== 'external'
		? refuse(`a memory file is named, but the memory is "${mode}".`, 'A file needs snapshot=\'external\'.')
		: succeed({mode, ...(path === undefined ? {} : {path})});
}

/** What libvirt takes of a disk in such a document, and is made here as well. */
const carried = {
	disk: {attributes: new Set(['name', 'snapshot', 'type']), children: new Set(['driver', 'source'])},
	driver: {attributes: new Set(['type', 'name']), children: new Set<string>()},
	source: {attributes: new Set(['file', 'dev', 'index', 'startupPolicy']), children: new Set<string>()},
};

/** The first thing of a disk that would silently be lost: `<seclabel>`, `<metadata_cache>`, "cache" of `<driver>` … */
function notCarried(disk: XmlNode): string | undefined {
	const parts = [['disk', disk], ['driver', childOf(disk, 'driver')], ['source', childOf(disk, 'source')]] as const;
	for (const [name, node] of parts) {
		const child = Object.keys(node ?? {}).find(key => key !== '#text' && key !== ':@' && !carried[name].children.has(key));
		const attribute = Object.keys(node?.[':@'] ?? {}).find(key => !carried[name].attributes.has(key) && (name !== 'source' || localPathOf(node) !== undefined));
		if (child !== undefined || attribute !== undefined) {
			return child === undefined ? `"${attribute!}" of <${name}>` : `<${child}>`;
		}
	}

	return undefined;
}

function readDisk(node: XmlNode): Result<DiskRequest> {
	const target = attributeOf(node, 'name') ?? '';
	if (target === '') {
		return refuse('a <disk> has no name.', 'Its name is the target of the disk, or the file that it is on.');
	}

	const asked = attributeOf(node, 'snapshot');
	const mode = toSnapshotMode(asked);
	if (asked !== undefined && mode === undefined) {
		return refuse(`the disk ${target} cannot be "${asked}".`, 'It is one of: no, internal, external, manual.');
	}

	const more = notCarried(node);
	if (more !== undefined) {
		return refuse(`the disk ${target} asks for ${more}, which is not supported.`, 'Leave it out, or use virsh snapshot-create with the document.');
	}

	const [driver, type] = [attributeOf(childOf(node, 'driver'), 'name') ?? 'qemu', attributeOf(node, 'type') ?? 'file'];
	if (driver !== 'qemu' || (type !== 'file' && type !== 'block')) {
		return refuse(`the disk ${target} asks for an overlay of the ${driver === 'qemu' ? `type "${type}"` : `driver "${driver}"`}.`, 'Overlays are made on files and block devices, for the driver qemu.');
	}

	const format = attributeOf(childOf(node, 'driver'), 'type');
	if (format !== undefined && format !== 'qcow2') {
		return refuse(`the disk ${target} asks for an overlay in ${format}.`, 'Overlays are always qcow2.');
	}

	const source = childOf(node, 'source');
	const path = localPathOf(source);
	const isNamed = Object.keys(source ?? {}).some(key => key !== '#text');
	if (path === undefined && (isNamed || type === 'block')) {
		return refuse(`the disk ${target} asks for an overlay that is ${type === 'block' ? 'on a block device without a name' : 'not a file'}.`, 'Overlays are files, or devices that are named: <source file=\'…\'/>, <source dev=\'…\'/>.');
	}

	return succeed({
		target, mode: mode ?? (path !== undefined || format !== undefined ? 'external' : undefined), ...(path === undefined ? {} : {path}), ...(type === 'block' && {isDevice: true as const}),
	});
}

/** Fails with `usage`, saying what is wrong in the document and what is allowed. */
export function parseSnapshotDocument(xml: string): Result<SnapshotDocument> {
	const malformation = xml.trim() === '' ? 'it is empty' : malformationOf(xml);
	if (/^[\w.-]+:domainsnapshot$/u.test(rootNameOf(xml) ?? '')) {
		return refuse('its elements have a prefix, which is not read.', 'Write them without it: <domainsnapshot>.');
	}

	if (malformation !== undefined) {
		return refuse(`${malformation.replace(/\.$/, '')}.`, wholeRemedy);
	}

	const read = readXml(xml, 'The document', ['domainsnapshot']);
	if (!read.ok) {
		return refuse(read.failure.kind === 'unreadable' ? `${read.failure.reason}.` : 'it cannot be read.', wholeRemedy);
	}

	const root = read.value;
	const memory = readMemory(childOf(root, 'memory'));
	if (!memory.ok) {
		return memory;
	}

	const disks: DiskRequest[] = [];
	for (const node of childrenOf(childOf(root, 'disks'), 'disk')) {
		const disk = readDisk(node);
		if (!disk.ok) {
			return disk;
		}

		disks.push(disk.value);
	}

	const branch = childOf(root, 'branch');
	if (branch !== undefined && filled(branch) === undefined) {
		return refuse('<branch> is empty.', 'It names the snapshot from which the branch begins.');
	}

	return succeed({
		name: filled(childOf(root, 'name')),
		description: filled(childOf(root, 'description')),
		memory: memory.value,
		disks,
		branch: filled(branch),
	});
}

/** How overlays come to be is said on the command line alone: libvirt's document has no word for it. */
function withReuse(disks: DiskRequest[], reuses: DiskRequest[]): DiskRequest[] {
	const merged = disks.map(disk => ({...disk, ...reuses.filter(({target}) => target === disk.target).map(({reuse}) => ({reuse}))[0]}));
	return [...merged, ...reuses.filter(({target}) => !disks.some(disk => disk.target === target))];
}

/**
What a document asks for, with what the command line says besides. `<branch>` names the snapshot where a branch begins and `<name>` the new line; where only the
name is that of a snapshot which is there, it is the other way round. Fails with `usage`.
*/
export function readSnapshotDocument(xml: string, given: GivenOf<'create'>, taken: ReadonlySet<string>): Result<Given> {
	const document = parseSnapshotDocument(xml);
	if (!document.ok) {
		return document;
	}

	const {name, description, memory, disks, branch} = document.value;
	if (branch === undefined) {
		return succeed({...given, snapshot: name, description, memory, disks: withReuse(disks, given.disks ?? [])});
	}

	return succeed(name !== undefined && !taken.has(branch) && taken.has(name)
		? {kind: 'branch', snapshot: name, name: branch}
		: {kind: 'branch', snapshot: branch, name});
}
