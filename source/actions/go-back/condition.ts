/**
How a guest finds disks that go back without memory, in words: shared by revert and branch.
*/
import type {Consequence} from '../../model/plan/plan.ts';
import {conditionOf, type Condition, type Snapshot} from '../../model/domain/snapshot.ts';

const consequences: Record<Condition, Consequence[]> = {
	off: [],
	'crash-consistent': [{severity: 'warning', text: 'The snapshot is crash-consistent: the guest boots as after a power failure.'}],
	frozen: [{severity: 'info', text: 'The file systems of the guest were frozen when the snapshot was taken: they are consistent, and its programs start as after a crash.'}],
	memory: [{severity: 'warning', text: 'Without the memory of the snapshot its disks are crash-consistent: the guest boots as after a power failure.'}],
	unknown: [],
};

export function describeCondition(snapshot: Snapshot): Consequence[] {
	return consequences[conditionOf(snapshot)];
}
