/**
What people read of a backup.
*/
import type {Consequence} from '../../model/plan/plan.ts';
import type {BackupAction} from '../../model/plan/request.ts';
import {formatBytes} from '../../model/text/format.ts';
import {warnOfVirtnbdbackup} from '../create-checkpoint/words.ts';
import type {ActionSpec} from '../spec.ts';
import type {Base, ChosenDisk} from './choose.ts';
import type {Extras} from './extras.ts';

export const words: ActionSpec<'backup'>['words'] = {
	title: ({domain, to}) => to === '' ? `Back up ${domain.name}` : `Back up ${domain.name} to ${to}`,
	noun: ({domain}) => `backup of "${domain.name}"`,
	log: ({to}) => `back up to ${to}`,
	done: ({domain, to}) => `"${domain.name}" is backed up to ${to}.`,
};

export const whyNoUndo = 'the domain was not changed; backup prune removes backups';

const copied = ({target, since, atMostBytes, isUncounted}: ChosenDisk) => `${target} (${since === undefined ? 'whole, up to' : `changes, ${isUncounted ? 'up to' : 'about'}`} ${formatBytes(atMostBytes)})`;

export function describeBackup(given: {
	point: string;
	action: BackupAction;
	disks: ChosenDisk[];
	base: Base | undefined;
	/** Where the latest was wanted to build on, and there is none. */
	whyFull: string | undefined;
	notes: string[];
	checkpoint: string | undefined;
	/** Names of the checkpoints that are there. */
	others: string[];
	isOff: boolean;
	/** It is off with its memory saved by libvirt. */
	hasMemory: boolean;
	extras: Extras;
}): Consequence[] {
	const {point, action, disks, base, whyFull, notes, checkpoint, others, isOff, hasMemory, extras} = given;
	const isBuilt = disks.some(({backing}) => backing !== undefined);
	const info = (text: string): Consequence => ({severity: 'info', text});
	const warning = (text: string): Consequence => ({severity: 'warning', text});
	return [
		info(`The point ${point} is made in ${action.to}: ${disks.map(disk => copied(disk)).join(', ')}.`),
		...(isBuilt ? [info(`It holds the changes since "${base!.checkpoint.name}", and needs the files of ${base!.point.point} to be restored.`)] : []),
		...(whyFull === undefined ? [] : [info(`It is a full backup: ${whyFull}.`)]),
		...notes.map(text => warning(text)),
		...(hasMemory ? [warning('The memory that libvirt saved of the domain (managed save) is not in the backup, and what the guest had not written to its disks is lost there: restored, it boots as after a power failure.')] : []),
		...(isOff
			? (hasMemory ? [] : [info('The domain is off: the disks are as the guest left them.')])
			: [action.isQuiesced ? info('The guest\'s file systems are frozen for the moment of the beginning.') : info('The disks are as at the moment of the beginning, crash-consistent: restored, the guest boots as after a power failure.')]),
		info('Its memory is not in a backup.'),
		...(checkpoint === undefined
			? [warning(`No checkpoint is made${action.checkpoint === undefined ? '' : ', because none of these disks is on a qcow2 image that can have a bitmap'}: the next backup cannot build on this one.`)]
			: [info(`The checkpoint "${checkpoint}" is made at the same moment, so that the next backup can copy the changes alone.`), ...warnOfVirtnbdbackup(others)]),
		...extras.copied.map(({from}) => info(`${from} is copied, too.`)),
		...extras.leftOut.map(text => warning(text)),
	];
}
