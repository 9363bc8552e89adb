import type {Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {ActionSpec} from '../spec.ts';

export const words: ActionSpec<'repair-records'>['words'] = {
	title: ({domain}) => `Repair the snapshot records of ${domain.name}`,
	noun: () => 'repair of the snapshot records',
	log: ({adopts}) => adopts === undefined ? 'repair the snapshot records' : `record ${adopts === 'layers' ? 'overlays' : 'internal snapshots'} that have no record`,
	done: ({adopts, domain}) => adopts === undefined ? `The snapshot records of "${domain.name}" match its disks.` : `Everything without a record is now in the tree of "${domain.name}".`,
};

export const whyNoUndo = 'the records did not match the disks before';

const nothingElse: Consequence = {severity: 'info', text: 'Only records are written: no image changes, and the domain keeps its state.'};

/** `current`: what becomes the current snapshot, if another does. `reparented`: with their new parents. */
export function describeRepair(current: {name: string; isRewritten: boolean} | undefined, reparented: ReadonlyArray<{name: string; parent: string | undefined}>): Consequence[] {
	return [
		...(current === undefined
			? []
			: [{severity: 'info' as const, text: `"${current.name}" becomes the current snapshot, which matches the disks${current.isRewritten ? ', and its record is updated to the images that the domain writes to' : ''}.`}]),
		...reparented.map(({name, parent}): Consequence => ({severity: 'info', text: `"${name}" ${parent === undefined ? 'becomes a root' : `becomes a child of "${parent}"`}.`})),
		nothingElse,
	];
}

export function describeAdopted(adopted: ReadonlyArray<Pick<Snapshot, 'name' | 'memory'>>): Consequence[] {
	return [
		...adopted.map(({name}): Consequence => ({severity: 'info', text: `"${name}" is recorded: you can revert to it, merge it or delete it.`})),
		...adopted.filter(({memory}) => memory.mode === 'internal').map(({name}): Consequence => ({
			severity: 'warning',
			text: `"${name}" holds the memory of a guest, and nothing tells which VM definition it had: the one of now is recorded with it. `
				+ 'Where its hardware differs, a revert by vsnap-tui fails and is rolled back; one by virsh leaves the disks reverted and the domain off, and the current state of the disks is lost.',
		})),
		nothingElse,
	];
}

export const asked = {
	layers: {label: 'Overlay', question: 'What to do with the overlay that has no record?'},
	record: {label: 'record it as a snapshot', note: 'No image is touched. It can then be reverted to, merged or deleted.'},
	fold: {label: 'fold it into its base', note: 'The current state stays; what the disks held when the overlay was made does not.'},
};
