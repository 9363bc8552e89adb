/**
Deleting internal snapshots: the state inside each image goes, last of all. Where the running QEMU has the image open, libvirt does it.
*/
import {posix} from 'node:path';
import {hasProcess} from '../../model/domain/domain.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import {objectionTo} from '../../model/images/may-change.ts';
import type {Command, Step} from '../../model/plan/plan.ts';
import {frozenPath, type Snapshot} from '../../model/domain/snapshot.ts';
import {rewriteSnapshotXml} from '../../model/xml/change-snapshot.ts';
import {imageCommands} from '../../planner/hypervisor/commands.ts';
import type {PlanContext} from '../../planner/context.ts';
import {taggedNvram} from '../../planner/steps/nvram-inside.ts';
import {openDiskOf} from '../../planner/steps/merge.ts';
import {step} from '../../planner/steps/step.ts';

type Tagged = {snapshot: Snapshot; target: string; path: string};

/** The images that hold the state of an internal snapshot, as far as it is there. */
export function taggedImages(context: PlanContext, snapshots: readonly Snapshot[]): Tagged[] {
	return snapshots.flatMap(snapshot => snapshot.disks.filter(({mode}) => mode === 'internal').flatMap(({target}) => {
		const path = frozenPath(snapshot, target);
		const tags = path === undefined ? [] : imageAt(context.graph, path)?.internalSnapshots.filter(({tag}) => tag === snapshot.name) ?? [];
		return tags.length === 0 ? [] : [{snapshot, target, path: path!}];
	}));
}

type Contents = Parameters<typeof rewriteSnapshotXml>[1]['contents'];

/** By whoever runs the domain, where somebody has started it meanwhile. */
function untagByOwner(context: PlanContext, {snapshot, target, path}: {snapshot: Snapshot; target?: string; path: string}, contents: Contents): Command[] {
	const record = rewriteSnapshotXml(snapshot.xml, {parent: undefined, overlays: new Map(), contents});
	return context.hypervisor.blocks.untag({
		target: target ?? '', path, tag: snapshot.name, definitionXml: context.inventory.definitionXml, ...(record.ok && {recordXml: record.value}),
	}).map(command => ({...command, onlyIf: {kind: 'image-has-tag', path, tag: snapshot.name}}));
}

/** `gone`: images that go as a whole. `contents`: where the content of merged images is then. Appends blockers where an image is open, or where others need it. */
export function untagSteps(context: PlanContext, given: {deleted: readonly Snapshot[]; gone: ReadonlySet<string>; contents: Contents}): {steps: Step[]; written: string[]} {
	const {domain} = context.inventory.details;
	const images = taggedImages(context, given.deleted).filter(({path}) => !given.gone.has(path));
	const tagged = [...images, ...taggedNvram(context, given.deleted)];
	for (const {path} of tagged) {
		if (hasProcess(domain) && (openDiskOf(context, path) !== undefined || domain.liveDefinition?.nvramPath === path)) {
			context.blockers.push({
				kind: 'domain-state',
				text: `The internal snapshots in ${path} cannot be deleted together while the running domain has it open.`,
				remedy: `Shut the domain down first${context.hypervisor.records.deleteWithState === undefined ? '' : ', or delete them one by one'}.`,
			});
		}
	}

	for (const path of new Set(images.map(tag => tag.path))) {
		const objection = objectionTo(context.graph, path, {kind: 'rewrite', domainUuid: context.uuid});
		if (objection !== undefined) {
			context.blockers.push({
				kind: 'image-needed',
				text: objection.reason === 'is-read-only'
					? `The state is inside ${path}, whose mode is read-only.`
					: `The state is inside ${path}, which is the backing file of others: ${[...new Set(objection.holders.map(pin => pin.label))].join(', ')}.`,
				remedy: 'Delete only the record (--metadata); the state inside can be deleted when nothing else needs the image.',
			});
		}
	}

	return {
		steps: tagged.map(({snapshot, path, ...disk}, index) => step('remove', {
			id: `untag-${index + 1}`,
			title: `Delete the state "${snapshot.name}" inside ${posix.basename(path)}`,
			command: imageCommands.untag(path, snapshot.name),
			changesInside: 'deletes',
			doneWhen: {kind: 'image-lacks-tag', path, tag: snapshot.name},
			...(!hasProcess(domain) && {instead: {onlyIf: {kind: 'domain-active', uuid: context.uuid}, commands: untagByOwner(context, {snapshot, path, ...disk}, given.contents)}}),
			whenStopped: 'The records are right; recover would delete the state inside the images.',
		})),
		written: [...new Set(tagged.map(({path}) => path))],
	};
}
