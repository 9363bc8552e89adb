/**
What a merge, a delete and a fold ask of the planner they share.
*/
import type {DeleteAction, FoldAction, MergeAction} from '../../model/plan/request.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';

export type DropRequest = {
	action: DeleteAction | MergeAction | FoldAction;
	deleted: Snapshot[];
	/** What it means for them, in the words of the action. */
	meaning: Consequence[];
	/** Images that no record froze, and that are merged with what is on them. */
	folded?: readonly string[];
	/** Only the records: no image is touched. */
	isMetadataOnly: boolean;
};
