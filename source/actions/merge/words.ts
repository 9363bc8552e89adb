import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import {describeGone} from '../drop/words.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'merge'>['words'] = {
	title: ({snapshot, domain}) => `Merge ${snapshot} of ${domain.name}`,
	noun: ({snapshot}) => `merge of "${snapshot}"`,
	log: ({snapshot}) => `merge "${snapshot}"`,
	done: ({snapshot, domain}) => `"${snapshot}" of "${domain.name}" is merged: what was written since stays.`,
};

export const whyNoUndo = 'the images are merged';

export function describeMerged(snapshot: Snapshot, now: Date): Consequence[] {
	return [...describeGone([snapshot], now), {severity: 'info', about: 'kept', text: 'What was written since stays.'}];
}
