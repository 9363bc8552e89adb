/**
The fields of a backup: its folder, what is copied, and what the next one needs.
*/
import type {Request} from '../../model/plan/request.ts';
import {hasProcess, headDisks} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';
import {descriptionField, nameByTime} from '../names.ts';
import {switchField, type Field} from '../question.ts';
import type {Asked} from '../spec.ts';

type AskedBackup = Request & {kind: 'backup'};

/** A whole sentence while the folder cannot be taken; undefined as soon as it can. */
export function problemOfFolder(folder: string): string | undefined {
	return folder.startsWith('/') ? undefined : 'Give the absolute path of a folder on the host, starting with "/".';
}

export function checkpointForBackup(details: DomainDetails | undefined, nowMs: number): string {
	return nameByTime('backup', {nowMs, taken: new Set(details?.checkpoints.map(({name}) => name))});
}

/** Left open, its name is that of the moment of the plan; one that is given as none stays none. */
function withoutName({checkpoint: _name, ...rest}: AskedBackup): AskedBackup {
	return rest as AskedBackup;
}

/** An action that says nothing of it leaves encrypted disks encrypted. */
function withoutDecryption({isDecrypted: _isDecrypted, ...rest}: AskedBackup): AskedBackup {
	return rest;
}

export function backupFields(request: AskedBackup, {details}: Pick<Asked, 'details'>): Field[] {
	const {to, since, description, isQuiesced} = request;
	const given = since.kind === 'checkpoint' ? [{id: 'checkpoint', label: `the changes since ${since.name}`, change: {request}}] : [];
	return [
		{
			kind: 'text', id: 'folder', label: 'Folder', question: 'The folder of this domain\'s backups', value: to, problem: problemOfFolder(to), change: next => ({request: {...request, to: next}}),
		},
		descriptionField(description, next => ({request: {...request, description: next}})),
		{
			kind: 'choice',
			id: 'since',
			label: 'Copy',
			question: 'What should be copied?',
			chosen: since.kind,
			choices: [
				{
					id: 'latest', label: 'the changes since the last one', note: 'Quicker and smaller; a restore needs the backups that they build on too. Where there is none, everything is copied.', change: {request: {...request, since: {kind: 'latest'}}},
				},
				...given,
				{id: 'full', label: 'everything', note: 'Without regard to earlier backups.', change: {request: {...request, since: {kind: 'full'}}}},
			],
		},
		switchField({
			id: 'checkpoint', label: 'Checkpoint', question: 'Should a checkpoint be made with it?', isOn: !('checkpoint' in request) || request.checkpoint !== undefined, note: 'The next backup can then copy just the changes since this one.',
		}, isOn => ({request: isOn ? withoutName(request) : {...request, checkpoint: undefined}})),
		...(details !== undefined && headDisks(details.domain).some(({isEncrypted}) => isEncrypted)
			? [switchField({
				id: 'isDecrypted', label: 'Encrypted', question: 'Should encrypted disks be copied into files that are not encrypted?', isOn: request.isDecrypted === true, note: 'Whoever can read the folder can then read what is on them.',
			}, isOn => ({request: isOn ? {...request, isDecrypted: true} : withoutDecryption(request)}))]
			: []),
		...(details !== undefined && hasProcess(details.domain)
			? [switchField({
				id: 'isQuiesced', label: 'Freeze', question: 'Should the file systems of the guest be frozen for the beginning?', isOn: isQuiesced, labels: ['no', 'yes, its file systems'], note: 'Needs the guest agent. The file systems are then consistent.',
			}, isOn => ({request: {...request, isQuiesced: isOn}}))]
			: []),
	];
}
