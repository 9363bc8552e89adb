import type {ActionSpec} from '../spec.ts';

const scopes = {one: '', 'with-children': ' and all that come after it', 'children-only': ': all that come after it'};

export const words: ActionSpec<'delete'>['words'] = {
	title: ({snapshot, scope, isMetadataOnly, domain}) => `Delete ${isMetadataOnly ? 'the record of ' : ''}${snapshot} of ${domain.name}${scopes[scope]}`,
	log: ({snapshot, scope, isMetadataOnly}) => `delete ${isMetadataOnly ? 'the record of ' : ''}"${snapshot}"${scopes[scope]}`,
	done: ({snapshot, scope, isMetadataOnly, domain}) =>
		`${isMetadataOnly ? 'The record of ' : ''}"${snapshot}" of "${domain.name}"${scopes[scope]} ${scope === 'one' ? 'is' : 'are'} deleted.`,
};
