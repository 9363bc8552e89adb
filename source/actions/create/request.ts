/**
What the ways of creating a snapshot are given, and what each of them gives.
*/
import type {SnapshotMethod} from '../../model/plan/decision-table.ts';
import type {SnapshotMemory} from '../../model/domain/snapshot.ts';
import type {CheckpointProof, Consequence, Step} from '../../model/plan/plan.ts';
import type {CreateAction} from '../../model/plan/request.ts';
import type {DiskPlan} from '../../planner/disk-plan.ts';

/** What one way of creating contributes to the plan. */
export type CreateParts = {
	steps: Step[];
	consequences: Consequence[];
	/** What is proven of checkpoints. */
	checkpoints?: CheckpointProof;
};

/** What every way of creating is given. */
export type CreateRequest = {action: CreateAction; method: SnapshotMethod; disks: DiskPlan[]; memory: SnapshotMemory; now: Date};
