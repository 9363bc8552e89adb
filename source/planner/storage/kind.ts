/**
What planners ask of whatever an image is on. One kind of storage is one object of this type; test/planner/storage/storage.test.ts says what all of them keep.
*/
import type {Blocker} from '../../model/failure.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {ImageGraph} from '../../model/images/image-graph.ts';
import type {ProgramCommand} from '../../model/plan/plan.ts';

/** What an image takes of a pool that it may share with others. */
export type Room = {
	pool: string;
	/** On top of what others take there; `isTotal`: in all, with what the image has now. */
	bytes: number;
	isTotal: boolean;
	freeBytes: number;
	/** For the person, where `bytes` are not there. */
	lack: (bytes: number) => Blocker;
};

export type Storage = {
	kind: 'file' | 'block-device' | 'network';
	path: string;
	/** libvirt's `type` of a disk that is on it, and the attribute of `<source>` that holds its whole name; undefined: none does. */
	inXml: {type: string; attribute: string | undefined};
	/** QEMU's driver for it. */
	driver: string;
	/** What the paths of new files beside it begin with; undefined: nothing can lie beside it. */
	stem: string | undefined;
	/** How it goes when nothing needs it; undefined: it stays, for somebody to use. */
	removal: ProgramCommand | undefined;
	/** It becomes longer and younger as it is written to. */
	showsWrites: boolean;
	/** What an image that grows by so much takes; undefined: nothing is known of that. */
	room: (site: {graph: ImageGraph; inventory: Inventory}, growthBytes: number) => Room | undefined;
};
