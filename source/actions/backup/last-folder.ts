/**
The folder that is proposed for a backup: that of the last one of the domain, as the log of actions tells; else one beside that of another domain.
*/
import {posix} from 'node:path';
import type {BackedUpTo} from '../spec.ts';
import {folderInLog} from './words.ts';

type Entry = {uri: string; domain: BackedUpTo['domain']; action: string; outcome: string};

/** Of this host, the oldest first. */
export function foldersInLog(entries: readonly Entry[], uri: string): BackedUpTo[] {
	return entries.flatMap(({uri: own, domain, action, outcome}) => {
		const folder = own === uri && outcome === 'done' ? folderInLog(action) : undefined;
		return folder === undefined ? [] : [{domain, folder}];
	});
}

/** Empty: nothing tells. */
export function proposeFolder(known: readonly BackedUpTo[], {uuid, name}: BackedUpTo['domain']): string {
	const own = known.findLast(({domain}) => domain.uuid === uuid);
	const other = known.findLast(({domain, folder}) => posix.basename(folder) === domain.name);
	return own?.folder ?? (other === undefined || name.includes('/') ? '' : posix.join(posix.dirname(other.folder), name));
}

/** Without "..", and without "/" at its end. */
export const normalFolder = (folder: string): string => posix.normalize(folder).replace(/(?<=.)\/$/, '');
