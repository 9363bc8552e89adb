/** The planner of a merge: what it refuses beyond a delete. */
import test from 'ava';
import {planMerge} from '../../../source/actions/merge/plan.ts';
import {image, pin} from '../../helpers/images.ts';
import {now, threeSnapshots, uuid, type Scene} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/state/files/p1'};
const plan = (more: Partial<Scene> = {}, snapshot = 's3') => planMerge({kind: 'merge', domain: {uuid, name: 'web'}, snapshot}, threeSnapshots(more), given);

test('a merge is refused where something holds the image itself, though nothing else stands on it', t => {
	t.true(plan().ok);
	for (const hold of ['head', 'content'] as const) {
		const refused = plan({foreignPins: [pin('/d/vda.s2', hold, 'head of mail', 'other')]});
		t.regex(JSON.stringify(refused), /vda\.s2 cannot be merged with its overlay: it is needed by head of mail/u);
	}
});

test('a snapshot that is not there is not merged', t => {
	const result = plan({}, 'nope');
	t.is(result.ok ? 'planned' : result.failure.kind, 'snapshot-not-found');
});

const refusal = (result: ReturnType<typeof planMerge>) => result.ok || result.failure.kind !== 'refused' ? 'planned' : result.failure.blockers.map(({text}) => text).join(' ');

test('a snapshot that the disks are not based on is not merged, and each disk says so', t => {
	const images = ['vda', 'vdb'].flatMap(disk => [image(`/d/${disk}.qcow2`), ...['s1', 's2', 's3', 'b1'].map((name, index) => image(`/d/${disk}.${name}`, `/d/${disk}.${['qcow2', 's1', 's2', 's1'][index]}`))]);
	const besides = plan({heads: {vda: '/d/vda.b1', vdb: '/d/vdb.b1'}, images});
	t.regex(refusal(besides), /not an ancestor of the current state \(vda is not based on \/d\/vda\.s2\).*\(vdb is not based on \/d\/vdb\.s2\)/u);
});

test('a fork point is not merged: its image stays for the other branch', t => {
	const images = [...threeSnapshots().details.images, ...['vda', 'vdb'].map(disk => image(`/d/${disk}.b1`, `/d/${disk}.s1`))];
	t.regex(refusal(plan({images}, 's2')), /vda\.s1 cannot be merged with its overlay: .*vdb\.s1 cannot be merged/u);
});

test('a snapshot inside the images has nothing to merge', t => {
	const inside = {name: 'i1', state: 'shutoff', frozen: {vda: '/d/vda.qcow2'}, overlays: {}, modes: {vda: 'internal'}} as const;
	const images = [image('/d/vda.qcow2', undefined, {internalSnapshots: [{tag: 'i1', memoryBytes: 0}]})];
	t.regex(refusal(plan({heads: {vda: '/d/vda.qcow2'}, snapshots: [inside], current: 'i1', images}, 'i1')), /is inside the images: .*nothing to merge/u);
});
