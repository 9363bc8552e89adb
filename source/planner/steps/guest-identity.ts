/**
What tells a guest who and when it is, beside its disks: the generation id, which changes when the guest is put back, and the TPM, which no snapshot of
disks holds.
*/
import {posix} from 'node:path';
import {stampOf} from '../../model/text/format.ts';
import {nvramCopyPath, type NvramFile} from '../../model/domain/nvram.ts';
import type {Consequence, Step} from '../../model/plan/plan.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';
import {tpmFolder} from '../../model/domain/tpm.ts';
import type {PlanContext} from '../context.ts';
import {secondsOf} from './nvram.ts';
import {
	noNvramChange, removeHeld, revertNvram, swap, type NvramChange, type NvramRevert, type Swapped,
} from './nvram-revert.ts';

export function describeTpmPlace(context: PlanContext, kind: string): string {
	const folder = tpmFolder(context.host.uri, context.uuid);
	const places: Record<string, string> = {
		emulator: `its emulator's state${folder === undefined ? '' : ` (${folder}, unless defined otherwise)`}`,
		passthrough: 'it is a device of the host',
		external: 'its emulator runs outside libvirt',
	};
	return places[kind] ?? `its backend is "${kind}"`;
}

const tpmState: Swapped = {id: 'tpm', current: 'the current state of the TPM', former: 'the state of the TPM of then', fresh: 'the state of the TPM from before'};

/** Beside the state itself, with a state that was kept when another one was put back: as old as its snapshot. */
function tpmCopyOf({inventory: {tpmPath, nvramFiles}}: PlanContext, {name, createdAt}: Snapshot): string | undefined {
	const path = tpmPath && nvramCopyPath(tpmPath, name);
	const file: NvramFile | undefined = path === undefined ? undefined : nvramFiles.get(path);
	return file !== undefined && file.sizeBytes > 0 && Math.floor(Number(file.modifiedAt)) === createdAt ? path : undefined;
}

/** Why the state is not replaced, as the end of a sentence. */
function problemWithTpm({inventory: {tpmPath, folders}}: PlanContext): string | undefined {
	const folder = tpmPath === undefined ? undefined : folders.get(posix.dirname(tpmPath));
	const rules: Array<[boolean, string]> = [
		[tpmPath === undefined, 'no file of it was found'],
		[folder?.isWritable !== true, 'you may not create a file in its folder'],
		[folder?.risk !== undefined && folder.risk.buildIn === undefined, `${folder?.risk?.who} could replace files in ${folder?.risk?.folder} meanwhile`],
	];
	return rules.find(([holds]) => holds)?.[1];
}

/** `isTpmBack`: with the state of its TPM. */
type FirmwareChange = NvramChange & {isTpmBack: boolean};

/**
For leaving the current state for another one without memory: the state of the TPM of then comes back where there is a copy of it, and the current one goes with the state that is
kept.
*/
function revertTpm(context: PlanContext, source: Snapshot | {copy: string | undefined}, {keepName, now}: Pick<NvramRevert, 'keepName' | 'now'>): FirmwareChange {
	const {tpmPath} = context.inventory;
	const copy = 'copy' in source ? source.copy : tpmCopyOf(context, source);
	const problem = copy === undefined || context.inventory.details.domain.definition.tpm === undefined ? '' : problemWithTpm(context);
	if (problem !== undefined || tpmPath === undefined || copy === undefined) {
		return {...noNvramChange, isTpmBack: false, consequences: problem === undefined || problem === '' ? [] : [{severity: 'warning', text: `The state of the TPM of then is not put back: ${problem}.`}]};
	}

	const kept = keepName === undefined ? undefined : nvramCopyPath(tpmPath, keepName);
	const stamp = stampOf(now);
	const heldAt = kept ?? `${tpmPath}.left-${stamp}`;
	const swapped = swap(context, {path: tpmPath, copy, heldAt, stamp, date: kept === undefined ? undefined : secondsOf(now)}, tpmState);
	const inWords = (steps: Step[]) => steps.map(step => ({...step, whenStopped: step.whenStopped.replace('the firmware variables are', 'the state of the TPM is')}));
	return {
		create: inWords(swapped.create),
		switch: inWords(swapped.switch),
		isTpmBack: true,
		created: kept === undefined ? [] : [kept],
		remove: [...(kept === undefined ? [removeHeld(context, heldAt, tpmState)] : []), ...swapped.remove],
		consequences: [{severity: 'info', text: `The state of the TPM is put back too, from ${copy}${kept === undefined ? '' : `; that of now is kept with "${keepName!}", in ${kept}`}.`}],
	};
}

/** Files of the firmware that come back with the disks: its variables and the state of its TPM, which memory brings along. */
export function revertFirmware(context: PlanContext, sources: {variables: Snapshot | {copy: string | undefined}; tpm: Snapshot | {copy: string | undefined}}, given: NvramRevert): FirmwareChange {
	const variables = revertNvram(context, sources.variables, given);
	const tpm = given.resumes ? {...noNvramChange, isTpmBack: false} : revertTpm(context, sources.tpm, given);
	return {
		create: [...variables.create, ...tpm.create],
		switch: [...variables.switch, ...tpm.switch],
		remove: [...variables.remove, ...tpm.remove],
		created: [...variables.created, ...tpm.created],
		consequences: [...variables.consequences, ...tpm.consequences],
		isTpmBack: tpm.isTpmBack,
	};
}

/** For a revert or a branch. `resumes`: with memory, in which the state of an emulated TPM travels (11.3: rolled back at once), and libvirt makes a new id itself. */
export function describeIdentity(context: PlanContext, snapshot: Snapshot, {resumes, isTpmBack = false}: {resumes: boolean; isTpmBack?: boolean}): Consequence[] {
	const {tpm, generationId} = snapshot.domain ?? {};
	const consequences: Consequence[] = [];
	if (tpm !== undefined && !resumes && !isTpmBack) {
		consequences.push({
			severity: 'warning',
			text: `The TPM is not reverted with the disks (${describeTpmPlace(context, tpm)}): secrets that the guest sealed with it may no longer open. Have the recovery keys of encrypted disks ready.`,
		});
	}

	if (generationId !== undefined && !resumes) {
		consequences.push({severity: 'info', text: 'The domain gets a new generation id (<genid>), so that the guest can tell that it was reverted.'});
	}

	return consequences;
}

/** For a new snapshot. */
export function describeTpmLeftOut(context: PlanContext): Consequence[] {
	const {definition, liveDefinition} = context.inventory.details.domain;
	const {tpm} = liveDefinition ?? definition;
	return tpm === undefined
		? []
		: [{severity: 'warning', text: `The TPM's state is not kept with the snapshot (${describeTpmPlace(context, tpm)}): a revert will not restore it.`}];
}
