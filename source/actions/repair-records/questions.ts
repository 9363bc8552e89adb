/**
What the screen asks about overlays that no record tells of: both ways are plans, and the one that touches no image stands first.
*/
import type {Question} from '../question.ts';

export function layersQuestion(uuid: string): Question {
	return {
		id: 'layers',
		word: 'Overlay',
		heading: 'What to do with the overlay that has no record:',
		choices: [
			{
				id: 'record',
				label: 'Record it as a snapshot',
				note: 'No image is touched. It can then be reverted to, merged or deleted.',
				change: {request: {kind: 'repair-records', uuid, adopts: 'layers'}},
			},
			{
				id: 'fold',
				label: 'Fold it into its base',
				note: 'The current state stays; what the disks held when the overlay was made does not.',
				change: {request: {kind: 'fold', uuid}},
			},
		],
	};
}
