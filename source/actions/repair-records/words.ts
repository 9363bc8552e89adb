import {isExternal, type Snapshot} from '../../model/domain/snapshot.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {ActionSpec} from '../spec.ts';

const logged = {
	layers: 'record overlays that have no record', tags: 'record internal snapshots that have no record', secrets: 'record the secrets of encrypted images',
};

export const words: ActionSpec<'repair-records'>['words'] = {
	title: ({domain, adopts}) => adopts === 'secrets' ? `Record the secrets of the encrypted images of ${domain.name}` : `Repair the snapshot records of ${domain.name}`,
	noun: ({adopts}) => adopts === 'secrets' ? 'repair of the definition' : 'repair of the snapshot records',
	log: ({adopts}) => adopts === undefined ? 'repair the snapshot records' : logged[adopts],
	done({adopts, domain}) {
		if (adopts === 'secrets') {
			return `The definition of "${domain.name}" names the secret of every encrypted image.`;
		}

		return adopts === undefined ? `The snapshot records of "${domain.name}" match its disks.` : `Everything without a record is now in the tree of "${domain.name}".`;
	},
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

/** `plain`: overlays that are not encrypted, on images that are. */
export function describeSecrets(layers: readonly string[], plain: readonly string[]): Consequence[] {
	return [
		{severity: 'info', text: `The VM definition names the secret of ${layers.join(', ')}: the domain can be started again. No image changes.`},
		...(plain.length === 0 ? [] : [{severity: 'warning' as const, text: `${plain.join(', ')} ${plain.length === 1 ? 'is' : 'are'} not encrypted: what the guest writes there is in clear text. A new snapshot makes the domain write to encrypted overlays again.`}]),
	];
}

export function describeAdopted(adopted: ReadonlyArray<Pick<Snapshot, 'name' | 'memory' | 'disks'>>): Consequence[] {
	return [
		...adopted.map((snapshot): Consequence => ({severity: 'info', text: `"${snapshot.name}" is recorded: you can revert to it${isExternal(snapshot) ? ', merge it' : ''} or delete it.`})),
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
