/**
What takes each action back: the rule of each kind, and what it says of itself before.
*/
import test from 'ava';
import {actionKinds, undoOf} from '../../source/actions/registry.ts';
import type {Action} from '../../source/model/plan/request.ts';
import {threeSnapshots} from '../helpers/inventory.ts';

const {details} = threeSnapshots({});
const {domain: {uuid, name}} = details;
const domain = {uuid, name};
const keep = {kind: 'keep', name: 'k1'} as const;
const created = {
	kind: 'create', domain, snapshot: 's3', description: undefined, memory: undefined, disks: [], isDiskOnly: false, isQuiesced: false, isLive: false, isHalted: false, hasNoMetadata: false,
} as const satisfies Action;

const actions: Array<[Action, unknown]> = [
	[created, {given: {kind: 'merge', snapshot: 's3'}, names: {snapshot: 's3'}, text: 'delete "s3", keep what was written since'}],
	[{...created, hasNoMetadata: true}, {never: 'libvirt has no record of the snapshot'}],
	[{kind: 'revert', domain, snapshot: 's1', currentState: keep, endState: 'running'}, {given: {kind: 'revert', snapshot: 'k1'}, names: {snapshot: 'k1'}, text: 'revert to "k1"'}],
	[{kind: 'revert', domain, snapshot: 's1', currentState: {kind: 'discard'}, endState: 'running'}, {never: 'the state before is discarded'}],
	[{kind: 'branch', domain, snapshot: 's1', name: 'b', currentState: keep, endState: 'shutoff'}, {given: {kind: 'revert', snapshot: 'k1'}, names: {snapshot: 'k1'}, text: 'revert to "k1"'}],
	[{kind: 'merge', domain, snapshot: 's1'}, {never: 'the images are merged'}],
	[{kind: 'delete', domain, snapshot: 's1', scope: 'one', isMetadataOnly: false}, {never: 'what only it kept is removed'}],
	[{kind: 'delete', domain, snapshot: 's1', scope: 'one', isMetadataOnly: true}, {never: 'the record is removed; doctor offers what can be done with the images'}],
	[{kind: 'rename', domain, snapshot: 'a', name: 'b'}, {given: {kind: 'rename', snapshot: 'b', name: 'a'}, text: 'rename it back to "a"'}],
	[{kind: 'rebase', domain, links: [], moved: []}, {never: 'the backing files are where the images look for them now'}],
	[{kind: 'remove-orphans', domain, paths: ['/a']}, {never: 'the images are removed'}],
	[{kind: 'repair-records', domain}, {never: 'the records did not match the disks before'}],
	[{kind: 'fold', domain}, {never: 'the images are merged'}],
	[{kind: 'backup', domain, to: '/b', since: {kind: 'full'}, checkpoint: undefined, description: undefined, disks: [], isQuiesced: false, rateBytes: undefined}, {never: 'the domain was not changed; backup prune removes backups'}],
	[{kind: 'restore', domain, from: '/b', at: undefined, isVerified: true, currentState: keep, endState: 'shutoff'}, {given: {kind: 'revert', snapshot: 'k1'}, names: {snapshot: 'k1'}, text: 'revert to "k1"'}],
	[{kind: 'create-checkpoint', domain, checkpoint: 'c', description: undefined, disks: []}, {given: {kind: 'delete-checkpoint', checkpoint: 'c', scope: 'one', isMetadataOnly: false}, names: {checkpoint: 'c'}, text: 'delete the checkpoint "c"'}],
	[{kind: 'delete-checkpoint', domain, checkpoint: 'c', scope: 'one', isMetadataOnly: false}, {never: 'the bitmaps are removed'}],
	[{kind: 'redefine-checkpoint', domain, xml: '<domaincheckpoint><name>c</name></domaincheckpoint>'}, {given: {kind: 'delete-checkpoint', checkpoint: 'c', scope: 'one', isMetadataOnly: true}, names: {checkpoint: 'c'}, text: 'delete the record of the checkpoint "c"'}],
];

test('each kind of action says what takes it back, or why nothing does', t => {
	t.deepEqual(new Set(actions.map(([{kind}]) => kind)), new Set(actionKinds));
	for (const [action, undo] of actions) {
		t.deepEqual(undoOf(action, details), undo as never, action.kind);
	}
});

test('a snapshot inside the images is deleted, not merged', t => {
	const inside = details.snapshots.map(snapshot => ({...snapshot, disks: snapshot.disks.map(disk => ({...disk, mode: 'internal' as const}))}));
	t.like(undoOf(created, {...details, snapshots: inside}), {given: {kind: 'delete', snapshot: 's3', scope: 'one', isMetadataOnly: false}});
});
