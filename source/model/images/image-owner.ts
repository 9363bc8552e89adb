/**
Whose a new overlay is. QEMU has to open it, and where libvirt does not give images to QEMU's user by itself (`dynamic_ownership = 0`, `relabel='no'`) nobody
else sees to that.
*/
import type {FileFacts} from './image.ts';

export function isOwnedByRoot({uid, gid}: Pick<FileFacts, 'uid' | 'gid'>): boolean {
	return uid === 0 && gid === 0;
}

/**
Of the files that an overlay takes the place of, best first, the one whose owner and mode it gets: libvirt leaves its own overlays to root once the domain is
off, so one that is not root's says more. The owner of a device is the host's matter, and says nothing.
*/
export function ownerModel(...files: Array<FileFacts | undefined>): FileFacts | undefined {
	const known = files.filter((file): file is FileFacts => file?.isRegular === true);
	return known.find(file => !isOwnedByRoot(file)) ?? known[0];
}
