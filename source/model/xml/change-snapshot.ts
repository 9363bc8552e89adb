/**
Snapshot records as they are given to `snapshot-create --redefine`: existing ones with other overlays, and new ones.

Only the record's own `<disks>` and `<revertDisks>` are touched, never the disks of the domains that it stores.
*/
import type {ImagePlace} from '../images/image.ts';
import {succeed, type Result} from '../result.ts';
import type {SnapshotDisk, SnapshotMemory} from '../domain/snapshot.ts';
import {
	attribute, changeXml, checkText, contentOf, element, escapeAttribute, escapeText, find, findAll, keepOnly, nameOf, type XmlItem,
} from './change-xml.ts';
import {buildDisk} from './build/snapshot-request.ts';
import {putDisksOn} from './change-domain.ts';
import {checkpointsElement} from './checkpoints-note.ts';
import {frozenElement} from './frozen-note.ts';
import {decodeEntities} from './read-xml.ts';

type SnapshotChange = {
	/** Path of the overlay by the disk's target; only disks that are external in the record are changed. */
	overlays: Map<string, string>;
	/** Those of the overlays that are on block devices. One that the record names already stays what it is. */
	devices?: ReadonlySet<string>;
	dropRevertDisks: true;
};

function setOverlay(disk: XmlItem, path: string, devices: ReadonlySet<string>): void {
	const driver = find(contentOf(disk), 'driver');
	const source = find(contentOf(disk), 'source');
	const isDevice = devices.has(path) || attribute(source, 'dev') === path;
	disk[':@'] = {...disk[':@'], type: isDevice ? 'block' : 'file'};
	const kept = keepOnly(contentOf(disk), item => item !== driver && item !== source && nameOf(item) !== '#text');
	const newDriver: XmlItem = driver ? {...driver, ':@': {...driver[':@'], type: 'qcow2'}} : element('driver', {type: 'qcow2'});
	const newSource = element('source', {[isDevice ? 'dev' : 'file']: path}, source === undefined ? [] : contentOf(source).filter(item => ['seclabel', 'encryption'].includes(nameOf(item))));
	disk.disk = [...kept, newDriver, newSource];
}

function setOverlays(root: XmlItem, {overlays, devices = new Set()}: Pick<SnapshotChange, 'overlays' | 'devices'>): void {
	for (const disk of findAll(contentOf(find(contentOf(root), 'disks') ?? {}), 'disk')) {
		const overlayPath = overlays.get(attribute(disk, 'name') ?? '');
		if (overlayPath !== undefined && attribute(disk, 'snapshot') === 'external') {
			setOverlay(disk, overlayPath, devices);
		}
	}

	root.domainsnapshot = keepOnly(contentOf(root), item => nameOf(item) !== 'revertDisks');
}

/** Fails with `unreadable` where the document is broken, or where a path cannot be expressed in XML. */
export function changeSnapshotXml(xml: string, change: SnapshotChange): Result<string> {
	for (const path of change.overlays.values()) {
		const checked = checkText('A path for the XML of a snapshot', path);
		if (!checked.ok) {
			return checked;
		}
	}

	return changeXml(xml, 'The XML of a snapshot', ['domainsnapshot'], root => {
		setOverlays(root, change);
		return succeed(root);
	});
}

type SnapshotRewrite = {
	/** Undefined: it keeps its name. */
	name?: string;
	/** The snapshot that it comes after; undefined: it is a root. */
	parent: string | undefined;
	/** By target: the overlay that the record names. */
	overlays: Map<string, string>;
	/** Those of the overlays that are on block devices. */
	devices?: ReadonlySet<string>;
	/** By the old path: where the content of a frozen image is found. */
	contents: ReadonlyMap<string, ImagePlace>;
};

function setParent(root: XmlItem, parent: string | undefined): void {
	const content = contentOf(root);
	const known = find(content, 'parent');
	const made: XmlItem[] = parent === undefined ? [] : [{parent: [{name: [{'#text': escapeText(parent)}]}]}];
	if (known) {
		content.splice(content.indexOf(known), 1, ...made);
	} else {
		const name = find(content, 'name');
		content.splice(name ? content.indexOf(name) + 1 : 0, 0, ...made);
	}
}

