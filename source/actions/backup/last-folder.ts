/**
The folder that is proposed for a backup: that of the last one of the domain, as the log of actions tells; else one beside that of another domain.
*/
import {posix} from 'node:path';
import type {Action} from '../../model/plan/request.ts';
import type {BackedUpTo} from '../spec.ts';

type Entry = {uri: string; domain: BackedUpTo['domain']; outcome: string; request?: Action};

/** Of this host, the oldest first. */
export function foldersInLog(entries: readonly Entry[], uri: string): BackedUpTo[] {
	return entries.flatMap(({uri: own, domain, request, outcome}) => own === uri && outcome === 'done' && request?.kind === 'backup' ? [{domain, folder: request.to}] : []);
}

/** Empty: nothing tells. */
export function proposeFolder(known: readonly BackedUpTo[], {uuid, name}: BackedUpTo['domain']): string {
	const own = known.findLast(({domain}) => domain.uuid === uuid);
	const other = known.findLast(({domain, folder}) => posix.basename(folder) === domain.name);
	return own?.folder ?? (other === undefined || name.includes('/') ? '' : posix.join(posix.dirname(other.folder), name));
}

/** Without "..", and without "/" at its end. */
export const normalFolder = (folder: string): string => posix.normalize(folder).replace(/(?<=.)\/$/, '');
