/**
What a delete or a merge means, in words: which images go, which take over what, and which stay and why.
*/
import type {Collection, Stay} from '../../model/images/collect.ts';
import {type Merge, type CopyCost} from '../../model/images/image-merge.ts';
import {hasProcess, headDisks} from '../../model/domain/domain.ts';
import type {Checkpoint, Snapshot} from '../../model/domain/snapshot.ts';
import {describeGood} from '../../model/text/describe-checkpoint.ts';
import {describeSnapshot, descriptionOf, nameWithAge} from '../../model/text/describe-snapshot.ts';
import {describeFreed, formatBytes} from '../../model/text/format.ts';
import {holdersOf, imageAt, isDevice} from '../../model/images/image-graph.ts';
import {deviceWord, shortName} from '../../model/qemu/network-image.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {PlanContext} from '../../planner/context.ts';
import {listNames} from '../../model/text/list-names.ts';

function listOf(texts: readonly string[]): string {
	return listNames([...new Set(texts)], 3);
}

/** Why an image stays, and what would free it. */
export function reasonToStay(context: PlanContext, {path, reason, holders, overlays}: Stay): string {
	switch (reason) {
		case 'shared': {
			const branches = overlays.map(overlay => `${shortName(overlay)} (${listOf(holdersOf(context.graph, overlay).map(pin => pin.label)) || 'of no known domain'})`);
			return `it is the shared base of ${branches.join(' and ')}; it can be removed when only one of these is left`;
		}

		case 'needed': {
			return `it is needed by ${listOf(holders.map(pin => pin.label))}; it can be removed when these are deleted`;
		}

		case 'in-use-elsewhere': {
			return overlays.length > 0
				? `${listOf(overlays)} is backed by it and belongs to no known domain; remove or rebase that file to release it`
				: 'its overlay has another size or format, so the two cannot be merged; it can be removed together with its overlay';
		}

		case 'has-internal-snapshots': {
			return 'it holds internal snapshots; delete these to release it';
		}

		case 'is-read-only': {
			return 'it, or its overlay, has a read-only mode, like a template; make it writable if it is not one';
		}

		case 'is-device': {
			return `it is ${deviceWord(path)}, and only files are removed; nothing needs its content, so you can reuse it`;
		}

		case 'has-data-file': {
			return `its data is in ${imageAt(context.graph, path)?.dataFilePath ?? 'an external data file'}, which would be left behind; remove both yourself when nothing is backed by it`;
		}

		case 'stands-alone': {
			return 'it has no backing file, so it may be an original; remove it yourself if you do not need it';
		}

		case 'cannot-merge': {
			return `the running QEMU has ${shortName(path)} open and cannot merge it; shut the domain down to merge it`;
		}
	}
}

/** What the host has more or less of afterwards, and what it needs meanwhile. The files that go are still there while the other one grows. */
function describeNet({growth, freedBytes, isMeasured}: CopyCost): string {
	const meanwhile = growth.atMost === 0 ? '' : `; needs ${isMeasured ? 'up to' : 'about'} ${formatBytes(growth.atMost)} more in the meantime`;
	return `${describeFreed({freed: {atLeast: freedBytes - growth.atMost, atMost: freedBytes - growth.atLeast}})}${meanwhile}`;
}

function describeMerge(merge: Merge): Consequence {
	const names = (paths: readonly string[]) => paths.map(path => shortName(path)).join(', ');
	const from = merge.method === 'pull' ? merge.layers : [...merge.layers.slice(1), merge.top];
	return {
		severity: 'info',
		text: `${names(from)} ${from.length === 1 ? 'is' : 'are'} ${merge.method === 'pull' ? 'pulled' : 'committed'} into ${shortName(merge.into)}: `
			+ `${merge.cost.isMeasured ? 'up to' : 'about'} ${formatBytes(merge.cost.copyBytes)} copied; ${describeNet(merge.cost)}.`,
	};
}

/** The file that a disk is known by gives way to another, perhaps of another format; or it comes back. */
function describeNewFile(context: PlanContext, {method, top, layers, into, below}: Merge): Consequence[] {
	const nameOf = (path: string) => `${shortName(path)} (${imageAt(context.graph, path)?.format ?? 'qcow2'})`;
	const [bottom] = layers;
	const disk = headDisks(context.inventory.details.domain).find(({sourcePath}) => sourcePath !== undefined && context.graph.keyOf(sourcePath) === context.graph.keyOf(top));
	if (method === 'pull') {
		return below === undefined ? [{severity: 'info', text: `${nameOf(bottom!)}, the base of the chain, is removed: what it held is in ${nameOf(into)} afterwards.`}] : [];
	}

	return disk === undefined ? [] : [{severity: 'info', text: `${disk.target} is on ${nameOf(into)} afterwards, instead of ${nameOf(top)}.`}];
}

/** That snapshots are deleted: each by its name, its age and what it was taken for, because that is what tells a person to leave it. */
export function describeGone(deleted: readonly Snapshot[], now: Date): Consequence[] {
	const nowSeconds = Math.floor(now.getTime() / 1000);
	return deleted.map(snapshot => {
		const description = descriptionOf(snapshot);
		return {
			severity: 'loss',
			text: `${nameWithAge(snapshot, nowSeconds)} is deleted: you can no longer revert to it.${description === undefined ? '' : ` Its description: "${description}".`}`,
			what: `snapshot "${snapshot.name}"${description === undefined ? '' : ` ("${description}")`}`,
			gone: describeSnapshot(snapshot, nowSeconds),
		};
	});
}

