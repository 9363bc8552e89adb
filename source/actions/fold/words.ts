import type {Consequence} from '../../model/plan/plan.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'fold'>['words'] = {
	title: ({domain}) => `Fold the unrecorded overlays of ${domain.name} into their base`,
	noun: () => 'fold of overlays that have no record',
	log: () => 'fold overlays that have no record into their base',
	done: ({domain}) => `The overlays of "${domain.name}" that had no record are one with their base.`,
};

export const whyNoUndo = 'the images are merged';

export const whatIsLost: Consequence = {
	severity: 'loss',
	what: 'what the disks held when the overlays were made',
	text: 'What the disks held when the overlays were made can no longer be recorded as a snapshot. The current state stays.',
};
