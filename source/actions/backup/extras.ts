/**
What a domain needs beside its disks to be what it was: the variables of its firmware.
*/
import {posix} from 'node:path';
import type {BackedUpExtra} from '../../model/backup/manifest.ts';
import type {Step} from '../../model/plan/plan.ts';
import {fileCommands} from '../../planner/hypervisor/commands.ts';
import type {PlanContext} from '../../planner/context.ts';
import {reserving, step} from '../../planner/steps/step.ts';

export type Extra = {kind: BackedUpExtra['kind']; from: string; to: string; sizeBytes: number; steps: Step[]};

const whenStopped = 'Recover would remove what was copied; the guest is not touched.';

function copyOf(given: {kind: Extra['kind']; from: string; to: string; sizeBytes: number}): Extra {
	const {kind, from, to} = given;
	return {
		...given,
		steps: [
			step('create', {id: `reserve-${kind}`, title: `Create an empty file for ${posix.basename(from)}`, ...reserving(to), undo: [{...fileCommands.remove(to), onlyIf: {kind: 'file-exists', path: to}}], whenStopped}),
			step('create', {id: `copy-${kind}`, title: `Copy ${from}`, command: fileCommands.copy(from, to), whenStopped}),
		],
	};
}

export function extrasOf({inventory: {nvramPath, nvramFiles}}: PlanContext, {point, folder}: {point: string; folder: string}): Extra[] {
	const nvram = nvramPath === undefined ? undefined : nvramFiles.get(nvramPath);
	return nvram === undefined ? [] : [copyOf({kind: 'nvram', from: nvramPath!, to: posix.join(folder, `${point}.nvram`), sizeBytes: nvram.sizeBytes})];
}
