/** `paused (migrating)` and missing bitmaps after a resume with --paused: recorded on libvirt 11.3 with QEMU 10.0. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planDeleteCheckpoint} from '../../../source/actions/delete-checkpoint/plan.ts';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {parseCheckpointXml} from '../../../source/model/xml/parse-checkpoint.ts';
import {planOf, refusalOf, textsOf} from '../../helpers/create-scene.ts';
import {bareQemu} from '../../helpers/bare-inventory.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

const checkpoint = unwrap(parseCheckpointXml('<domaincheckpoint><name>c1</name><creationTime>1790000000</creationTime><disks><disk name="vda" checkpoint="bitmap" bitmap="c1"/></disks></domaincheckpoint>'));

function paused(world: Inventory, {hypervisorVersion = 10_000_000, isFreshlyResumed = true} = {}): Inventory {
	const {details} = world;
	return {
		...world,
		host: {...world.host, libvirtVersion: 11_003_000, hypervisorVersion},
		details: {...details, domain: {...details.domain, state: 'paused', liveDefinition: details.domain.definition, isFreshlyResumed}},
	};
}

const oneDisk = (checkpoints = [checkpoint]) => inventory({heads: {vda: '/d/vda.qcow2'}, snapshots: [], images: [image('/d/vda.qcow2')], checkpoints});

test('L22: beside checkpoints no overlay is made while their bitmaps are invisible, and the remedy lets the guest run for a moment', t => {
	t.regex(refusalOf(paused(oneDisk()), {isDiskOnly: true}), /has not activated its disks yet\. The bitmaps of the checkpoints \(c1\) would not continue.*virsh resume web; virsh suspend web/);
	t.is(refusalOf(paused(oneDisk(), {isFreshlyResumed: false}), {isDiskOnly: true}), '');
	t.is(refusalOf(paused(oneDisk(), {hypervisorVersion: 9_002_000}), {isDiskOnly: true}), '', 'older QEMU activates them at once');
	t.is(refusalOf(paused(oneDisk([])), {isDiskOnly: true}), '', 'there is nothing to lose');
});

test('R14: no merge is begun in a QEMU whose images are inactive', t => {
	const planned = planDelete({kind: 'delete', domain: {uuid, name: 'web'}, snapshot: 's2', scope: 'one', isMetadataOnly: false}, paused(threeSnapshots()), {id: 'p', now, workPath: '/w'});
	t.regex(JSON.stringify(planned), /has not activated its disks yet\. No image can be merged until then/);
});

test('a snapshot inside images with bitmaps warns that it cannot be reverted to', t => {
	const running = (checkpoints?: Array<typeof checkpoint>) => {
		const world = paused(oneDisk(checkpoints), {isFreshlyResumed: false});
		world.details.domain.state = 'running';
		return world;
	};

	t.regex(textsOf(planOf(running())), /warning: QEMU cannot revert to an internal snapshot beside bitmaps.*\(c1\)/);
	t.notRegex(textsOf(planOf(running([]))), /beside bitmaps/);
	t.notRegex(textsOf(planOf(running(), {isDiskOnly: true})), /beside bitmaps/);
	const off = inventory({
		heads: {vda: '/d/vda.qcow2'}, snapshots: [],
		images: [image('/d/vda.qcow2', undefined, {bitmaps: [{name: 'b', granularityBytes: 65_536, isUsable: true}]})],
	});
	t.regex(textsOf(planOf(off)), /beside bitmaps.*\(b\)/);
});

test('no checkpoint is taken for broken, or forgotten, while a paused QEMU tells of no bitmaps', t => {
	const measured = {...checkpoint, isMeasured: true};
	const drop = (world: Inventory) => JSON.stringify(planDeleteCheckpoint({kind: 'delete-checkpoint', domain: {uuid, name: 'web'}, checkpoint: 'c1', scope: 'one', isMetadataOnly: false}, world, {id: 'p', now, workPath: '/w'}));
	t.regex(drop(paused(oneDisk([measured]))), /has not activated its disks yet\. Until then it sees no bitmaps/);
	t.regex(drop(paused(oneDisk([measured]), {isFreshlyResumed: false})), /QEMU tells of no bitmap at all: either all of them are broken, or/);
	const told = {...measured, name: 'c2', disks: [{target: 'vda', bitmap: 'c2', sizeBytes: 0}]};
	t.regex(drop(paused(oneDisk([measured, told]), {isFreshlyResumed: false})), /"--metadata"/, 'QEMU tells of others, so this one is broken');
});

test('a standalone QEMU whose images are inactive: the way is the monitor\'s', t => {
	const bare = bareQemu();
	const world = {...bare, host: {...bare.host, hypervisorVersion: 10_000_000}, details: {...bare.details, checkpoints: [checkpoint], domain: {...bare.details.domain, state: 'paused' as const, isFreshlyResumed: true}}};
	t.regex(refusalOf(world, {isDiskOnly: true}), /has not activated its disks yet\. The bitmaps of the checkpoints \(c1\) would not continue.*QMP: blockdev-set-active/);
});
