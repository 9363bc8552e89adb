/**
A disk of the domain in the plan of a new snapshot: what is asked for it, how it takes part, and the files that come of that.
*/
import type {Disk, SnapshotMode} from '../model/domain/domain.ts';
import type {DiskRequest} from '../model/plan/request.ts';

/** The image that a disk writes to until then. */
export type Head = {headPath: string; format: string};

/** The overlay that it goes on in. What a prepared one may hold is settled by then. */
export type NewOverlay = Head & {target: string; overlayPath: string; reuse: Exclude<DiskRequest['reuse'], 'existing-with-data' | undefined>};

/** `asked`: by the request, or by the definition of the disk. */
export type AskedDisk = {target: string; disk: Disk; request: DiskRequest | undefined; asked: SnapshotMode | undefined};

export type DiskPlan = AskedDisk & (
	| {mode: 'no' | 'manual'; overlayPath: undefined}
	| Head & {mode: 'internal'; overlayPath: undefined}
	| NewOverlay & {mode: 'external'}
);

type InMode<M> = Extract<DiskPlan, {mode: M}>;

export function inMode<M extends SnapshotMode>(disks: readonly DiskPlan[], mode: M): Array<InMode<M>> {
	return disks.filter((disk): disk is InMode<M> => disk.mode === mode);
}

export const isMade = ({reuse}: {reuse: NewOverlay['reuse']}): boolean => reuse !== 'existing';
