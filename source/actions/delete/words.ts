import type {ActionSpec} from '../spec.ts';

const scopes = {one: '', 'with-children': ' and its descendants', 'children-only': ': its descendants'};

export const words: ActionSpec<'delete'>['words'] = {
	title: ({snapshot, scope, isMetadataOnly, domain}) => `Delete ${isMetadataOnly ? 'the record of ' : ''}${snapshot} of ${domain.name}${scopes[scope]}`,
	noun: ({snapshot, isMetadataOnly}) => `delete of ${isMetadataOnly ? 'the record of ' : ''}"${snapshot}"`,
	log: ({snapshot, scope, isMetadataOnly}) => `delete ${isMetadataOnly ? 'the record of ' : ''}"${snapshot}"${scopes[scope]}`,
	done: ({snapshot, scope, isMetadataOnly, domain}) =>
		`${isMetadataOnly ? 'The record of ' : ''}"${snapshot}" of "${domain.name}"${scopes[scope]} ${scope === 'one' ? 'is' : 'are'} deleted.`,
};