function setName(root: XmlItem, name: string): void {
	const known = find(contentOf(root), 'name');
	if (known) {
		known.name = [{'#text': escapeText(name)}];
	}
}

/** Our notes in the domains that it stores name it as well. */
function renameNotes(root: XmlItem, name: string): void {
	const domains = contentOf(root).filter(item => nameOf(item) === 'domain' || nameOf(item) === 'inactiveDomain');
	const former = contentOf(find(contentOf(root), 'name') ?? {}).map(part => part['#text'] ?? '').join('');
	for (const note of domains.flatMap(domain => contentOf(find(contentOf(domain), 'metadata') ?? {})).filter(item => [frozenElement, checkpointsElement].includes(nameOf(item)))) {
		if (attribute(note, 'snapshot') === decodeEntities(former)) {
			note[':@'] = {...note[':@'], snapshot: escapeAttribute(name)};
		}
	}
}

/**
The whole record after images were merged, or under another name: its parent, the overlays in its `<disks>`, and the images that its stored domains name, without the recorded
chains under them. `<revertDisks>` goes, because a redefine drops it: what it says has to be among the overlays. Fails as `changeSnapshotXml`.
*/
export function rewriteSnapshotXml(xml: string, change: SnapshotRewrite): Result<string> {
	for (const text of [change.name ?? '', change.parent ?? '', ...change.overlays.values(), ...[...change.contents.values()].map(({path}) => path)]) {
		const checked = checkText('A path or name for the XML of a snapshot', text);
		if (!checked.ok) {
			return checked;
		}
	}

	return changeXml(xml, 'The XML of a snapshot', ['domainsnapshot'], root => {
		setOverlays(root, change);
		setParent(root, change.parent);
		if (change.name !== undefined) {
			renameNotes(root, change.name);
			setName(root, change.name);
		}

		for (const domain of contentOf(root).filter(item => nameOf(item) === 'domain' || nameOf(item) === 'inactiveDomain')) {
			const put = putDisksOn(domain, (_target, path) => path === undefined ? undefined : change.contents.get(path));
			if (!put.ok) {
				return put;
			}
		}

		return succeed(root);
	});
}

export type NewSnapshot = {
	name: string;
	description: string | undefined;
	state: string;
	parent: string | undefined;
	/** Unix seconds. */
	createdAt: number;
	memory: SnapshotMemory;
	disks: SnapshotDisk[];
	/** A whole document, with the root `domain`; a declaration before it is left out. */
	domainXml: string;
	/** The definition for the next start, beside one that runs. */
	inactiveDomainXml?: string;
};

/** A record in the order in which libvirt writes it. */
export function buildSnapshotXml(snapshot: NewSnapshot): string {
	const {memory} = snapshot;
	const bare = (xml: string) => xml.replace(/^\uFEFF?(?:\s+|<\?[\s\S]*?\?>|<!--[\s\S]*?-->)*/, '').trimEnd();
	const inactive = snapshot.inactiveDomainXml === undefined ? [] : [bare(snapshot.inactiveDomainXml)];
	return [
		'<domainsnapshot>',
		`  <name>${escapeText(snapshot.name)}</name>`,
		...(snapshot.description === undefined ? [] : [`  <description>${escapeText(snapshot.description)}</description>`]),
		`  <state>${escapeText(snapshot.state)}</state>`,
		...(snapshot.parent === undefined ? [] : ['  <parent>', `    <name>${escapeText(snapshot.parent)}</name>`, '  </parent>']),
		`  <creationTime>${snapshot.createdAt}</creationTime>`,
		`  <memory snapshot='${memory.mode}'${memory.mode === 'external' ? ` file='${escapeAttribute(memory.path)}'` : ''}/>`,
		'  <disks>',
		...snapshot.disks.map(disk => buildDisk(disk)),
		'  </disks>',
		bare(snapshot.domainXml),
		...inactive,
		'</domainsnapshot>',
		'',
	].join('\n');
}
