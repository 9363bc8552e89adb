/**
What an overlay's header calls its backing file. A relative name lets a chain be moved as a whole, but `..` behind a symbolic link leads elsewhere than its
text says: it is written only between folders whose real places were read.
*/
import {posix} from 'node:path';
import {imageAt} from '../../model/images/image-graph.ts';
import type {PlanContext} from '../context.ts';

/** The name under which `path` is to know `backing`: relative where its present name is and where that surely leads there, else absolute. */
export function backingNameFor(context: PlanContext, path: string, backing: string): string {
	const known = imageAt(context.graph, path)?.backingName;
	const from = context.inventory.realFolders?.get(posix.dirname(path));
	const to = context.inventory.realFolders?.get(posix.dirname(backing));
	if (known === undefined || known.startsWith('/') || from === undefined || to === undefined) {
		return backing;
	}

	const relative = posix.relative(from, posix.join(to, posix.basename(backing)));
	// A name with a colon would be taken for that of a protocol.
	return relative.split('/')[0]!.includes(':') ? `./${relative}` : relative;
}
