/**
An action in words: as a title, for the audit log, and for its end.
*/
import type {Action, Fate} from './action.ts';

function describeFate(fate: Fate): string {
	return fate.kind === 'keep' ? `keeping the present state as "${fate.name}"` : 'discarding the present state';
}

const scopes = {one: '', 'with-children': ' and all that come after it', 'children-only': ': all that come after it'};

/** "Revert web to s1": for headings. */
export function titleOfAction(action: Action): string {
	const {name} = action.domain;
	switch (action.kind) {
		case 'revert': {
			return `Revert ${name} to ${action.snapshot}`;
		}

		case 'create': {
			return `Create snapshot ${action.snapshot} of ${name}`;
		}

		case 'branch': {
			return `Branch ${action.name} from ${action.snapshot} of ${name}`;
		}

		case 'merge': {
			return `Merge ${action.snapshot} of ${name}`;
		}

		case 'delete': {
			return `Delete ${action.isMetadataOnly ? 'the record of ' : ''}${action.snapshot} of ${name}${scopes[action.scope]}`;
		}

		case 'relink': {
			return `Link moved backing files of ${name} again`;
		}

		case 'tidy': {
			return `Remove images of ${name} that nothing needs`;
		}

		case 'mend-records': {
			return `Mend the snapshot records of ${name}`;
		}
	}
}

/** For the audit log and for whoever waits for the lock. */
export function describeAction(action: Action): string {
	switch (action.kind) {
		case 'revert': {
			return `revert to "${action.snapshot}", ${describeFate(action.fate)}`;
		}

		case 'create': {
			return `create snapshot "${action.snapshot}"`;
		}

		case 'branch': {
			return `branch "${action.name}" from "${action.snapshot}", ${describeFate(action.fate)}`;
		}

		case 'merge': {
			return `merge "${action.snapshot}"`;
		}

		case 'delete': {
			return `delete ${action.isMetadataOnly ? 'the record of ' : ''}"${action.snapshot}"${scopes[action.scope]}`;
		}

		case 'relink': {
			return `link ${action.links.length} moved backing file${action.links.length === 1 ? '' : 's'} again`;
		}

		case 'tidy': {
			return `remove ${action.paths.length} image${action.paths.length === 1 ? '' : 's'} that nothing needs`;
		}

		case 'mend-records': {
			return action.adopts === undefined ? 'mend the snapshot records' : `record ${action.adopts === 'layers' ? 'overlays' : 'internal snapshots'} that have no record`;
		}
	}
}

/** One sentence on what is true when it is done. */
export function describeDone(action: Action): string {
	const {name} = action.domain;
	switch (action.kind) {
		case 'revert': {
			return `"${name}" is back at "${action.snapshot}".`;
		}

		case 'create': {
			return `The snapshot "${action.snapshot}" of "${name}" is made.`;
		}

		case 'branch': {
			return `"${name}" is on the new branch "${action.name}", which begins at "${action.snapshot}".`;
		}

		case 'merge': {
			return `"${action.snapshot}" of "${name}" is merged: the changes since it stay.`;
		}

		case 'delete': {
			return `${action.isMetadataOnly ? 'The record of ' : ''}"${action.snapshot}" of "${name}"${scopes[action.scope]} ${action.scope === 'one' ? 'is' : 'are'} deleted.`;
		}

		case 'relink': {
			return `The images of "${name}" find their backing files again.`;
		}

		case 'tidy': {
			return `The images of "${name}" that nothing needed are removed.`;
		}

		case 'mend-records': {
			return action.adopts === undefined ? `The snapshot records of "${name}" name the images that are.` : `What had no record stands in the tree of "${name}".`;
		}
	}
}
