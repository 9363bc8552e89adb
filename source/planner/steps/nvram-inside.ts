/**
The firmware variables in a qcow2 file. Internal snapshots take that file along as one more image, as libvirt does from 10.10 on: libvirt's own revert
to a snapshot whose state is missing there ends with an error after it has put the disks back (seen on 11.3).
*/
import type {Consequence, Step} from '../../model/plan/plan.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {imageCommands} from '../hypervisor/commands.ts';
import {twiceRemedy} from '../checks/internal-remedies.ts';
import type {PlanContext} from '../context.ts';
import {isForeignNvram} from './nvram.ts';
import {variablesIn} from './nvram-revert.ts';
import {step} from './step.ts';

const tagsIn = (context: PlanContext, path: string) => context.inventory.nvramFiles.get(path)?.tags ?? [];

/** The file that internal snapshots of the domain, as it is now, take along; undefined: there is none, or libvirt leaves it alone. */
export function nvramImageOf(context: PlanContext): string | undefined {
	const {inventory: {nvramPath, nvramFiles}, can} = context;
	return nvramPath !== undefined && can.takesNvramAlong && nvramFiles.get(nvramPath)?.isRaw === false && !isForeignNvram(context, nvramPath) ? nvramPath : undefined;
}

/** Two states of one name in one file: nobody could say which is meant. Appends a blocker. */
export function requireFreeTag(context: PlanContext, name: string): void {
	const path = nvramImageOf(context);
	if (path !== undefined && tagsIn(context, path).includes(name)) {
		context.blockers.push({
			kind: 'name-taken',
			text: `${path}, which holds the firmware variables, already has an internal snapshot "${name}".`,
			remedy: 'Choose another name, or remove that one (qemu-img snapshot -d, while the domain is off).',
		});
	}
}

/** Freezes the variables of the domain, which is off, as they are now. Appends a blocker where the name is taken. */
export function tagNvram(context: PlanContext, name: string): {steps: Step[]; consequences: Consequence[]} {
	const path = nvramImageOf(context);
	if (path === undefined) {
		return {steps: [], consequences: []};
	}

	requireFreeTag(context, name);
	return {
		steps: [step('create', {
			id: 'tag-nvram',
			title: `Freeze the firmware variables inside their file as "${name}"`,
			command: imageCommands.tag(path, name),
			changesInside: 'adds',
			undo: [{...imageCommands.untag(path, name), onlyIf: {kind: 'image-has-tag', path, tag: name}}],
			doneWhen: {kind: 'image-has-tag', path, tag: name},
			whenStopped: 'Recover would undo it; the firmware variables are as they were.',
		})],
		consequences: [{severity: 'info', text: `The firmware variables (${path}) are frozen with the disks, inside their file.`}],
	};
}

/** Whether the variables of a snapshot can be put back inside their file. Appends a blocker where its state is there twice. */
export function nvramInside(context: PlanContext, snapshot: Snapshot, definitionXml: string): {path: string | undefined; consequences: Consequence[]} {
	const image = nvramImageOf(context);
	const {nvramPath} = variablesIn(definitionXml);
	if (image === undefined || nvramPath === undefined) {
		return {path: undefined, consequences: []};
	}

	const count = tagsIn(context, nvramPath).filter(tag => tag === snapshot.name).length;
	if (count > 1) {
		context.blockers.push({
			kind: 'chain-broken',
			text: `${nvramPath}, which holds the firmware variables, has ${count} internal snapshots "${snapshot.name}": it is not clear which one to use.`,
			remedy: twiceRemedy(nvramPath, snapshot.name),
		});
	}

	return count > 0 && nvramPath === image
		? {path: image, consequences: [{severity: 'info', text: `The firmware variables are reverted too, inside ${image}.`}]}
		: {
			path: undefined,
			consequences: [{
				severity: 'warning',
				text: `The firmware variables (${nvramPath}) stay as they are: ${count > 0 ? `the domain now keeps them in ${image}` : `their file holds no state "${snapshot.name}"`}.`,
			}],
		};
}

/** The states of deleted internal snapshots inside the files of variables, as far as they are there. */
export function taggedNvram(context: PlanContext, deleted: readonly Snapshot[]): Array<{snapshot: Snapshot; path: string}> {
	return deleted.flatMap(snapshot => {
		const path = snapshot.domain?.nvramPath;
		const isTagged = path !== undefined && snapshot.disks.some(({mode}) => mode === 'internal') && tagsIn(context, path).includes(snapshot.name) && !isForeignNvram(context, path);
		return isTagged ? [{snapshot, path}] : [];
	});
}
