/**
What the ways of creating a snapshot are given, and what each of them gives.
*/
import type {Way} from '../../model/plan/decision-table.ts';
import type {
	CheckpointProof, Consequence, CreatedFile, Step,
} from '../../model/plan/plan.ts';
import type {CreateAction} from '../../model/plan/request.ts';
import type {ModedDisk} from './disks.ts';

/** What one way of creating contributes to the plan. */
export type CreateParts = {
	steps: Step[];
	consequences: Consequence[];
	/** What the disks are on afterwards, for those that change. */
	heads: Map<string, string>;
	/** New files, the memory file among them. */
	created: CreatedFile[];
	/** Images that are changed in place. */
	written: string[];
	/** Images made beforehand that come into use. */
	adopted: string[];
	/** The images on which it stands. */
	bases: string[];
	/** What is proven of checkpoints. */
	checkpoints?: CheckpointProof;
};

/** What every way of creating is given. */
export type CreateRequest = {action: CreateAction; way: Way; disks: ModedDisk[]; now: Date};
