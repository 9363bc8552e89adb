import test from 'ava';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import type {DeleteAction} from '../../../source/model/plan/request.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Plan} from '../../../source/model/plan/plan.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const given = {id: 'p1', now, workPath: '/w'};
const planOf = (world: Inventory, more: Partial<DeleteAction> = {}) =>
	planDelete({kind: 'delete', domain: {uuid, name: 'web'}, snapshot: 's2', scope: 'one', isMetadataOnly: false, ...more}, world, given);
const plan = (world: Inventory, more: Partial<DeleteAction> = {}) => unwrap(planOf(world, more));
const lines = (made: Plan, pattern: RegExp) => made.steps.map(step => argvOf(step.command).join(' ')).filter(line => pattern.test(line));
const textOf = (made: Plan) => made.consequences.map(({text}) => text).join('\n');
const record = (name: string, parent?: string) => ({
	name, description: undefined, parent, createdAt: 1_790_000_000, disks: [{target: 'vda', bitmap: name}],
	xml: `<domaincheckpoint><name>${name}</name>${parent === undefined ? '' : `<parent><name>${parent}</name></parent>`}</domaincheckpoint>`,
});

/** `bitmaps`: by the end of the file's name; one with a `!` is broken. */
function world(bitmaps: Record<string, string>, more: Parameters<typeof threeSnapshots>[0] & {isTopSmall?: boolean} = {}): Inventory {
	const made = threeSnapshots({libvirtVersion: 11_003_000, ...more});
	for (const image of made.details.images.filter(({path}) => path.startsWith('/d/vda.'))) {
		const names = (bitmaps[image.path.slice('/d/vda.'.length)] ?? '').split(' ').filter(name => name !== '');
		image.bitmaps.push(...names.map(name => ({name: name.replace('!', ''), isUsable: !name.endsWith('!'), granularityBytes: 65_536})));
	}

	for (const image of more.isTopSmall ? made.details.images.filter(({path}) => path.endsWith('.s3')) : []) {
		image.allocatedBytes = 1000;
	}

	return made;
}

test('a commit takes along what the image above has recorded, after it has copied, and before anything is removed', t => {
	const made = plan(world({s2: 'c1', s3: 'c1 c2'}, {checkpoints: [record('c1'), record('c2', 'c1')], isTopSmall: true}), {snapshot: 's3'});
	t.deepEqual(lines(made, /bitmap/u), [
		'qemu-img bitmap --merge c1 -b /d/vda.s3 -F qcow2 -f qcow2 -- /d/vda.s2 c1',
		'qemu-img bitmap --add -g 65536 --merge c2 -b /d/vda.s3 -F qcow2 -f qcow2 -- /d/vda.s2 c2',
	]);
	const ids = made.steps.map(({id}) => id);
	t.deepEqual(['commit-1', 'bitmap-1-1', 'bitmap-1-2', 'define', 'remove-1'].map(id => ids.indexOf(id)), [...new Set(['commit-1', 'bitmap-1-1', 'bitmap-1-2', 'define', 'remove-1'].map(id => ids.indexOf(id)))].sort((a, b) => a - b));
	t.regex(textOf(made), /checkpoints "c1", "c2" stay good/);
});

test('a pull merges what the images below have recorded first, can be taken back, and says that the next backup is larger', t => {
	const made = plan(world({s1: 'c1', s2: 'c1', s3: 'c1'}, {checkpoints: [record('c1')]}));
	t.deepEqual(lines(made, /bitmap/u), ['qemu-img bitmap --merge c1 -b /d/vda.s1 -F qcow2 -f qcow2 -- /d/vda.s2 c1']);
	const step = made.steps.find(({id}) => id === 'bitmap-1-1')!;
	t.is(step.phase, 'create');
	t.deepEqual(step.undo!.map(command => argvOf(command)[0]), ['touch'], 'a frozen image does not seem changed');
	t.regex(textOf(made), /next backup since "c1" may be larger/);
});

test('a broken bitmap on the way ends its checkpoint: what is left of it goes, and the plan says so', t => {
	const made = plan(world({s1: 'c1!', s2: 'c1', s3: 'c1 c2'}, {checkpoints: [record('c1'), record('c2', 'c1')]}));
	t.regex(textOf(made), /"c1" is deleted: no image tells/);
	t.regex(textOf(made), /"c2" stays good/);
	t.deepEqual(lines(made, /bitmap/u), ['qemu-img bitmap --remove -f qcow2 -- /d/vda.s2 c1', 'qemu-img bitmap --remove -f qcow2 -- /d/vda.s3 c1']);
	t.deepEqual(made.targets[0].expected.goneCheckpoints, ['c1']);
	t.deepEqual(made.targets[0].expected.checkpoints, [{name: 'c2', parent: undefined}]);
});

test('L23: into a raw image no bitmap goes: the image above has it afterwards, and a head on it has none', t => {
	const onRaw = (more: Partial<DeleteAction>, bitmaps: Record<string, string>) => {
		const made = world(bitmaps, {checkpoints: [record('c1')]});
		for (const image of made.details.images.filter(({path}) => path.endsWith('.qcow2'))) {
			image.format = 'raw';
			image.allocatedBytes = 1024 ** 3;
		}

		return plan(made, more);
	};

	const middle = onRaw({snapshot: 's1'}, {s1: 'c1', s2: 'c1', s3: 'c1'});
	t.deepEqual(lines(middle, /bitmap/u), ['qemu-img bitmap --merge c1 -b /d/vda.s1 -F qcow2 -f qcow2 -- /d/vda.s2 c1']);
	t.regex(textOf(middle), /"c1" stays good/);
	t.regex(textOf(onRaw({snapshot: 's1', scope: 'with-children'}, {s1: 'c1', s2: 'c1', s3: 'c1'})), /"c1" is deleted/);
});

test('in a running domain libvirt carries good bitmaps; a raw image below and a broken one are refused', t => {
	const running = {state: 'running', checkpoints: [record('c1')]} as const;
	const made = plan(world({s1: 'c1', s2: 'c1', s3: 'c1'}, {...running, checkpoints: [record('c1')]}), {snapshot: 's1'});
	t.deepEqual(lines(made, /qemu-img bitmap/u), []);
	t.regex(textOf(made), /"c1" stays good/);
	const refusal = (scene: Inventory) => {
		const result = planOf(scene, {snapshot: 's1'});
		return result.ok ? '' : (result.failure.kind === 'refused' ? result.failure.blockers.map(({text}) => text).join('\n') : result.failure.kind);
	};

	t.regex(refusal(world({s1: 'c1!', s2: 'c1', s3: 'c1'}, {...running, checkpoints: [record('c1')]})), /are broken \(c1\)/);
	const raw = world({s1: 'c1', s2: 'c1', s3: 'c1'}, {...running, checkpoints: [record('c1')]});
	for (const image of raw.details.images.filter(({path}) => path.endsWith('.qcow2'))) {
		image.format = 'raw';
	}

	t.regex(refusal(raw), /is raw and holds no bitmaps/);
});
