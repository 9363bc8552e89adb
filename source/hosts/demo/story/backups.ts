/**
The backups of the demo estate: a folder of points in time for the database, one for each of its checkpoints.
*/
import path from 'node:path';
import {diskFileName, formatManifest, manifestName, type BackedUpDisk} from '../../../model/backup/manifest.ts';
import {stampOf} from '../../../model/text/format.ts';
import {redactDefinition} from '../../../model/plan/redact-secrets.ts';
import {readWritableDisks} from '../simulator/domain-xml.ts';
import {digestOf} from '../simulator/tools/files.ts';
import {addFile, addFolder, emptyImageBytes, type DemoDomain, type DemoFile, type DemoWorld} from '../simulator/world.ts';
import {formatXml, textAt, type XmlNode} from '../simulator/xml-node.ts';
import {gibibyte} from './tell.ts';

const folderOf = (name: string) => `/backup/${name}`;

type Point = {point: string; parent: Point | undefined; disks: BackedUpDisk[]; checkpoint: string};

function addDisk(world: DemoWorld, given: {file: string; target: string; head: DemoFile; backing: string | undefined; allocatedBytes: number; atMs: number}): BackedUpDisk {
	const {file, target, head: {virtualSizeBytes}, backing, allocatedBytes, atMs} = given;
	const added = addFile(world, {
		path: file, virtualSizeBytes, allocatedBytes, mode: 0o600, modifiedAtMs: atMs, backing: backing === undefined ? undefined : {name: backing, format: 'qcow2'},
	});
	return {
		disk: target, kind: backing === undefined ? 'full' : 'incremental', file: path.posix.basename(file), virtualSizeBytes, backing: backing ?? null, sizeBytes: allocatedBytes, sha256: digestOf(added),
	};
}

function addPoint(world: DemoWorld, domain: DemoDomain, {checkpoint, parent}: {checkpoint: XmlNode; parent: Point | undefined}): Point {
	const folder = folderOf(domain.name);
	const name = textAt(checkpoint, 'name')!;
	const atMs = Number(textAt(checkpoint, 'creationTime')) * 1000;
	const point = stampOf(new Date(atMs));
	const disks = readWritableDisks(domain.definition).map(({target, path: head}, index) => addDisk(world, {
		file: path.posix.join(folder, diskFileName(point, target)),
		target,
		head: world.files.get(head)!,
		backing: parent?.disks[index]?.file,
		allocatedBytes: emptyImageBytes + Math.round((parent === undefined ? (index === 0 ? 12 : 300) : (index === 0 ? 0.6 : 2.1)) * gibibyte / 65_536) * 65_536,
		atMs,
	}));
	const text = formatManifest({
		format: 'vsnap-tui-backup',
		version: 1,
		point,
		createdAt: new Date(atMs).toISOString(),
		parent: parent?.point ?? null,
		since: parent?.checkpoint ?? null,
		checkpoint: name,
		consistency: 'crash-consistent',
		description: textAt(checkpoint, 'description') ?? null,
		domain: {name: domain.name, uuid: domain.uuid, definition: redactDefinition(formatXml(domain.definition))},
		disks,
		extras: [],
	});
	addFile(world, {path: path.posix.join(folder, manifestName(point)), kind: 'text', format: 'raw', text, allocatedBytes: text.length, mode: 0o600, modifiedAtMs: atMs});
	return {point, parent, disks, checkpoint: name};
}

/** A point for each checkpoint of the domain, each built on the one before. Gives the folder, and when the last one was made. */
export function tellBackups(world: DemoWorld, domain: DemoDomain): {folder: string; atMs: number} {
	addFolder(world, folderOf(domain.name));
	let parent: Point | undefined;
	let atMs = 0;
	for (const checkpoint of domain.checkpoints.values()) {
		parent = addPoint(world, domain, {checkpoint, parent});
		atMs = Number(textAt(checkpoint, 'creationTime')) * 1000;
	}

	return {folder: folderOf(domain.name), atMs};
}
