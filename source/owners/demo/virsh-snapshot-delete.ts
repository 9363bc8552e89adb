/**
`virsh snapshot-delete` on the demo host, as libvirt 9.0 does it: internal ones with their state, any record with `--metadata`. What it does to the records
below is libvirt's own, and wrong where only a record goes: they then name the image of the snapshot that went.
*/
import {say, virshError, type Answer} from './answer.ts';
import {mapDisks, readDisks} from './domain-xml.ts';
import {
	descendantsOf, dropMoment, onMoment, parentOf,
} from './moments.ts';
import {specifyOptions} from './virsh-words.ts';
import {type VirshCommand, type VirshCall} from './virsh-call.ts';
import type {DemoDomain} from './world.ts';
import {
	child, children, mapXml, without, type XmlNode,
} from './xml-node.ts';

export const snapshotDeleteCommands: Record<string, VirshCommand> = {
	'snapshot-delete': {
		options: specifyOptions('domain!', 'snapshotname', '--current', '--children', '--children-only', '--metadata'),
		forbiddenReadOnly: {call: 'virDomainSnapshotDelete'},
		runOnDomain(call, domain) {
			const name = call.options.values.get('snapshotname') ?? domain.currentSnapshot ?? '';
			return onMoment('snapshot', domain.snapshots, name, () => remove(call, domain, name));
		},
	},
};

function disksOf(record: XmlNode, mode: 'internal' | 'external'): XmlNode[] {
	return children(child(record, 'disks'), 'disk').filter(disk => disk.attributes.snapshot === mode);
}

function remove(call: VirshCall, domain: DemoDomain, name: string): Answer {
	const {flags} = call.options;
	const below = flags.has('children') || flags.has('children-only') ? descendantsOf(domain.snapshots, name) : [];
	const going = [...below.reverse(), ...(flags.has('children-only') ? [] : [name])];
	for (const gone of flags.has('metadata') ? [] : going) {
		const refusal = deleteProblem(domain, gone);
		if (refusal !== undefined) {
			return virshError(`Failed to delete snapshot ${name}`, refusal);
		}
	}

	for (const gone of going) {
		if (!flags.has('metadata')) {
			dropTags(call, domain, gone);
		}

		forget(domain, gone);
	}

	return say('');
}

function deleteProblem(domain: DemoDomain, name: string): string | undefined {
	const record = domain.snapshots.get(name)!;
	const externals = disksOf(record, 'external').length;
	if (externals > 0) {
		return `unsupported configuration: deletion of ${externals} external disk snapshots not supported yet`;
	}

	const open = new Map(readDisks(domain.live).map(({target, path}) => [target, path]));
	const other = domain.live && frozenBy(record).find(({target, path}) => open.get(target) !== path);
	return other ? `Operation not supported: disk image '${other.path}' for internal snapshot '${name}' is not the same as disk image currently used by VM` : undefined;
}

function frozenBy(record: XmlNode) {
	const internal = new Set(disksOf(record, 'internal').map(({attributes}) => attributes.name));
	return readDisks(child(record, 'domain')).filter(({target}) => internal.has(target));
}

/** The first of that name in each image; that there is none is no failure. */
function dropTags({world}: VirshCall, domain: DemoDomain, name: string): void {
	for (const {path} of frozenBy(domain.snapshots.get(name)!)) {
		const image = world.files.get(path ?? '');
		const place = image?.tags.findIndex(({tag}) => tag === name) ?? -1;
		if (image && place !== -1) {
			const [gone] = image.tags.splice(place, 1);
			image.allocatedBytes -= gone!.memoryBytes;
			image.modifiedAtMs = world.now().getTime();
		}
	}
}

function forget(domain: DemoDomain, name: string): void {
	const gone = domain.snapshots.get(name)!;
	const below = descendantsOf(domain.snapshots, name);
	dropMoment(domain.snapshots, name);
	for (const other of below) {
		domain.snapshots.set(other, withoutOverlaysOf(gone, domain.snapshots.get(other)!));
	}

	if (domain.currentSnapshot === name) {
		domain.currentSnapshot = parentOf(gone);
	}
}

/** libvirt takes it that the overlay was merged into what the snapshot froze. */
function withoutOverlaysOf(gone: XmlNode, record: XmlNode): XmlNode {
	const frozen = new Map(children(child(child(gone, 'domain'), 'devices'), 'disk').map(disk => [child(disk, 'target')?.attributes.dev, disk]));
	const replaced = new Map(disksOf(gone, 'external').map(disk => [child(disk, 'source')?.attributes.file, frozen.get(disk.attributes.name)]));
	const nameOf = (node: XmlNode) => child(node, 'source')?.attributes.file;
	const isCutOut = (node: XmlNode) => node.name === 'backingStore' && replaced.has(nameOf(node));
	const change = (domain: XmlNode) => mapDisks(domain, disk => {
		const instead = replaced.get(nameOf(disk));
		const bare = without(disk, 'backingStore');
		return instead
			? {...bare, children: bare.children.map(part => ['source', 'driver'].includes(part.name) ? child(instead, part.name) ?? part : part)}
			: mapXml(disk, part => ({...part, children: part.children.flatMap(below => isCutOut(below) ? children(below, 'backingStore') : [below])}))!;
	});
	return {...record, children: record.children.map(part => ['domain', 'inactiveDomain'].includes(part.name) ? change(part) : part)};
}
