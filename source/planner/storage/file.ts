/**
An image in a file of its own.
*/
import {posix} from 'node:path';
import {roomFor} from '../../model/images/copy-cost.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import {formatBytes} from '../../model/text/format.ts';
import {fileCommands} from '../hypervisor/commands.ts';
import {stemOf} from '../steps/overlay-name.ts';
import type {Storage} from './kind.ts';

export function fileAt(path: string): Storage {
	return {
		kind: 'file',
		path,
		inXml: {type: 'file', attribute: 'file'},
		driver: 'file',
		get stem() {
			return stemOf(path);
		},
		removal: fileCommands.remove(path),
		showsWrites: true,
		room({graph, inventory}, growthBytes) {
			const folderPath = posix.dirname(imageAt(graph, path)?.dataFilePath ?? path);
			const folder = inventory.folders.get(folderPath);
			return folder && {
				pool: folder.device,
				bytes: roomFor(growthBytes),
				isTotal: false,
				freeBytes: folder.freeBytes,
				lack: bytes => ({
					kind: 'no-space',
					text: `Not enough room in ${folderPath}: ${formatBytes(folder.freeBytes)} free, but the merge may need ${formatBytes(bytes)} more there before anything is removed.`,
					remedy: 'Free some space there, then try again.',
				}),
			};
		},
	};
}