/** `larger`: the next backup since them copies what was pulled in as well. */
export function describeCheckpoints({ended, good, larger}: {ended: readonly Checkpoint[]; good: readonly Checkpoint[]; larger: readonly Checkpoint[]}): Consequence[] {
	const quoted = (checkpoints: readonly Checkpoint[]) => listNames(checkpoints.map(({name}) => `"${name}"`), 6);
	return [
		...ended.map(({name}): Consequence => ({
			severity: 'warning', text: `The checkpoint "${name}" is deleted: no image tells all that was written since it after the merge. The next backup must be a full one, or since another checkpoint.`,
		})),
		...describeGood(good),
		...(larger.length === 0 ? [] : [{severity: 'info', text: `The next backup since ${quoted(larger)} may be larger: it also copies what is pulled in.`} as const]),
	];
}

type Described = {
	meaning: Consequence[];
	collection: Collection;
	currentSnapshot: string | undefined;
	memoryFiles: readonly string[];
	nvramCopies: {gone: readonly string[]; left: readonly string[]};
};

export function describeDropped(context: PlanContext, given: Described): Consequence[] {
	const {collection, currentSnapshot, memoryFiles, nvramCopies} = given;
	const {details} = context.inventory;
	const consequences: Consequence[] = [...given.meaning, ...collection.merges.flatMap(merge => [describeMerge(merge), ...describeNewFile(context, merge)])];
	if (collection.removed.length > 0) {
		consequences.push({
			severity: 'loss',
			text: `${listOf(collection.removed)}: removed, with ${formatBytes(collection.removed.reduce((sum, path) => sum + (imageAt(context.graph, path)?.allocatedBytes ?? 0), 0))} that nothing else needs.`,
			what: collection.removed.length === 1 ? 'an image' : `${collection.removed.length} images`,
		});
	}

	const devices = collection.merges.flatMap(({gone}) => gone).filter(path => isDevice(context.graph, path));
	if (devices.length > 0) {
		consequences.push({severity: 'info', text: `${listOf(devices)}: ${[...new Set(devices.map(path => deviceWord(path)))].join(', ')}, and nothing needs it afterwards. It is not removed.`});
	}

	if (memoryFiles.length > 0) {
		consequences.push({severity: 'loss', text: `The saved memory is deleted too: ${listOf(memoryFiles)}.`, what: 'the saved memory'});
	}

	if (nvramCopies.gone.length > 0) {
		consequences.push({severity: 'loss', text: `The copies of the firmware variables are deleted too: ${listOf(nvramCopies.gone)}.`, what: 'the copies of the firmware variables'});
	}

	if (nvramCopies.left.length > 0) {
		consequences.push({severity: 'warning', text: `The copies of the firmware variables stay, because you may not remove them: ${listOf(nvramCopies.left)}.`});
	}

	consequences.push(...collection.staying.map((stay): Consequence => ({severity: 'info', text: `${stay.path} stays: ${reasonToStay(context, stay)}.`})));
	if (collection.merges.some(merge => merge.method === 'commit')) {
		consequences.push({severity: 'warning', text: 'Once the first commit starts it can only be completed. The guest sees the same data throughout.'});
	}

	if (hasProcess(details.domain) && collection.merges.length > 0) {
		consequences.push({severity: 'info', about: 'guest', saysItGoesOn: true, text: details.domain.state === 'paused' ? 'The guest stays paused.' : 'The guest keeps running.'});
	}

	if (currentSnapshot !== details.currentSnapshot) {
		consequences.push({
			severity: 'info',
			text: currentSnapshot === undefined ? 'No snapshot is current afterwards.' : `"${currentSnapshot}" is the current snapshot afterwards: the next one comes after it.`,
		});
	}

	return consequences;
}

/** `count`: of its descendants. */
export function scopeWords(count: number) {
	const descendants = count === 1 ? 'its descendant' : `its ${count === 0 ? '' : `${count} `}descendants`;
	return {
		field: {label: 'Delete', question: 'What should be deleted?'},
		whyNot: 'it has no descendants',
		one: {label: 'only this snapshot', note: 'Its descendants stay, and so does the current state.'},
		merge: {label: 'it, keeping what was written since (merge)', note: 'Its image is merged with its overlay: for an ancestor of the current state.'},
		record: {label: 'only its record; no image is touched', note: 'Its image files stay on disk, but nothing will record what they are for.'},
		childrenOnly: {label: `only ${descendants}`, note: 'The snapshot itself stays.'},
		withChildren: {label: `it and ${descendants}`},
	};
}

/** For snapshots that were chosen one by one. */
export function severalWords(count: number) {
	return {
		all: {label: `these ${count} snapshots`, note: 'Their descendants stay, and so does the current state.'},
		records: {label: 'only their records; no image is touched', note: 'Their image files stay on disk, but nothing will record what they are for.'},
	};
}
