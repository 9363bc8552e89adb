/**
Images that are missing or do not open, links that lead nowhere, formats that nobody wrote down, and chains that are too deep.
*/
import {posix} from 'node:path';
import {listNames} from '../../model/text/list-names.ts';
import {advisedDepth} from '../../model/images/chain-depth.ts';
import {isWritableMedium} from '../../model/domain/domain.ts';
import {formatBytes} from '../../model/text/format.ts';
import {
	chainOf, holdersOf, imageAt, overlaysOf,
} from '../../model/images/image-graph.ts';
import {isDenied, type Image} from '../../model/images/image.ts';
import {formatsOfDomain} from '../../model/images/pins.ts';
import {quoteForShell, quoteForTerminal} from '../../model/text/shell-quote.ts';
import {isDrive} from '../../model/domain/start-files.ts';
import {describeUnreadable, permissionRemedy} from '../../model/images/unreadable-image.ts';
import {describeMissing} from '../../planner/checks/missing-images.ts';
import {writtenHeads} from '../../planner/records/lineage.ts';
import {report, type Examination} from './domain-check.ts';

/** Seconds between the time that a record tells and the last write of what it froze: guests and QEMU finish writing within moments. */
export const settleSeconds = 120;

function ownImages({context, ownPaths}: Examination): Image[] {
	return ownPaths.flatMap(path => imageAt(context.graph, path) ?? []);
}

/** Overlays of this domain whose headers name the lost file. */
function overlaysOn(images: readonly Image[], lostPath: string): Image[] {
	return images.filter(image => image.backingPath === lostPath);
}

/**
Why a file of the same name is not taken for the lost one without a word of the person: what an overlay reads through it would silently be wrong.
Undefined: nothing speaks against it.
*/
function doubt(examination: Examination, given: {lostPath: string; candidate: Image; overlays: Image[]}): string | undefined {
	const {lostPath, candidate, overlays} = given;
	const {graph} = examination.context;
	if (overlays.some(({virtualSizeBytes}) => virtualSizeBytes !== candidate.virtualSizeBytes)) {
		return `its size of ${formatBytes(candidate.virtualSizeBytes)} differs`;
	}

	if (overlays.some(({path}) => chainOf(graph, candidate.path).includes(path))) {
		return 'it is itself backed by an image that has lost its backing file';
	}

	// Domains in folders of their own often have disks of one name and one size.
	const [holder] = holdersOf(graph, candidate.path);
	if (holder) {
		return `it is needed elsewhere (${holder.label})`;
	}

	const frozenAt = (examination.frozenBy.get(graph.keyOf(lostPath)) ?? []).map(({createdAt}) => createdAt);
	return frozenAt.length > 0 && Number(candidate.file?.modifiedAt ?? Number.POSITIVE_INFINITY) > Math.min(...frozenAt) + settleSeconds
		? 'it was written to after the snapshot that needs it'
		: undefined;
}

/** Images of the folder that nothing needs and that could be the lost one under another name, by all that its overlays tell. */
function renamedOnes(examination: Examination, {lost, overlays}: {lost: Image; overlays: Image[]}): Image[] {
	const {surroundings: {others}, graph} = examination;
	return overlays.length === 0
		? []
		: others.filter(candidate => posix.dirname(candidate.path) === posix.dirname(lost.path)
			&& candidate.format === lost.format
			&& candidate.problems.length === 0
			&& overlaysOf(graph, candidate.path).length === 0
			&& doubt(examination, {lostPath: lost.path, candidate, overlays}) === undefined);
}

