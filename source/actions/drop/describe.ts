/**
What a delete or a merge means, in words: which images go, which take over what, and which stay and why.
*/
import {posix} from 'node:path';
import type {Collection, Stay} from '../../model/images/collect.ts';
import {type Merge, type CopyCost} from '../../model/images/image-merge.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {formatBytes} from '../../model/text/format.ts';
import {holdersOf, imageAt, isDevice} from '../../model/images/image-graph.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {PlanContext} from '../../planner/context.ts';
import {listNames} from '../../model/text/list-names.ts';
import type {DropRequest} from './request.ts';

function listOf(texts: readonly string[]): string {
	return listNames([...new Set(texts)], 3);
}

/** Why an image stays, and what would free it. */
export function reasonToStay(context: PlanContext, {path, reason, holders, overlays}: Stay): string {
	switch (reason) {
		case 'shared': {
			const branches = overlays.map(overlay => `${posix.basename(overlay)} (${listOf(holdersOf(context.graph, overlay).map(pin => pin.label)) || 'nobody knows whose'})`);
			return `it is the shared base of ${branches.join(' and ')}; it can go when only one of these is left`;
		}

		case 'needed': {
			return `it is needed by ${listOf(holders.map(pin => pin.label))}; it can go when these are gone`;
		}

		case 'in-use-elsewhere': {
			return overlays.length > 0
				? `${listOf(overlays)} stands on it and belongs to no domain that is known; remove or rebase that file to free it`
				: 'what stands on it has another size or format, so the two cannot become one; it can go with what stands on it';
		}

		case 'has-internal-snapshots': {
			return 'internal snapshots are inside it; delete these to free it';
		}

		case 'is-read-only': {
			return 'its mode, or that of what stands on it, is read-only, as a template\'s; make it writable if it is none';
		}

		case 'is-device': {
			return 'it is a block device, and only files are removed; nothing needs what it holds, so it is yours to use for something else';
		}

		case 'has-data-file': {
			return `its data is in ${imageAt(context.graph, path)?.dataFilePath ?? 'an external data file'}, which would be left behind; remove both by hand when nothing is backed by it`;
		}

		case 'stands-alone': {
			return 'it stands on nothing, so it may be somebody\'s original; remove it by hand if you do not want it';
		}

		case 'cannot-merge': {
			return `the running QEMU has ${posix.basename(path)} open, where it cannot be merged this way; shut the domain down to merge it`;
		}
	}
}

/** What the host has more or less of afterwards, and what it needs meanwhile. The files that go are still there while the other one grows. */
export function describeNet({growth, freedBytes, isMeasured}: CopyCost): string {
	const [low, high] = [freedBytes - growth.atMost, freedBytes - growth.atLeast];
	const [lowText, highText] = [low, high].map(bytes => formatBytes(Math.abs(bytes)));
	const meanwhile = growth.atMost === 0 ? '' : `; needs ${isMeasured ? 'up to' : 'about'} ${formatBytes(growth.atMost)} more meanwhile`;
	if (low >= 0) {
		return `frees ${lowText === highText ? lowText : `${lowText} to ${highText}`}${meanwhile}`;
	}

	return high <= 0
		? `takes ${lowText === highText ? lowText : `${highText} to ${lowText}`} more afterwards${meanwhile}`
		: `frees up to ${highText}, or takes up to ${lowText} more${meanwhile}`;
}

function describeMerge(context: PlanContext, merge: Merge): Consequence {
	const names = (paths: readonly string[]) => paths.map(path => posix.basename(path)).join(', ');
	const from = merge.way === 'pull' ? merge.layers : [...merge.layers.slice(1), merge.top];
	return {
		severity: 'info',
		text: `${names(from)} ${from.length === 1 ? 'goes' : 'go'} ${merge.way === 'pull' ? 'up' : 'down'} into ${posix.basename(merge.into)}: `
			+ `${merge.cost.isMeasured ? 'up to' : 'about'} ${formatBytes(merge.cost.copyBytes)} copied; ${describeNet(merge.cost)}.`,
	};
}

type Described = {request: DropRequest; collection: Collection; currentSnapshot: string | undefined; memoryFiles: readonly string[]; nvramCopies: {gone: readonly string[]; left: readonly string[]}};

function describeSnapshots({request}: Described): Consequence {
	const {deleted, isMetadataOnly} = request;
	const names = deleted.map(({name}) => `"${name}"`).join(', ');
	if (request.action.kind === 'fold') {
		return {severity: 'loss', text: 'What the disks held when the overlays were made can no longer be recorded as a snapshot. The current state stays.'};
	}

	if (isMetadataOnly) {
		return {severity: 'warning', text: `libvirt forgets ${names}; no image is touched, and images that only ${deleted.length === 1 ? 'this snapshot' : 'these snapshots'} needed lie about afterwards.`};
	}

	return request.action.kind === 'merge'
		? {severity: 'loss', text: `${names} goes: it can no longer be reverted to. What was written since stays.`}
		: {severity: 'loss', text: `${names} ${deleted.length === 1 ? 'goes' : 'go'}: they can no longer be reverted to. The current state of the disks stays.`};
}

export function describeDropped(context: PlanContext, given: Described): Consequence[] {
	const {collection, currentSnapshot, memoryFiles, nvramCopies} = given;
	const {details} = context.inventory;
	const consequences: Consequence[] = [describeSnapshots(given), ...collection.merges.map(merge => describeMerge(context, merge))];
	if (collection.removed.length > 0) {
		consequences.push({
			severity: 'loss',
			text: `${listOf(collection.removed)}: removed, with ${formatBytes(collection.removed.reduce((sum, path) => sum + (imageAt(context.graph, path)?.allocatedBytes ?? 0), 0))} that nothing else needs.`,
		});
	}

	const devices = collection.merges.flatMap(({gone}) => gone).filter(path => isDevice(context.graph, path));
	if (devices.length > 0) {
		consequences.push({severity: 'info', text: `${listOf(devices)}: a block device that nothing needs afterwards. It is not removed.`});
	}

	if (memoryFiles.length > 0) {
		consequences.push({severity: 'loss', text: `The saved memory goes too: ${listOf(memoryFiles)}.`});
	}

	if (nvramCopies.gone.length > 0) {
		consequences.push({severity: 'loss', text: `The firmware's variables that were kept go too: ${listOf(nvramCopies.gone)}.`});
	}

	if (nvramCopies.left.length > 0) {
		consequences.push({severity: 'warning', text: `The firmware's variables that were kept stay, for you may not remove them: ${listOf(nvramCopies.left)}.`});
	}

	consequences.push(...collection.staying.map((stay): Consequence => ({severity: 'info', text: `${stay.path} stays: ${reasonToStay(context, stay)}.`})));
	if (collection.merges.some(merge => merge.way === 'commit')) {
		consequences.push({severity: 'warning', text: 'From the first commit on it cannot be taken back, only finished: the disks themselves read the same at every moment.'});
	}

	if (hasProcess(details.domain) && collection.merges.length > 0) {
		consequences.push({severity: 'info', text: 'The guest goes on meanwhile.'});
	}

	if (currentSnapshot !== details.currentSnapshot) {
		consequences.push({
			severity: 'info',
			text: currentSnapshot === undefined ? 'No snapshot is the current one afterwards.' : `"${currentSnapshot}" is the current snapshot afterwards: the next one comes after it.`,
		});
	}

	return consequences;
}
