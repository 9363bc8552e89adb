/** How far a step has come, asked while it runs: who is asked, and what about. */
export type Progress =
	| {kind: 'qmp-job'; socketPath: string; id: string}
	| {kind: 'qmp-migration'; socketPath: string}
	/** A block job of libvirt on this disk. */
	| {kind: 'block-job'; uuid: string; target: string}
	/** A job of libvirt on the whole domain: saving memory, a backup. */
	| {kind: 'domain-job'; uuid: string}
	/** A file that grows. */
	| {kind: 'file-size'; path: string; totalBytes: number};
