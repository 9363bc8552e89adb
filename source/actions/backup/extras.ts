/**
What a domain needs beside its disks to be what it was: the variables of its firmware, and the state of its TPM.
*/
import {posix} from 'node:path';
import type {BackedUpExtra, FileOwner} from '../../model/backup/manifest.ts';
import type {FileFacts} from '../../model/images/image.ts';
import type {Step} from '../../model/plan/plan.ts';
import {fileCommands} from '../../planner/hypervisor/commands.ts';
import type {PlanContext} from '../../planner/context.ts';
import {describeTpmPlace} from '../../planner/steps/guest-identity.ts';
import {reserving, step} from '../../planner/steps/step.ts';

export type Extra = {kind: BackedUpExtra['kind']; from: string; to: string; sizeBytes: number; owner: FileOwner; steps: Step[]};

export type Extras = {copied: Extra[]; /** What is not in the backup and why, in sentences. */ leftOut: string[]};

type Found = {kind: Extra['kind']; from: string; sizeBytes: number; owner: FileOwner} | {problem: string} | undefined;

const whenStopped = 'Recover would remove what was copied; the guest is not touched.';

function copyOf(given: Omit<Extra, 'steps'>): Extra {
	const {kind, from, to} = given;
	return {
		...given,
		steps: [
			step('create', {id: `reserve-${kind}`, title: `Create an empty file for ${posix.basename(from)}`, ...reserving(to), whenStopped}),
			step('create', {id: `allow-${kind}`, title: 'Let nobody else read it', command: fileCommands.allow(to, 0o600), whenStopped}),
			step('create', {id: `copy-${kind}`, title: `Copy ${from}`, command: fileCommands.copy(from, to), whenStopped}),
		],
	};
}

/** What such a file can be used for. */
const ownerOf = ({uid, gid, mode}: FileFacts): FileOwner => ({uid, gid, mode: mode & 0o666});

function findVariables({inventory: {nvramPath, nvramFiles, details: {domain}}}: PlanContext): Found {
	const {hasVarstore, nvramElsewhere} = domain.liveDefinition ?? domain.definition;
	if (nvramPath === undefined) {
		return nvramElsewhere === undefined ? undefined : {problem: `they are ${nvramElsewhere}`};
	}

	const file = nvramFiles.get(nvramPath);
	const isRunning = domain.liveDefinition !== undefined;
	const rules: Array<[boolean, string]> = [
		[nvramElsewhere !== undefined, `they are ${nvramElsewhere ?? ''}`],
		[file === undefined, `${nvramPath} does not exist yet, is not a regular file, or may not be read`],
		[isRunning && hasVarstore === true, `while the domain runs QEMU may be writing ${nvramPath}`],
		[isRunning && file?.isRaw === false, `${nvramPath} is a qcow2 file, of which QEMU may not have written all`],
	];
	const problem = rules.find(([holds]) => holds)?.[1];
	return problem === undefined ? {kind: hasVarstore ? 'varstore' : 'nvram', from: nvramPath, sizeBytes: file!.sizeBytes, owner: ownerOf(file!)} : {problem};
}

function findTpm(context: PlanContext): Found {
	const {tpmPath, nvramFiles, details: {domain}} = context.inventory;
	const {tpm} = domain.liveDefinition ?? domain.definition;
	if (tpm === undefined) {
		return undefined;
	}

	if (tpm === 'emulator' && domain.liveDefinition !== undefined) {
		return {problem: 'while the domain runs its emulator may be writing it; back up the domain while it is off, too'};
	}

	return tpmPath === undefined
		? {problem: `${describeTpmPlace(context, tpm)}, and no file of it was found`}
		: {kind: 'tpm', from: tpmPath, sizeBytes: nvramFiles.get(tpmPath)!.sizeBytes, owner: ownerOf(nvramFiles.get(tpmPath)!)};
}

export function extrasOf(context: PlanContext, {point, folder}: {point: string; folder: string}): Extras {
	const all: Array<[what: string, found: Found]> = [['The variables of the firmware are', findVariables(context)], ['The state of the TPM is', findTpm(context)]];
	return {
		copied: all.flatMap(([, found]) => found !== undefined && 'kind' in found ? [copyOf({...found, to: posix.join(folder, `${point}.${found.kind}`)})] : []),
		leftOut: all.flatMap(([what, found]) => found !== undefined && 'problem' in found ? [`${what} not in the backup: ${found.problem}.`] : []),
	};
}
