/**
Images whose content is not what somebody relies on: written to after they were frozen, written to at the next start, frozen twice.
*/
import {listNames} from '../../model/text/list-names.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {formatMoment} from '../../model/text/format.ts';
import {contentHoldersOf, imageAt, sharersOfDataFile} from '../../model/images/image-graph.ts';
import type {Pin} from '../../model/images/pin.ts';
import {trueMoment, type Snapshot} from '../../model/domain/snapshot.ts';
import {kindFactsOf} from '../../planner/hypervisor/capabilities.ts';
import {report, type Examination} from './domain-check.ts';
import {settleSeconds} from './image-findings.ts';

/** An overlay is younger than the last write to what it is backed by; QEMU may still finish a write in the moment of the switch. */
const switchSeconds = 10;
/** Around the time that the audit log tells. */
const auditSeconds = 5;

/** Whether the snapshot had certainly frozen its disks by then: with memory, that is saved first. Not where its record tells a time that cannot be true. */
function isAfter({surroundings, details: {snapshots}}: Examination, modifiedAt: number, snapshot: Snapshot): boolean {
	const facts = snapshot.memory.mode === 'external' ? surroundings.memoryFiles.get(snapshot.memory.path) : undefined;
	const frozenAt = Math.max(snapshot.createdAt, facts?.kind === 'good' ? Math.floor(Number(facts.modifiedAt)) : 0);
	return modifiedAt > frozenAt + settleSeconds && trueMoment(snapshots, snapshot) !== undefined;
}

/** A merge, a delete or a repair of ours writes into images that stay what they were for whoever reads them. */
function isOurOwnWrite({audit}: Examination, modifiedAt: number): boolean {
	return audit.some(({at, durationMs}) => {
		const endedAt = Date.parse(at) / 1000;
		return modifiedAt >= endedAt - (durationMs / 1000) - auditSeconds && modifiedAt <= endedAt + auditSeconds;
	});
}

function findChanged(examination: Examination): void {
	const {context: {graph}, frozenBy, ownPaths} = examination;
	for (const path of ownPaths) {
		const key = graph.keyOf(path);
		const modifiedAt = Number(imageAt(graph, path)?.file?.modifiedAt ?? 0);
		const late = (frozenBy.get(key) ?? []).filter(snapshot => isAfter(examination, modifiedAt, snapshot));
		const older = [...graph.nodes.get(key)?.overlays ?? []].flatMap(overlay => graph.nodes.get(overlay)?.image ?? [])
			.filter(overlay => overlay.file !== undefined && modifiedAt > Number(overlay.file.modifiedAt) + switchSeconds);
		if ((late.length > 0 || older.length > 0) && !isOurOwnWrite(examination, modifiedAt)) {
			report(examination, {
				kind: 'base-changed',
				severity: 'warning',
				text: `${path} was last written to on ${formatMoment(Math.floor(modifiedAt))}: `
					+ (late.length > 0 ? `after it was frozen by ${listNames(late.map(({name}) => `"${name}"`), 6)}.` : `after the last write to ${listNames(older.map(overlay => overlay.path), 6)}, which is backed by it.`),
				meaning: 'If a guest or a person wrote there, its overlays read wrong data. A delete or a merge by virsh also writes there, and so does a copy that did not preserve timestamps.',
				remedy: 'If none of these explains it, compare its overlays with a backup before you trust them.',
				images: [path, ...older.map(overlay => overlay.path)],
			});
		}
	}
}

function findWriters(examination: Examination): void {
	const {context: {graph}, ownPaths, details: {domain}} = examination;
	for (const path of ownPaths) {
		const key = graph.keyOf(path);
		const writers = (graph.nodes.get(key)?.pins ?? []).filter(({hold}) => hold === 'head');
		const [writer] = writers;
		// What an unfinished action of the domain has made on its head is told as that, and nothing is lost where the guest writes on.
		const isOwnAction = ({hold, snapshot, target, domainUuid}: Pin) => hold === 'existence' && snapshot === undefined && target === undefined && domainUuid === writer?.domainUuid;
		const holders = contentHoldersOf(graph, path).filter(holder => !writers.includes(holder) && !isOwnAction(holder));
		if (writer && holders.length > 0) {
			const isOwn = writer.domainUuid === domain.uuid;
			const isRunning = isOwn ? hasProcess(domain) : !writer.isIdle;
			report(examination, {
				kind: 'frozen-written',
				severity: 'problem',
				text: `${path} is written to (${writer.label}), but must not change, because it is needed by: ${listNames([...new Set(holders.map(({label}) => label))], 6)}.`,
				meaning: isRunning
					? `${isOwn ? 'The guest' : 'The guest of that domain'} is destroying what these need right now.`
					: 'When that domain starts, it destroys what these need.',
				remedy: `${isRunning ? 'Shut it down.' : 'Do not start it.'} ${isOwn ? 'Revert to a snapshot with vsnap-tui, which puts the domain on its own overlay.' : 'Give it an overlay or a copy of its own: qemu-img create or convert, then virsh edit.'}`,
				images: [path],
			});
		}
	}
}

/** QEMU's locks let only one of them start, unless locking is switched off or the image lies where locks do not reach. */
function findTwoWriters(examination: Examination): void {
	const {context: {graph}, ownPaths, details: {domain}} = examination;
	for (const path of ownPaths) {
		const writers = [path, ...sharersOfDataFile(graph, path)].flatMap(name => graph.nodes.get(graph.keyOf(name))?.pins ?? []).filter(({hold}) => hold === 'head');
		const others = writers.filter(({domainUuid}) => domainUuid !== domain.uuid);
		if (writers.some(({domainUuid}) => domainUuid === domain.uuid) && others.length > 0 && !writers.every(({isShared}) => isShared)) {
			report(examination, {
				kind: 'two-writers',
				severity: 'problem',
				text: `${path} is a disk of more than one domain: ${listNames([...new Set(writers.map(({label}) => label))], 6)}.`,
				meaning: 'If both write to it, its file system is destroyed. A snapshot of the one is worth nothing once the other has run.',
				remedy: 'Start only one of them. While both are off, give one a copy of its own: qemu-img convert, then virsh edit.',
				images: [path],
			});
		}
	}
}

function findShared(examination: Examination): void {
	const {context: {graph}, frozenBy} = examination;
	for (const [key, snapshots] of frozenBy) {
		const names = [...new Set(snapshots.map(({name}) => `"${name}"`))];
		if (names.length > 1) {
			const path = [...graph.nodes.get(key)?.paths ?? []][0] ?? key;
			report(examination, {
				kind: 'shared-frozen',
				severity: 'warning',
				text: `${names.join(' and ')} share one frozen image: ${path}.`,
				meaning: 'virsh snapshot-delete of one of them merges into that image and reports success, but changes the other snapshot and all its descendants.',
				remedy: 'Delete them only with vsnap-tui.',
				images: [path],
			});
		}
	}
}

export function findContentTroubles(examination: Examination): void {
	findChanged(examination);
	findWriters(examination);
	findTwoWriters(examination);
	// Only libvirt's own delete is a danger to them.
	if (kindFactsOf(examination.host.hypervisor).isKnownToVirsh) {
		findShared(examination);
	}
}
