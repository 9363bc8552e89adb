/** A pull that fails leaves its file larger: it reads the same, and nobody says that all is as it was. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {executePlan} from '../../../source/engine/run/execute.ts';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import {describeFailure} from '../../../source/model/text/describe-failure.ts';
import {findGrown} from '../../../source/engine/run/left-grown.ts';
import type {Host} from '../../../source/engine/ports.ts';
import {succeed} from '../../../source/model/result.ts';
import {createMemoryStore} from '../../../source/tools/state/memory-store.ts';
import {fakeHost} from '../../helpers/fake-host.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

for (const {title, moreBytes, words} of [
	{title: 'a pull that fails after it copied is told with what stays larger', moreBytes: 17 * (1024 ** 2), words: /are as before\. \/d\/vda\.s2 stays 17\.0 MiB larger/},
	{title: 'a pull that fails before it copied leaves everything as it was', moreBytes: 0, words: /Everything is as before/},
]) {
	test(title, async t => {
		const inventory = threeSnapshots();
		const plan = unwrap(planDelete({kind: 'delete', domain: {uuid, name: 'web'}, snapshot: 's2', scope: 'one', isMetadataOnly: false}, inventory, {id: 'p1', now, workPath: '/w'}));
		const host = fakeHost(inventory);
		host.onRun = line => line.startsWith('qemu-img rebase -f qcow2 -F qcow2 -b /d/vda.qcow2') ? 'fail' : 'succeed';
		host.answers.set('backed-by', true);
		const {path, allocatedBytes} = inventory.details.images.find(image => image.path === '/d/vda.s2')!;
		host.stamps.set(path, {path, inode: '1:1', sizeBytes: 0, modifiedAt: '0', allocatedBytes: allocatedBytes + moreBytes});
		const world = {host: host.host, store: createMemoryStore(), clock: {now: () => now}, person: {user: 'root', from: undefined}};
		const outcome = await executePlan(world, plan, {interrupt: new AbortController().signal, onEvent: () => undefined});
		t.is(outcome.kind, 'rolled-back');
		t.regex(outcome.kind === 'done' ? '' : describeFailure(outcome.failure).message, words);
	});
}

test('a pull that its guest keeps, because it runs, is told when it is taken back', async t => {
	const inventory = threeSnapshots({state: 'running'});
	const plan = unwrap(planDelete({kind: 'delete', domain: {uuid, name: 'web'}, snapshot: 's3', scope: 'one', isMetadataOnly: false}, inventory, {id: 'p1', now, workPath: '/w'}));
	t.truthy(plan.steps.find(({id}) => id === 'pull-1'));
	for (const [isStillBacked, count] of [[false, 1], [true, 0]] as const) {
		const {host} = fakeHost(inventory);
		const asked: Host = {...host, observe: async probe => succeed(JSON.stringify(probe) === JSON.stringify({kind: 'not', of: {kind: 'backed-by', path: '/d/vda.s3', backing: '/d/vda.s2'}}) && !isStillBacked)};
		const left = await findGrown({plan, host: asked}, new Map([['pull-1', 'done']]));
		t.is(left.filter(text => text === '/d/vda.s3 holds all of what it was backed by, and is no longer backed by it: it reads the same.').length, count);
	}
});
