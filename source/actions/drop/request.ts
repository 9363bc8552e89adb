/**
What a merge and a delete ask of the planner they share.
*/
import type {DeleteAction, MergeAction} from '../../model/plan/request.ts';
import type {Snapshot} from '../../model/domain/snapshot.ts';

export type DropRequest = {
	action: DeleteAction | MergeAction;
	deleted: Snapshot[];
	/** Only the records: no image is touched. */
	isMetadataOnly: boolean;
};
