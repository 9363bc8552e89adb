/**
libvirt records nothing of frozen file systems. A note in the definition that runs does, because libvirt copies that into the record.
*/
import type {Step} from '../../../model/plan/plan.ts';
import type {CreateAction} from '../../../model/plan/request.ts';
import {escapeAttribute} from '../../../model/xml/change-xml.ts';
import {frozenNamespace} from '../../../model/xml/frozen-note.ts';
import type {PlanContext} from '../../context.ts';
import {step} from '../../steps/step.ts';
import {virsh} from './virsh.ts';

const whenStopped = 'The note would be taken away again: the guest is as it was.';

/** `after` takes the note away again. */
export function frozenNoteSteps(context: PlanContext, action: CreateAction): {before: Step[]; after: Step[]} {
	const {uuid} = context;
	if (!action.isQuiesced || action.hasNoMetadata) {
		return {before: [], after: []};
	}

	const note = (...argv: string[]) => virsh(context, ['metadata', '--domain', uuid, '--uri', frozenNamespace, '--live', ...argv]);
	const remove = {...note('--remove'), onlyIf: {kind: 'domain-active', uuid}} as const;
	return {
		before: [step('switch', {
			id: 'frozen-note',
			title: 'Note for its record that the file systems are frozen',
			command: note('--key', 'vsnap', '--set', `<frozen snapshot='${escapeAttribute(action.snapshot)}' domain='${uuid}'/>`),
			undo: [remove],
			whenStopped,
		})],
		after: [step('switch', {id: 'frozen-note-away', title: 'Take the note off the running domain', command: remove, skippedNote: 'The guest has ended, and the note with it.', whenStopped})],
	};
}
