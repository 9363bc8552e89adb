import test from 'ava';
import type {FileOwnership, Inventory} from '../../../source/model/domain/inventory.ts';
import {twoDisks} from '../../helpers/create-scene.ts';
import {image} from '../../helpers/images.ts';
import {findingsOf} from '../../helpers/domain-check.ts';

const kind = 'head-not-permitted';

/** One of two disks on a file with this owner and mode; the other is QEMU's. */
function world(file: {uid: number; gid: number; mode: number}, keepsOwner?: true): Inventory {
	const made = twoDisks({images: ['vda', 'vdb'].map(target => {
		const disk = image(`/d/${target}.qcow2`);
		return {...disk, file: {...disk.file!, ...(target === 'vda' ? file : {uid: 107, gid: 107})}};
	})});
	made.details.domain.definition.disks = made.details.domain.definition.disks.map(disk => ({...disk, ...(keepsOwner && {keepsOwner})}));
	return made;
}

const root = {uid: 0, gid: 0, mode: 0o600};
const usual: FileOwnership = {keepsOwners: false, qemuUid: 107};
const found = (inventory: Inventory, fileOwnership = usual) => findingsOf(inventory, {surroundings: {fileOwnership}}).filter(finding => finding.kind === kind);

test('a head that QEMU may not open is a finding where libvirt leaves its owner alone, and says why and what helps', t => {
	const [finding, ...others] = found(world(root, true));
	t.deepEqual(others, []);
	t.like(finding, {severity: 'problem', images: ['/d/vda.qcow2']});
	t.regex(finding!.text, /user 107.*belongs to 0:0 with mode 0600/);
	t.regex(finding!.meaning, /<seclabel> in vda/);
	t.regex(finding!.remedy!, /chown 107 \/d\/vda\.qcow2/);
	t.regex(found(world(root), {keepsOwners: true, qemuUid: 107})[0]!.meaning, /dynamic_ownership = 0/);
	const labelled = world(root);
	labelled.details.domain.definition.fileOwnership = {keepsOwners: true, uid: 5000};
	t.regex(found(labelled)[0]!.text, /user 5000/);
});

test('nothing is found where libvirt changes the owner, where QEMU may open the file, and where nobody knows', t => {
	t.deepEqual(found(world(root)), []);
	for (const file of [{uid: 107, gid: 0, mode: 0o600}, {uid: 0, gid: 0, mode: 0o666}, {uid: 0, gid: 36, mode: 0o660}]) {
		t.deepEqual(found(world(file, true)), [], JSON.stringify(file));
	}

	t.deepEqual(found(world(root, true), {keepsOwners: true, qemuUid: undefined}), []);
	t.deepEqual(found(world(root, true), {keepsOwners: true, qemuUid: 0}), []);
});
