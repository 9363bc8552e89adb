/**
A `<domainsnapshot>` as it is given to libvirt to have a snapshot made: only what is asked for. Records of snapshots that are there stand in change-snapshot.ts.
*/
import {allOf, succeed, type Result} from '../../result.ts';
import type {SnapshotDisk, SnapshotMemory} from '../../domain/snapshot.ts';
import {checkText, escapeAttribute, escapeText} from '../change-xml.ts';

type SnapshotRequest = {
	name: string;
	description: string | undefined;
	memory: SnapshotMemory;
	/** Those of which something is to be said. */
	disks: SnapshotDisk[];
};

export function buildDisk({target, mode, overlayPath}: SnapshotDisk): string {
	const head = `    <disk name='${escapeAttribute(target)}' snapshot='${mode}'`;
	return overlayPath === undefined
		? `${head}/>`
		: `${head} type='file'>\n      <driver type='qcow2'/>\n      <source file='${escapeAttribute(overlayPath)}'/>\n    </disk>`;
}

/** Fails with `unreadable` where a text cannot be expressed in XML. */
export function buildSnapshotRequest({name, description, memory, disks}: SnapshotRequest): Result<string> {
	const memoryPath = memory.mode === 'external' ? memory.path : undefined;
	const checked = allOf([name, description ?? '', memoryPath ?? '', ...disks.map(disk => disk.overlayPath ?? '')].map(text => checkText('A name, description or path for the XML of a snapshot', text)));
	if (!checked.ok) {
		return checked;
	}

	return succeed([
		'<domainsnapshot>',
		`  <name>${escapeText(name)}</name>`,
		...(description === undefined ? [] : [`  <description>${escapeText(description)}</description>`]),
		`  <memory snapshot='${memory.mode}'${memoryPath === undefined ? '' : ` file='${escapeAttribute(memoryPath)}'`}/>`,
		...(disks.length === 0 ? [] : ['  <disks>', ...disks.map(disk => buildDisk(disk)), '  </disks>']),
		'</domainsnapshot>',
		'',
	].join('\n'));
}
