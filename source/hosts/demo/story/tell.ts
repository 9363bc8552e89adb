/**
How the demo estate comes to be: each domain is told as data (what it has, and what happened to it), and leaves behind what libvirt and qemu-img would.
*/
import {createHash} from 'node:crypto';
import path from 'node:path';
import {stampOf} from '../../../model/text/format.ts';
import {readDisks, readWritableDisks, switchDisks} from '../simulator/domain-xml.ts';
import {startDomain, stopDomain} from '../simulator/lifecycle.ts';
import {createJob} from '../simulator/program.ts';
import {makeOverlay, overlayName, overlayParts, takeCheckpoint, takeSnapshot, type NewSnapshot, type SnapshotDisk} from '../simulator/snapshots.ts';
import {addDomain, addFile, addFolder, ownedByQemu, type DemoDomain, type DemoWorld} from '../simulator/world.ts';
import {child, mapXml, textAt} from '../simulator/xml-node.ts';
import {buildDomainXml} from './domain-document.ts';
import type {DomainFacts, DomainStory, Happening} from './domain-story.ts';

export const gibibyte = 1024 ** 3;
export const hourMs = 3_600_000;
export const images = '/var/lib/libvirt/images';

export function tell(world: DemoWorld, [facts, history = [], mishap]: DomainStory): void {
	const domain = tellDomain(world, facts);
	for (const happening of history) {
		if ('snapshot' in happening) {
			snapshot(world, domain, happening);
		} else if ('backTo' in happening) {
			goBack(world, domain, happening);
		} else {
			takeCheckpoint(world, domain, {...happening, name: happening.checkpoint, atMs: momentOf(world, happening)});
		}
	}

	mishap?.(world, domain);
}

function tellDomain(world: DemoWorld, facts: DomainFacts): DemoDomain {
	const {name, folder = images, fileStem = name, state = 'shutoff', hasManagedSave = false} = facts;
	const uuid = uuidOf(name);
	addFolder(world, folder);
	const disks = (facts.disks ?? [{gib: 20}]).map(({gib, used = 0.3, format = 'qcow2', onPath}, index) => {
		const target = `vd${String.fromCodePoint(97 + index)}`;
		const file = path.posix.join(folder, `${fileStem}-${target}.${format === 'raw' ? 'img' : 'qcow2'}`);
		addFile(world, {
			path: file, format, virtualSizeBytes: gib * gibibyte, allocatedBytes: roundToClusters(gib * used), modifiedAtMs: world.now().getTime() - 2000 * hourMs,
			backing: onPath === undefined ? undefined : {name: onPath, format: 'qcow2'}, ...ownedByQemu,
		});
		return {target, path: file, format};
	});
	const domain = addDomain(world, {uuid, name, definition: buildDomainXml(facts, uuid, disks), hasManagedSave, hasAgent: facts.agent === 'answers'});
	if (state !== 'shutoff') {
		startDomain(world, domain, {isPaused: state === 'paused'});
		domain.job = facts.backup && createJob('Backup', facts.backup.total * gibibyte, facts.backup.done * gibibyte);
	}

	return domain;
}

function snapshot(world: DemoWorld, domain: DemoDomain, happening: Extract<Happening, {snapshot: string}>): void {
	const {snapshot: name, kind = 'disks', gib = 0.7, without, description} = happening;
	const places = readDisks(domain.definition);
	const disks = new Map(places.map(({target, path: file, isWritable}): [string, SnapshotDisk] => {
		const mode = isWritable && target !== without ? (kind === 'internal' ? 'internal' : 'external') : 'no';
		return [target, {mode, overlayPath: mode === 'external' ? overlayName(file!, name) : undefined}];
	}));
	const memory: NewSnapshot['memory'] = kind === 'memory'
		? {mode: 'external', path: path.posix.join(path.posix.dirname(places[0]!.path!), `${domain.name}-${name}.mem`)}
		: {mode: kind === 'internal' && domain.live ? 'internal' : 'no'};
	takeSnapshot(world, domain, {name, description, atMs: momentOf(world, happening), memory, disks, allocatedBytes: roundToClusters(gib)});
}

/** Back to a snapshot, what was written since thrown away: what a careful revert leaves behind on libvirt 9.0. */
function goBack(world: DemoWorld, domain: DemoDomain, happening: Extract<Happening, {backTo: string}>): void {
	const {backTo: name, gib = 0.2} = happening;
	const record = domain.snapshots.get(name)!;
	const stateBefore = domain.state;
	stopDomain(world, domain);
	const atMs = momentOf(world, happening);
	const stamp = stampOf(new Date(atMs));
	const heads = new Map(readWritableDisks(child(record, 'domain')).map(({target, path: basePath}) => {
		const file = `${basePath.replace(/\.[^/]*$/, '')}.${stamp}`;
		makeOverlay(world, {path: file, basePath, atMs, allocatedBytes: roundToClusters(gib)});
		return [target, file];
	}));
	const records = [...domain.snapshots.values()];
	const frozen = new Set(records.flatMap(xml => readDisks(child(xml, 'domain')).map(disk => disk.path)));
	for (const disk of readWritableDisks(domain.definition)) {
		if (!frozen.has(disk.path)) {
			world.files.delete(disk.path);
		}
	}

	switchDisks(world, domain, {paths: heads});
	domain.currentSnapshot = name;
	if (!records.some(xml => textAt(xml, 'parent', 'name') === name)) {
		domain.snapshots.set(name, mapXml(record, part => {
			const head = part.name === 'disk' && heads.get(part.attributes.name ?? '');
			return head ? {...part, children: overlayParts(head)} : part;
		}));
	}

	if (stateBefore !== 'shutoff') {
		startDomain(world, domain, {isPaused: stateBefore === 'paused'});
	}
}

function momentOf(world: DemoWorld, {hoursAgo}: Happening): number {
	return world.now().getTime() - hoursAgo * hourMs;
}

function uuidOf(name: string): string {
	const hex = createHash('sha256').update(name).digest('hex');
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function roundToClusters(gib: number): number {
	return Math.max(3, Math.round(gib * gibibyte / 65_536)) * 65_536;
}
