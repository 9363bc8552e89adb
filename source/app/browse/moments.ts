/**
What an action can need beside its domain, a snapshot or a checkpoint: where it is chosen from, and how it is named.
*/
import type {DomainDetails} from '../../model/domain/inventory.ts';
import type {State, View} from '../state.ts';
import {selectedCheckpoint, selectedSnapshot, snapshotId} from './rows.ts';

type Moment = {
	noun: string;
	/** Where it is chosen. */
	view: View;
	names: (details: DomainDetails) => string[];
	selected: (state: State) => string | undefined;
	/** Of the row that has it. */
	idOf: (name: string) => string;
	/** The one that is proposed. */
	current: (details: DomainDetails | undefined) => string | undefined;
};

export const moments: Record<'snapshot' | 'checkpoint', Moment> = {
	snapshot: {
		noun: 'snapshot',
		view: 'snapshots',
		names: ({snapshots}) => snapshots.map(({name}) => name),
		selected: state => selectedSnapshot(state)?.name,
		idOf: snapshotId,
		current: details => details?.currentSnapshot,
	},
	checkpoint: {
		noun: 'checkpoint',
		view: 'checkpoints',
		names: ({checkpoints}) => checkpoints.map(({name}) => name),
		selected: state => selectedCheckpoint(state)?.name,
		idOf: name => name,
		current: details => details?.checkpoints.at(-1)?.name,
	},
};
