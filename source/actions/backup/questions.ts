/**
The question of a backup: its folder. And what can be set beyond it.
*/
import type {Request} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {descriptionField, nameByTime} from '../names.ts';
import type {Question, Setting} from '../question.ts';

type AskedBackup = Request & {kind: 'backup'};

/** A whole sentence while the folder cannot be taken; undefined as soon as it can. */
export function problemOfFolder(folder: string): string | undefined {
	return folder.startsWith('/') ? undefined : 'Give the absolute path of a folder on the host, starting with "/".';
}

export function backupQuestions(request: AskedBackup): Question[] {
	return [{
		id: 'folder',
		word: 'Folder',
		heading: 'Which folder should the backup go to?',
		choices: [],
		text: {label: 'The folder of this domain\'s backups', value: request.to, problem: problemOfFolder(request.to), change: to => ({request: {...request, to}})},
	}];
}

export function checkpointForBackup(details: DomainDetails | undefined, nowMs: number): string {
	return nameByTime('backup', {nowMs, taken: new Set(details?.checkpoints.map(({name}) => name))});
}

/** Left open, its name is that of the moment of the plan; one that is given as none stays none. */
function withoutName({checkpoint: _name, ...rest}: AskedBackup): AskedBackup {
	return rest as AskedBackup;
}

export function backupSettings(request: AskedBackup, details: DomainDetails | undefined): Setting[] {
	const hasCheckpoint = !('checkpoint' in request) || request.checkpoint !== undefined;
	const isFull = request.since.kind === 'full';
	const words = {full: 'everything, without regard to earlier backups', latest: 'the changes since the last one there, or everything', checkpoint: 'the changes since a checkpoint'};
	return [
		{
			id: 'description',
			label: `Description: ${request.description ?? 'none'}`,
			note: 'Shown in the list of backups, and with the checkpoint.',
			text: descriptionField(request.description, description => ({request: {...request, description}})),
		},
		{
			id: 'since',
			label: `Copy: ${words[request.since.kind]}`,
			note: 'The changes alone are quicker and smaller; to restore them, the backups that they build on are needed too.',
			change: {request: {...request, since: isFull ? {kind: 'latest'} : {kind: 'full'}}},
		},
		{
			id: 'checkpoint',
			label: `Make a checkpoint with it: ${hasCheckpoint ? 'yes' : 'no'}`,
			note: 'The next backup can then copy just the changes since this one.',
			change: {request: hasCheckpoint ? {...request, checkpoint: undefined} : withoutName(request)},
		},
		{
			id: 'isQuiesced',
			label: `Freeze the guest's file systems for the beginning: ${request.isQuiesced ? 'yes' : 'no'}`,
			note: 'Needs the guest agent. The file systems are then consistent.',
			reason: details !== undefined && hasProcess(details.domain) ? undefined : 'the domain is off',
			change: {request: {...request, isQuiesced: !request.isQuiesced}},
		},
		{id: 'done', label: 'Done', note: 'Back to the questions, or to the new plan.', change: {}},
	];
}
