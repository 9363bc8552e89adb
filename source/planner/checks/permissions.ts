/**
One line for a user without rights: every image and every folder of a domain says the same, and nothing else that was found counts before it is answered.
*/
import type {Blocker} from '../../model/failure.ts';
import {permissionRemedy} from '../../model/images/unreadable-image.ts';

/** Puts the blockers that come of images which the user may not open into one. Others stay as they are. */
export function joinPermissions(blockers: readonly Blocker[]): Blocker[] {
	if (!blockers.some(({remedy}) => remedy === permissionRemedy)) {
		return [...blockers];
	}

	const denied = blockers.filter(({kind}) => kind === 'not-permitted');
	const count = denied.length - 1;
	return [
		{kind: 'not-permitted', text: `${denied[0]!.text}${count === 0 ? '' : ` The same is true of ${count} more of its files and folders.`}`, remedy: permissionRemedy, needsRights: true},
		...blockers.filter(({kind}) => kind !== 'not-permitted'),
	];
}
