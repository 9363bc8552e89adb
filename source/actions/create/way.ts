/**
How a wished snapshot would be made: the row of the decision table that answers, in words for the screen. The planner asks the same table, with more knowledge.
*/
import type {Wish} from '../../model/plan/request.ts';
import {decide, type Answers, type Decision, type DiskAnswer} from '../../model/plan/decision-table.ts';
import {
	hasProcess, headDisks, isWritableMedium, type Disk,
} from '../../model/domain/domain.ts';
import type {DomainPicture} from '../../model/domain/inventory.ts';

export type CreateWish = Wish & {kind: 'create'};

/** The disks that a snapshot can take: those that the domain writes to. */
export function disksToTake(picture: DomainPicture): Disk[] {
	return headDisks(picture.domain).filter(disk => isWritableMedium(disk));
}

function diskAnswer(wish: CreateWish, picture: DomainPicture): DiskAnswer {
	const modes = new Set(disksToTake(picture).map(({target, snapshotMode}) => {
		const mode = wish.disks.find(disk => disk.target === target)?.mode ?? snapshotMode;
		return mode === 'manual' ? 'no' : mode;
	}));
	const isInternal = modes.has('internal');
	const isExternal = modes.has('external');
	if (isInternal || isExternal) {
		return isInternal && isExternal ? 'mixed' : (isInternal ? 'internal' : 'external');
	}

	return modes.has(undefined) ? '-' : 'no';
}

export function answersOf(wish: CreateWish, picture: DomainPicture): Answers {
	return {
		isActive: hasProcess(picture.domain), memory: wish.memory?.mode ?? '-', disk: diskAnswer(wish, picture), isDiskOnly: wish.isDiskOnly,
	};
}

export function wayOf(wish: CreateWish, picture: DomainPicture): Decision {
	return decide(answersOf(wish, picture));
}

/** "Row 17 of the table: Only the disks …". What to ask for in place of a refusal stands beside it on the screen: the other choices. */
export function describeWay(decision: Decision): string {
	return `${decision.row === undefined ? '' : `Row ${decision.row} of the table: `}${decision.reason}`;
}
