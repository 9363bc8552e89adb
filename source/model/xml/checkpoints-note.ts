/**
A note in the `<metadata>` of the domain that a record keeps: the checkpoints that the domain had when that state was left. Their bitmaps stay in the kept images, and
libvirt has no record of them any longer once another state is in place. It names the snapshot and the domain, so that a copy elsewhere says nothing.
*/
import type {NotedCheckpoint} from '../domain/snapshot.ts';
import {allOf, mapResult, type Result} from '../result.ts';
import {buildCheckpointXml} from './build/checkpoint.ts';
import {
	checkText, element, escapeText, type XmlItem,
} from './change-xml.ts';
import {noteIn, setNote} from './left-images.ts';
import {parseCheckpointXml} from './parse-checkpoint.ts';
import {
	attributeOf, childOf, childrenOf, readXml, textOf,
} from './read-xml.ts';

export const checkpointsElement = 'vsnap:checkpoints';
const namespace = 'urn:vsnap-tui:checkpoints:1';

export type CheckpointsNote = {snapshot: string; uuid: string; checkpoints: NotedCheckpoint[]};

/** `domainXml`: as the record has it. */
export function parseCheckpointsNote(domainXml: string | undefined): CheckpointsNote | undefined {
	if (!domainXml?.includes(`<${checkpointsElement}`)) {
		return undefined;
	}

	const text = noteIn(domainXml, checkpointsElement);
	const note = text === undefined ? undefined : readXml(text, 'A note of checkpoints', [checkpointsElement]);
	return note?.ok
		? {
			snapshot: attributeOf(note.value, 'snapshot') ?? '',
			uuid: attributeOf(note.value, 'domain') ?? '',
			checkpoints: childrenOf(note.value, 'vsnap:checkpoint').flatMap(node => {
				const checkpoint = parseCheckpointXml(textOf(childOf(node, 'vsnap:record')) ?? '');
				const origins = new Map(childrenOf(node, 'vsnap:origin').map(origin => [attributeOf(origin, 'disk') ?? '', attributeOf(origin, 'path') ?? '']));
				return checkpoint.ok ? [{checkpoint: checkpoint.value, origins}] : [];
			}),
		}
		: undefined;
}

/** `domain`: the root of a definition. Undefined takes the note away. Fails with `unreadable` where a text cannot be expressed in XML. */
export function setCheckpointsNote(domain: XmlItem, note: CheckpointsNote | undefined): Result<void> {
	const checkpoints = allOf((note?.checkpoints ?? []).map(({checkpoint: {name, description, parent, createdAt, disks}, origins}) => {
		const checked = allOf([...origins.values()].map(path => checkText('A path for the XML of a snapshot', path)));
		return checked.ok
			? mapResult(buildCheckpointXml({name, description, disks, recorded: {parent, createdAt}}), record => element('vsnap:checkpoint', {}, [
				element('vsnap:record', {}, [{'#text': escapeText(record)}]),
				...[...origins].map(([disk, path]) => element('vsnap:origin', {disk, path})),
			]))
			: checked;
	}));
	return mapResult(checkpoints, made => {
		setNote(domain, checkpointsElement, note && made.length > 0 ? element(checkpointsElement, {'xmlns:vsnap': namespace, snapshot: note.snapshot, domain: note.uuid}, made) : undefined);
	});
}
