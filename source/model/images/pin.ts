/**
Something that needs an image. `content`: the image must stay readable and unchanged, and all below it. `existence`: the file must stay, though
its active layer may be written (an internal snapshot lives inside). `head`: this domain writes to it; what is below must stay unchanged.
*/
export type Pin = {
	path: string;
	hold: 'content' | 'existence' | 'head';
	/** Of a head: its domain is known to be off, so that nobody writes to it at this moment. */
	isIdle?: boolean;
	/** Of a head: the disk is marked as shared with other domains, which then may write to it too. */
	isShared?: true;
	/** UUID of the domain that it belongs to. */
	domainUuid: string;
	/** For people: "head of web", "snapshot s1 of web", "memory of s1 of web". */
	label: string;
	/** The snapshot that pins; undefined for heads. */
	snapshot: string | undefined;
	/** The disk's target; undefined for memory and NVRAM files. */
	target: string | undefined;
};
