import {posix} from 'node:path';
import type {Disk} from '../../model/domain/domain.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'create'>['words'] = {
	title: ({snapshot, domain}) => `Create snapshot ${snapshot} of ${domain.name}`,
	noun: ({snapshot}) => `creation of "${snapshot}"`,
	log: ({snapshot}) => `create snapshot "${snapshot}"`,
	done: ({snapshot, domain}) => `The snapshot "${snapshot}" of "${domain.name}" is created.`,
};

/** Each with the name of its file. */
export function describeDisks(disks: readonly Disk[]): string {
	return disks.map(({target, sourcePath}) => `${target} ${posix.basename(sourcePath ?? '')}`).join(', ') || 'none';
}
