/** The planner of a merge: what it refuses beyond a delete. */
import test from 'ava';
import {planMerge} from '../../../source/actions/merge/plan.ts';
import {pin} from '../../helpers/images.ts';
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