/** What a person can do where no plan can. */
function lostRemedy({lost, overlays, candidates, renamed}: {lost: Image; overlays: Image[]; candidates: Image[]; renamed: Image[]}): string {
	const [overlay] = overlays;
	const elsewhere = `qemu-img rebase -u -f qcow2 -F FORMAT -b FILE ${overlay ? quoteForShell(overlay.path) : 'OVERLAY'}`;
	if (renamed.length === 1) {
		return `If ${renamed[0]!.path} is it, give it its name back: mv -n -- ${quoteForShell(renamed[0]!.path)} ${quoteForShell(lost.path)}. Else restore it from a backup.`;
	}

	return candidates.length + renamed.length === 0
		? `If it was renamed or moved, bring it back to the same path; or, where you know that another file is it: ${elsewhere}. Else restore it from a backup.`
		: `Check whether one of these files is the right one, and move it back; or: ${elsewhere}`;
}

function reportLost(examination: Examination, lost: Image, images: readonly Image[]): void {
	const {context, surroundings, graph, details: {domain}} = examination;
	const overlays = overlaysOn(images, lost.path);
	const pins = (graph.nodes.get(graph.keyOf(lost.path))?.pins ?? []).filter(pin => pin.domainUuid === domain.uuid);
	const candidates = surroundings.found.get(lost.path) ?? [];
	const judged = candidates.map(candidate => ({candidate, reason: doubt(examination, {lostPath: lost.path, candidate, overlays})}));
	const good = judged.filter(({reason}) => reason === undefined);
	const renamed = good.length === 0 ? renamedOnes(examination, {lost, overlays}) : [];
	const why = describeMissing(context, lost);
	const isPlain = !why.isHeld && !lost.problems.some(problem => problem.kind === 'missing' && problem.absentFolder !== undefined);
	const [only] = good.length === 1 && !why.isHeld ? good : [];
	const needers = holdersOf(context.graph, lost.path).map(({label}) => label);
	report(examination, {
		kind: overlays.length > 0 ? 'backing-missing' : 'image-missing',
		severity: 'problem',
		text: overlays.length > 0 && isPlain
			? `${listNames(overlays.map(({path}) => path), 6)} is backed by ${lost.path}, which is missing.`
			: why.text,
		meaning: [
			`Needed by: ${listNames([...new Set(needers)], 6)}. No domain can be started on it.`,
			...judged.map(({candidate, reason}) => reason === undefined
				? `${candidate.path} has its name and matches.`
				: `${candidate.path} has its name, but ${reason}.`),
			...renamed.map(({path}) => `${path} has its size and format, and nothing needs it.`),
		].join(' '),
		remedy: only ? undefined : (isPlain ? lostRemedy({lost, overlays, candidates, renamed}) : why.remedy),
		...(only && {
			request: {
				kind: 'rebase',
				uuid: domain.uuid,
				links: overlays.map(({path}) => ({path, backingPath: only.candidate.path, backingFormat: only.candidate.format ?? 'raw'})),
				moved: pins.length > 0 ? [{from: lost.path, to: only.candidate.path}] : [],
			},
		}),
		images: [lost.path, ...overlays.map(({path}) => path)],
	});
}

function reportFormats(examination: Examination, images: readonly Image[]): void {
	const {details: {domain, snapshots}, graph} = examination;
	const formats = formatsOfDomain(domain, snapshots);
	for (const image of images) {
		if (!image.problems.some(({kind}) => kind === 'backing-format-not-recorded') || image.backingPath === undefined || image.problems.some(({kind}) => kind === 'backing-missing')) {
			continue;
		}

		const recorded = formats.get(image.backingPath);
		const seen = imageAt(graph, image.backingPath)?.format;
		report(examination, {
			kind: 'backing-format',
			severity: 'warning',
			text: `${image.path} does not record the format of its backing file ${image.backingPath}.`,
			meaning: 'libvirt then refuses to start it, or QEMU guesses the format from the content; a guest that can write there could make it open any file of the host.',
			remedy: recorded === undefined
				? `libvirt does not record the format either${seen === undefined ? '' : `; QEMU reads it as ${seen}`}. If you know it: qemu-img rebase -u -f qcow2 -F FORMAT -b ${quoteForShell(image.backingName ?? image.backingPath)} ${quoteForShell(image.path)}`
				: undefined,
			...(recorded !== undefined && {
				request: {kind: 'rebase', uuid: domain.uuid, links: [{path: image.path, backingPath: image.backingPath, backingFormat: recorded}], moved: []},
			}),
			images: [image.path],
		});
	}
}

