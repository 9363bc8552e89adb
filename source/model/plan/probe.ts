/**
What is asked of the world at one moment: whether a step is done, an undo is wanted, a domain runs.
*/

/** A question about the world with yes or no for an answer: asked by recovery, and before an undo. */
export type Probe =
	| {kind: 'never'}
	/** Every one of these holds. */
	| {kind: 'all'; of: Probe[]}
	| {kind: 'not'; of: Probe}
	| {kind: 'file-exists'; path: string}
	| {kind: 'file-missing'; path: string}
	| {kind: 'file-empty'; path: string}
	/** It holds the memory of a guest, whole, and none of these images has been written to since it was saved. */
	| {kind: 'memory-fits'; path: string; images: string[]}
	/** Both names are those of one file. */
	| {kind: 'same-file'; path: string; other: string}
	/** The same, neither of them a link: without this name the file is still there under the other. */
	| {kind: 'also-named'; path: string; other: string}
	/** The file belongs to another user or group than root's. */
	| {kind: 'not-owned-by-root'; path: string}
	| {kind: 'same-content'; path: string; other: string}
	| {kind: 'domain-active'; uuid: string}
	| {kind: 'domain-off'; uuid: string}
	/** Its guest runs and is not paused. */
	| {kind: 'domain-running'; uuid: string}
	/** The domain runs or is paused, and no longer waits for saved memory. */
	| {kind: 'memory-loaded'; uuid: string}
	| {kind: 'snapshot-exists'; uuid: string; name: string}
	| {kind: 'snapshot-missing'; uuid: string; name: string}
	| {kind: 'checkpoint-exists'; uuid: string; name: string}
	| {kind: 'checkpoint-missing'; uuid: string; name: string}
	| {kind: 'image-has-tag'; path: string; tag: string}
	| {kind: 'image-lacks-tag'; path: string; tag: string}
	/** The bitmap stands in the file, be it good or broken. Of an image that a QEMU has open the file says nothing true. */
	| {kind: 'image-has-bitmap'; path: string; bitmap: string}
	/** And is complete: what is cut off with QEMU leaves others. */
	| {kind: 'image-has-good-bitmap'; path: string; bitmap: string}
	| {kind: 'image-lacks-bitmap'; path: string; bitmap: string}
	/** The standalone QEMU that runs has it on the image that this disk writes to. */
	| {kind: 'disk-records'; uuid: string; target: string; bitmap: string}
	/** The header of the image names that file as what lies right below it. */
	| {kind: 'backed-by'; path: string; backing: string}
	/** A guest reads the same from both images. */
	| {kind: 'reads-same'; path: string; other: string; otherFormat: string}
	/** The storage pool, which the domain's volumes are of, is active. */
	| {kind: 'pool-active'; uuid: string; pool: string}
	/** A backup of it is going on, by libvirt. */
	| {kind: 'backup-active'; uuid: string}
	/** The domain writes this disk to this image at this moment. */
	| {kind: 'head-is'; uuid: string; target: string; path: string}
	/** The domain has a process, which writes this disk to this image. */
	| {kind: 'runs-on'; uuid: string; target: string; path: string}
	/** The domain is off, and its definition names this image. */
	| {kind: 'off-on'; uuid: string; target: string; path: string}
	/** The file is there, and nobody uses it: neither a definition, nor a record, nor another image's header, nor a process. */
	| {kind: 'image-unused'; path: string};
