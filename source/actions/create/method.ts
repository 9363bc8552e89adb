/**
How the requested snapshot would be made: the row of the decision table that answers, in words for the screen. The planner asks the same table, with more knowledge.
*/
import type {Request} from '../../model/plan/request.ts';
import {decide, type Answers, type Decision, type DiskAnswer} from '../../model/plan/decision-table.ts';
import {
	hasProcess, headDisks, isWritableMedium, type Disk,
} from '../../model/domain/domain.ts';
import type {DomainDetails} from '../../model/domain/inventory.ts';

export type AskedCreate = Request & {kind: 'create'};

/** The disks that a snapshot can take: those that the domain writes to. */
export function disksToTake(details: DomainDetails): Disk[] {
	return headDisks(details.domain).filter(disk => isWritableMedium(disk));
}

function diskAnswer(request: AskedCreate, details: DomainDetails): DiskAnswer {
	const modes = new Set(disksToTake(details).map(({target, snapshotMode}) => {
		const mode = request.disks.find(disk => disk.target === target)?.mode ?? snapshotMode;
		return mode === 'manual' ? 'no' : mode;
	}));
	const isInternal = modes.has('internal');
	const isExternal = modes.has('external');
	if (isInternal || isExternal) {
		return isInternal && isExternal ? 'mixed' : (isInternal ? 'internal' : 'external');
	}

	return modes.has(undefined) ? '-' : 'no';
}

function answersOf(request: AskedCreate, details: DomainDetails): Answers {
	return {
		isActive: hasProcess(details.domain), memory: request.memory?.mode ?? '-', disk: diskAnswer(request, details), isDiskOnly: request.isDiskOnly,
	};
}

export function methodOf(request: AskedCreate, details: DomainDetails): Decision {
	return decide(answersOf(request, details));
}
