/**
A definition that cannot start is never put in place: what it names besides the images of its disks is looked at beforehand. A drive whose medium is gone is left
empty, and the plan says so; for everything else there is no such way out.
*/
import {hasProcess, type Disk, type DomainDefinition} from '../../model/domain/domain.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import {isStartable, lostToStart, type Lost} from '../../model/domain/start-files.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import {refuseOnce, type PlanContext} from '../context.ts';
import {describeMissing, openDiskOn} from './missing-images.ts';

const restoreRemedy = 'Restore it to the same path, then try again.';

/** Each thing that is missing, in words, with what helps. */
export function describeLost({media, disks, bootFiles, secrets, valueless}: Lost): Array<{text: string; remedy: string}> {
	return [
		...media.map(({target, sourcePath}) => ({text: `the medium of the drive ${target} is missing (${sourcePath})`, remedy: restoreRemedy})),
		...disks.map(({target, sourcePath}) => ({text: `the source of the disk ${target} is missing (${sourcePath})`, remedy: restoreRemedy})),
		...bootFiles.map(({what, path}) => ({text: `the ${what} is missing (${path})`, remedy: restoreRemedy})),
		...secrets.map(secret => ({text: `libvirt has no secret ${secret}`, remedy: 'Define it (virsh secret-define), give it its value (virsh secret-set-value), then try again.'})),
		...valueless.map(secret => ({text: `the secret ${secret} has no value`, remedy: 'Give it its value (virsh secret-set-value), then try again.'})),
	];
}

/** The command that takes the missing medium out of the drive, of the running domain and of its next start, wherever it is named. */
export function ejectCommand(domain: {name: string; definition: DomainDefinition; liveDefinition: DomainDefinition | undefined}, {target, sourcePath}: Disk): string {
	const names = (definition: DomainDefinition | undefined) => definition?.disks.some(disk => disk.target === target && disk.sourcePath === sourcePath) ?? false;
	const flags = [...(names(domain.liveDefinition) ? ['--live'] : []), ...(names(domain.definition) ? ['--config'] : [])];
	return `virsh change-media --domain ${quoteForShell(domain.name)} --path ${target} --eject ${flags.join(' ')}`;
}

/** Drives that have to be left empty in this definition, by target. */
export function emptiedDrives(context: PlanContext, definition: DomainDefinition): Disk[] {
	return context.can.emptiesDrives ? lostToStart(definition, context.inventory.details.missing).media : [];
}

/** `resumes`: the guest goes on with memory in which the medium is there. */
export function describeEmptied(drives: readonly Disk[], resumes: boolean): Consequence[] {
	return drives.map(({target, sourcePath}) => ({
		severity: 'warning',
		text: `The medium of the drive ${target} is missing (${sourcePath}): the drive is left empty${resumes ? ', although the guest had the medium in it when its memory was saved' : ''}.`,
	}));
}

/** Refuses where a start from this definition would fail. Appends to the blockers. A document that cannot be read is another's matter. */
export function requireStartFiles(context: PlanContext, definitionXml: string): void {
	const definition = parseDomainXml(definitionXml);
	for (const {text, remedy} of definition.ok ? describeLost(lostToStart(definition.value, context.inventory.details.missing)) : []) {
		refuseOnce(context, {kind: 'image-missing', text: `The domain could not be started afterwards: ${text}.`, remedy});
	}
}

/** Refuses where a state cannot be gone back to because its kernel, its firmware or a secret is gone. Appends to the blockers. */
export function requireBootFiles(context: PlanContext, definition: DomainDefinition): void {
	for (const {text, remedy} of describeLost({...lostToStart(definition, context.inventory.details.missing), media: [], disks: []})) {
		refuseOnce(context, {kind: 'image-missing', text: `The domain could not be started afterwards: ${text}.`, remedy});
	}
}

/**
Refuses to stop a running domain that could not be started again on what it has: should anything fail after the stop, it would stay off. Appends to the blockers.
*/
export function requireWayBack(context: PlanContext): void {
	const {domain, missing} = context.inventory.details;
	const lost = lostToStart(domain.definition, missing);
	if (!hasProcess(domain) || isStartable(lost)) {
		return;
	}

	const ejects = context.can.emptiesDrives ? lost.media.map(disk => ejectCommand(domain, disk)) : [];
	const isMissing = (path: string) => imageAt(context.graph, path)?.problems.some(({kind}) => kind === 'missing');
	const open = lost.disks.filter(({sourcePath}) => isMissing(sourcePath!) && openDiskOn(context, sourcePath!));
	for (const {sourcePath} of open) {
		const {text, remedy} = describeMissing(context, imageAt(context.graph, sourcePath!)!);
		refuseOnce(context, {kind: 'image-missing', text, remedy});
	}

	for (const {text} of describeLost({...lost, disks: lost.disks.filter(disk => !open.includes(disk))})) {
		refuseOnce(context, {
			kind: 'image-missing',
			text: `If something failed after the domain was stopped, it could not be started again: ${text}.`,
			remedy: ejects.length === 0 ? 'Restore it to the same path, or shut the domain down first; then try again.' : `Eject it: ${ejects.join('; ')}. Or shut the domain down first; then try again.`,
		});
	}
}

/** Media that the domain has at this moment and that are gone, for a drive whose state only libvirt can put back. Appends to the blockers. */
export function refuseLostMedia(context: PlanContext, definition: DomainDefinition): void {
	for (const {target, sourcePath} of lostToStart(definition, context.inventory.details.missing).media) {
		refuseOnce(context, {
			kind: 'image-missing',
			text: `The medium of the drive ${target} is missing (${sourcePath}), and libvirt cannot restore memory from inside an image without it.`,
			remedy: 'Restore it to the same path, or revert with --shutoff: then only the disks are reverted, and the drive is left empty.',
		});
	}
}
