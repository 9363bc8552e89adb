/**
What a plan was made from, part by part. Read again at the moment of running: any part that differs stops the plan (exit 7).
*/
import {
	buildImageGraph, holdersOf, imageAt, overlaysOf,
} from '../model/images/image-graph.ts';
import {digest, type Fingerprint} from '../model/plan/fingerprint.ts';
import {headDisks, hasProcess} from '../model/domain/domain.ts';
import type {Inventory} from '../model/domain/inventory.ts';
import {pinsOfDomain} from '../model/images/pins.ts';

const imagePart = 'image ';

function describeImage(inventory: Inventory, path: string, isWritten: boolean): string {
	const {details} = inventory;
	const graph = buildImageGraph(details.images, [...details.foreignPins, ...pinsOfDomain(details.domain, details.snapshots)]);
	const image = imageAt(graph, path);
	const facts = image?.file;
	// A head that a running guest writes to changes all the time: of it only the identity counts.
	const age = isWritten ? '' : `${facts?.sizeBytes} ${facts?.modifiedAt}`;
	const holders = holdersOf(graph, path).map(pin => `${pin.domainUuid} ${pin.label} ${pin.hold}`).sort();
	return `${facts?.inode} ${age} ${image?.backingPath} ${holders.join('\n')} ${overlaysOf(graph, path).join('\n')}`;
}

/** `imagePaths`: the images on which the plan stands or that it removes. */
export function fingerprintOf(inventory: Inventory, imagePaths: Iterable<string>): Fingerprint {
	const {details} = inventory;
	const heads = new Set(hasProcess(details.domain) ? pinsOfDomain(details.domain, []).filter(pin => pin.hold === 'head').map(pin => pin.path) : []);
	const fingerprint: Fingerprint = {
		'its state': `${details.domain.state}${details.domain.hasManagedSave ? ' with managed save' : ''}`,
		'its definition': digest(inventory.definitionXml),
		'its disks': digest(headDisks(details.domain).map(disk => `${disk.target} ${disk.sourcePath}`).join('\0')),
		'unreadable records': digest([...details.unreadable, ...details.unreadableOthers].map(({name}) => name).join('\0')),
		'its snapshots': digest([details.currentSnapshot ?? '', ...details.snapshots.map(snapshot => snapshot.xml)].join('\0')),
		'its checkpoints': digest(details.checkpoints.map(checkpoint => checkpoint.xml).join('\0')),
		'its jobs': inventory.jobs.map(({text}) => text).join('; '),
		// The current ones are written to by a guest that runs, and its emulators.
		'its copies of firmware variables': digest([...inventory.nvramFiles].filter(([path]) => path !== inventory.nvramPath && path !== inventory.tpmPath)
			.map(([path, {inode, modifiedAt, sizeBytes}]) => `${path} ${inode} ${modifiedAt} ${sizeBytes}`).join('\0')),
	};
	for (const path of imagePaths) {
		fingerprint[`${imagePart}${path}`] = digest(describeImage(inventory, path, heads.has(path)));
	}

	return fingerprint;
}

/** The images that a fingerprint speaks of, so that the same can be read again. */
export function imagesOf(fingerprint: Fingerprint): string[] {
	return Object.keys(fingerprint).filter(part => part.startsWith(imagePart)).map(part => part.slice(imagePart.length));
}
