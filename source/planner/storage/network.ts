/**
An image behind an NBD server. It has no folder, and nobody here removes it. Its server says nothing of its room, and the image cannot outgrow it: what is exported is a
device for QEMU, and a server answers with an error where its own store is full.
*/
import type {Storage} from './kind.ts';

export function networkAt(path: string): Storage {
	return {
		kind: 'network',
		path,
		inXml: {type: 'network', attribute: undefined},
		driver: 'nbd',
		stem: undefined,
		removal: undefined,
		showsWrites: false,
		room: () => undefined,
	};
}
