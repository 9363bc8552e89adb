/**
Removing image files at the end of a plan, each proven once more to be needed by nobody.
*/
import {posix} from 'node:path';
import {imageAt} from '../../model/images/image-graph.ts';
import type {Step} from '../../model/plan/plan.ts';
import {inPlace} from '../../model/plan/placed-command.ts';
import type {PlanContext} from '../context.ts';
import {storageAt} from '../storage/storage.ts';
import {placeOf} from './build-folder.ts';
import {step} from './step.ts';

type Words = {title: (name: string) => string; whenStopped: string};

const afterWork: Words = {
	title: name => `Remove ${name}: nothing needs it`,
	whenStopped: 'The work is done; recover would remove the remaining files.',
};

/** Where others may exchange the file, it must be the one that was seen; the name of another one stays. */
export function removeSteps(context: PlanContext, paths: readonly string[], {title, whenStopped}: Words = afterWork): Step[] {
	return paths.map((path, index) => {
		const place = placeOf(context, path);
		const inode = place && (imageAt(context.graph, path)?.file ?? context.inventory.nvramFiles.get(path))?.inode;
		return step('remove', {
			id: `remove-${index + 1}`,
			title: title(posix.basename(path)),
			command: inPlace(place && {...place, ...(inode !== undefined && {entry: {name: posix.basename(path), is: inode}})}, storageAt(context.graph, path).removal!),
			doneWhen: {kind: 'file-missing', path},
			whenStopped,
			guard: {kind: 'unused-image', path, ...(inode !== undefined && {inode})},
		});
	});
}
