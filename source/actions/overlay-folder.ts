/**
Where new overlays go of disks that are on no file, and so have no folder: shared by all actions that lay overlays.
*/
import {posix} from 'node:path';
import type {DomainDetails} from '../model/domain/inventory.ts';
import {isWritableMedium} from '../model/domain/domain.ts';
import type {PlacesOverlays} from '../model/plan/request.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {storageOf} from '../planner/storage/storage.ts';
import type {TextField} from './question.ts';
import type {OptionSpec, RawOptions} from './spec.ts';
import {fieldWords} from './words.ts';

export const overlayFolderOption: OptionSpec = {
	flags: '--overlay-folder <folder>', summary: 'for disks on block devices or in the network: where their new overlays go (default: where theirs are already)',
};

const problemOf = (folder: string) => folder.startsWith('/') && posix.normalize(folder) === folder ? undefined : 'Give the absolute path, starting with "/" and without "." and "..".';

/** Fails with `usage`. */
export function readOverlayFolder({overlayFolder}: RawOptions): Result<PlacesOverlays> {
	if (typeof overlayFolder !== 'string') {
		return succeed({});
	}

	const folder = overlayFolder.replace(/(?<=.)\/+$/, '');
	const problem = problemOf(folder);
	return problem === undefined ? succeed({overlayFolder: folder}) : fail({kind: 'usage', message: `--overlay-folder ${overlayFolder} is not understood.`, hint: problem});
}

/** A file in it that is not there: what is known of a folder is read for the files in it. */
export const readsOverlayFolder = ({overlayFolder}: PlacesOverlays): string[] => overlayFolder === undefined ? [] : [posix.join(overlayFolder, '.vsnap-tui-overlay')];

/** Only where a disk of the domain, or of one of its snapshots, needs it. */
export function overlayFolderFields<T extends PlacesOverlays>(request: T, details: DomainDetails | undefined, {isExtra}: {isExtra: boolean}, change: (request: T) => ReturnType<TextField['change']>): TextField[] {
	const disks = details === undefined ? [] : [details.domain.definition, ...details.snapshots.map(({domain}) => domain)].flatMap(definition => definition?.disks ?? []);
	const needing = new Set(disks.filter(disk => isWritableMedium(disk)).map(disk => ({...disk, storage: storageOf(disk)})).filter(({storage}) => storage !== undefined && storage.stem === undefined).map(({target}) => target));
	const {overlayFolder, ...rest} = request;
	return needing.size === 0
		? []
		: [{
			kind: 'text',
			id: 'overlay-folder',
			...fieldWords.overlayFolder(needing),
			...(isExtra && {isExtra}),
			value: overlayFolder ?? '',
			problem: overlayFolder === undefined ? undefined : problemOf(overlayFolder),
			change: text => change((text === '' ? rest : {...request, overlayFolder: text}) as T),
		}];
}
