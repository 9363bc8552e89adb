/**
What people read of a new checkpoint.
*/
import {isOfVirtnbdbackup} from '../../model/domain/checkpoint-name.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'create-checkpoint'>['words'] = {
	title: ({checkpoint, domain}) => `Create checkpoint ${checkpoint} of ${domain.name}`,
	noun: ({checkpoint}) => `creation of checkpoint "${checkpoint}"`,
	log: ({checkpoint}) => `create checkpoint "${checkpoint}"`,
	done: ({checkpoint, domain}) => `The checkpoint "${checkpoint}" of "${domain.name}" is created.`,
};

/** `others`: names of the checkpoints that are there when a new one is made. */
export const warnOfVirtnbdbackup = (others: readonly string[]): Consequence[] => others.some(name => isOfVirtnbdbackup(name))
	? [{severity: 'warning', text: 'The domain has checkpoints of virtnbdbackup. While it has this one too, virtnbdbackup refuses every backup of it ("Foreign checkpoint found").'}]
	: [];

export function describeCheckpoint({checkpoint, parent, recorded, leftOut, others}: {
	checkpoint: string;
	parent: string | undefined;
	recorded: string[];
	/** `reason`: why it cannot take part. */
	leftOut: Array<{target: string; reason: string | undefined}>;
	/** Names of the checkpoints that are there. */
	others: string[];
}): Consequence[] {
	return [
		{severity: 'info', text: `From "${checkpoint}" on, what is written to ${recorded.join(', ')} is recorded: a backup since then copies only that.`},
		{severity: 'info', text: `A checkpoint keeps no content: nothing can be restored from it without the backup that belongs to it.${parent === undefined ? '' : ` It comes after "${parent}".`}`},
		...leftOut.map(({target, reason}): Consequence => ({
			severity: 'warning', text: `${target} is left out${reason === undefined ? '' : `: ${reason}`}. A backup since "${checkpoint}" copies it whole.`,
		})),
		...warnOfVirtnbdbackup(others),
	];
}