function reportDepth(examination: Examination): void {
	const {context} = examination;
	const limit = context.can.deepestChain;
	for (const {target, path} of writtenHeads(context)) {
		const depth = chainOf(context.graph, path).length;
		if (depth > Math.min(advisedDepth, limit)) {
			report(examination, {
				kind: 'deep-chain',
				severity: depth > limit ? 'problem' : 'warning',
				text: `${target} is backed by a chain of ${depth} images.`,
				meaning: depth > limit
					? `This host starts no domain on more than ${limit} layers.`
					: `Each layer costs memory and slows reads, and some versions of libvirt start no more than 25. At most ${advisedDepth} are advised.`,
				remedy: 'Merge or delete snapshots that are no longer needed.',
				images: [path],
			});
		}
	}
}

/** Images that the user may not open: nothing is known of them, so nothing else is said of what needs them. */
export function deniedImages(examination: Examination): Image[] {
	return ownImages(examination).filter(({problems}) => problems.some(problem => isDenied(problem)));
}

function reportDenied(examination: Examination): void {
	const denied = deniedImages(examination).map(({path}) => path);
	if (denied.length > 0) {
		report(examination, {
			kind: 'not-permitted',
			severity: 'warning',
			text: `This user may not open ${listNames(denied, 6)}.`,
			meaning: 'Their content and backing files are not known, so they were not checked.',
			remedy: permissionRemedy,
			images: denied,
		});
	}
}

function reportUnreadable(examination: Examination, image: Image): void {
	const problem = image.problems.find(candidate => candidate.kind === 'unreadable');
	if (problem === undefined || isDenied(problem)) {
		return;
	}

	const {text, remedy} = describeUnreadable(image, problem);
	report(examination, {
		kind: problem.cause === 'other-format' ? 'format' : 'image-unreadable',
		severity: 'problem',
		text,
		meaning: `Needed by: ${listNames([...new Set(holdersOf(examination.graph, image.path).map(({label}) => label))], 6)}.`,
		remedy,
		images: [image.path],
	});
}

function reportQcow2InRaw(examination: Examination, image: Image): void {
	report(examination, {
		kind: 'format',
		severity: 'warning',
		text: `${image.path} is used as raw, but looks like a qcow2 image.`,
		meaning: 'If it is one, the guest sees the bytes of the file instead of its disk, and every overlay on it records it as raw for good. A guest can also write such a header into a raw disk itself.',
		remedy: `Only if you know that it is qcow2: set that format (virsh edit ${quoteForTerminal(examination.details.domain.name)}, <driver type='qcow2'/>). To see its content: qemu-img info ${quoteForShell(image.path)}`,
		images: [image.path],
	});
}

/** A medium that is gone keeps the domain from starting at most (start-findings.ts): no snapshot needs it. */
function mediaPaths({details: {domain}}: Examination): Set<string | undefined> {
	return new Set([domain.definition, domain.liveDefinition].flatMap(definition => definition?.disks ?? []).filter(disk => isDrive(disk) && !isWritableMedium(disk)).map(({sourcePath}) => sourcePath));
}

export function findImageTroubles(examination: Examination): void {
	const images = ownImages(examination);
	reportDenied(examination);
	const media = mediaPaths(examination);
	for (const image of images) {
		if (image.problems.some(({kind}) => kind === 'missing') && !media.has(image.path)) {
			reportLost(examination, image, images);
		}

		reportUnreadable(examination, image);
		if (image.problems.some(({kind}) => kind === 'begins-like-qcow2')) {
			reportQcow2InRaw(examination, image);
		}
	}

	reportFormats(examination, images);
	reportDepth(examination);
}
