/**
What is said of a checkpoint: its health disk by disk, what was written since, and what that means for the next backup.
*/
import test from 'ava';
import {
	describeHealth, describeNextBackup, formatSince, ownerOf, summariseCheckpoint,
} from '../../../source/model/text/describe-checkpoint.ts';
import type {Checkpoint, CheckpointDisk} from '../../../source/model/domain/snapshot.ts';
import {threeSnapshots} from '../../helpers/inventory.ts';

const mebibyte = 1024 ** 2;

function told(disks: CheckpointDisk[], state: 'running' | 'shutoff' = 'running', isMeasured = true) {
	const checkpoint: Checkpoint = {
		name: 'c', description: undefined, parent: undefined, createdAt: 0, disks, isMeasured, xml: '',
	};
	const {details} = threeSnapshots({state, checkpoints: [checkpoint]});
	return summariseCheckpoint(details, checkpoint);
}

test('the sum of what was written since, where it is known of each disk', t => {
	const good = told([{target: 'vda', bitmap: 'c', sizeBytes: 3 * mebibyte}, {target: 'vdb', bitmap: 'c', sizeBytes: mebibyte}, {target: 'vdc', bitmap: undefined}]);
	t.is(formatSince(good.size), '4.0 MiB');
	t.is(describeHealth(good), 'good');
	t.is(describeNextBackup(good), undefined);
});

test('where more layers count the same blocks it is at most that', t => {
	t.is(formatSince(told([{target: 'vda', bitmap: 'c', sizeBytes: mebibyte, isUpTo: true}, {target: 'vdb', bitmap: 'c', sizeBytes: mebibyte}]).size), 'up to 2.0 MiB');
});

test('a broken disk is named, has no size, and is copied whole by the next backup', t => {
	const broken = told([{target: 'vda', bitmap: 'c', sizeBytes: mebibyte}, {target: 'vdb', bitmap: 'c'}]);
	t.is(broken.health, 'broken');
	t.is(formatSince(broken.size), '');
	t.is(describeHealth(broken), 'broken on vdb');
	t.is(describeNextBackup(broken), 'A backup since "c" copies vdb whole: what was written to it is not recorded.');
});

test('a bitmap that is in no image of a domain that is off is not there', t => {
	t.is(describeHealth(told([{target: 'vda', bitmap: 'c'}], 'shutoff')), 'not there on vda');
});

test('where QEMU was not asked nothing is known', t => {
	const unknown = told([{target: 'vda', bitmap: 'c'}], 'running', false);
	t.is(describeHealth(unknown), 'not known on vda');
	t.regex(describeNextBackup(unknown)!, /^Whether a backup can copy just the changes is known/);
});

test('the checkpoints of virtnbdbackup are said to be its', t => {
	t.is(ownerOf('virtnbdbackup.0'), 'of virtnbdbackup');
	t.is(ownerOf('daily'), '');
});
