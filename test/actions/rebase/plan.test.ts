import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import {planRebase} from '../../../source/actions/rebase/plan.ts';
import type {RebaseAction} from '../../../source/model/plan/request.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Image} from '../../../source/model/images/image.ts';
import {unknownImage} from '../../../source/tools/files/qemu-img.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, uuid, type Scene} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/w'};
const request: RebaseAction = {
	kind: 'rebase',
	domain: {uuid, name: 'web'},
	links: [{path: '/d/vda.s1', backingPath: '/e f/-vda.qcow2', backingFormat: 'qcow2'}],
	moved: [{from: '/d/vda.qcow2', to: '/e f/-vda.qcow2'}],
};

/** s1 froze a base that is lost. */
function lostBase(more: Partial<Scene> = {}, overlay: Partial<Image> = {}): Inventory {
	return inventory({
		heads: {vda: '/d/vda.s1'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}}],
		images: [
			image('/d/vda.s1', '/d/vda.qcow2', {problems: [{kind: 'backing-missing', backingPath: '/d/vda.qcow2'}], ...overlay}),
			unknownImage('/d/vda.qcow2', 'qcow2', {kind: 'missing'}),
			image('/e f/-vda.qcow2'),
		],
		...more,
	});
}

function blockersOf(world: Inventory, action = request): string[] {
	const result = planRebase(action, world, given);
	return result.ok || result.failure.kind !== 'refused' ? [] : result.failure.blockers.map(({kind}) => kind);
}

test('the header is written, its age kept, the record names the new place, and each step has its way back', t => {
	const plan = unwrap(planRebase(request, lostBase(), given));
	const lines = plan.steps.map(({command}) => argvOf(command).join(' '));
	t.deepEqual(lines.slice(0, 4), [
		'qemu-img info --backing-chain --output=json -f qcow2 /e f/-vda.qcow2',
		'qemu-img rebase -u -f qcow2 -F qcow2 -b /e f/-vda.qcow2 /d/vda.s1',
		'touch -c -d @1.0 -- /d/vda.s1',
		'sync -- /d/vda.s1',
	]);
	const [record] = plan.steps.slice(4);
	t.true(record!.command.files[0]!.text.includes('/e f/-vda.qcow2'));
	t.false(record!.command.files[0]!.text.includes('/d/vda.qcow2'));
	t.true(record!.undo![0]!.files[0]!.text.includes('/d/vda.qcow2'));
	t.is(argvOf(plan.steps[1]!.undo![0]!).join(' '), 'qemu-img rebase -u -f qcow2 -F qcow2 -b /d/vda.qcow2 /d/vda.s1');
	t.deepEqual(plan.images.written, ['/d/vda.s1']);
	t.deepEqual([createdPaths(plan), plan.images.removed], [[], []]);
	t.deepEqual(plan.targets[0].expected.chains, [{path: '/d/vda.s1', format: 'qcow2'}]);
});

test('a relative name stays relative', t => {
	const lost = lostBase({}, {backingName: 'vda.qcow2'});
	lost.realFolders = new Map([['/d', '/d'], ['/e f', '/e f']]);
	const plan = unwrap(planRebase(request, lost, given));
	t.true(argvOf(plan.steps[1]!.command).includes('../e f/-vda.qcow2'));
	lost.realFolders = new Map([['/d', '/d']]);
	t.true(argvOf(unwrap(planRebase(request, lost, given)).steps[1]!.command).includes('/e f/-vda.qcow2'), 'absolute where a folder is not known');
	t.true(argvOf(plan.steps[1]!.undo![0]!).includes('vda.qcow2'));
});

test('a head that was moved itself is named anew by the definition', t => {
	const world = inventory({heads: {vda: '/d/vda.qcow2'}, snapshots: [], images: [unknownImage('/d/vda.qcow2', 'qcow2', {kind: 'missing'}), image('/e/vda.qcow2')]});
	const plan = unwrap(planRebase({...request, links: [], moved: [{from: '/d/vda.qcow2', to: '/e/vda.qcow2'}]}, world, given));
	const define = plan.steps.find(({id}) => id === 'define')!;
	t.true(define.command.files[0]!.text.includes('/e/vda.qcow2'));
	t.true(define.undo![0]!.files[0]!.text.includes('/d/vda.qcow2'));
	t.deepEqual(plan.targets[0].expected.heads, [{target: 'vda', path: '/e/vda.qcow2'}]);
});

test('a chain that the definition records is taken out, because it would beat the header', t => {
	const world = lostBase();
	world.definitionXml = world.definitionXml.replace('<target', '<backingStore type="file"><source file="/d/vda.qcow2"/></backingStore><target');
	const plan = unwrap(planRebase(request, world, given));
	t.false(plan.steps.find(({id}) => id === 'define')!.command.files[0]!.text.includes('backingStore'));
});

test('only the format is written where the file is in its place', t => {
	const world = lostBase({
		images: [image('/d/vda.s1', '/d/vda.qcow2', {backingName: 'vda.qcow2', backingFormat: undefined, problems: [{kind: 'backing-format-not-recorded'}]}), image('/d/vda.qcow2', undefined, {format: 'raw'})],
	});
	const plan = unwrap(planRebase({...request, links: [{path: '/d/vda.s1', backingPath: '/d/vda.qcow2', backingFormat: 'raw'}], moved: []}, world, given));
	t.deepEqual(argvOf(plan.steps[1]!.command), ['qemu-img', 'rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', 'vda.qcow2', '/d/vda.s1']);
	t.false(plan.steps.some(({id}) => id.startsWith('record') || id === 'define'));
});

const good = image('/d/vda.s1', '/d/vda.qcow2', {problems: [{kind: 'backing-missing', backingPath: '/d/vda.qcow2'}]});
const lost = unknownImage('/d/vda.qcow2', 'qcow2', {kind: 'missing'});
const refusals: Array<[string, Inventory, string]> = [
	['the domain runs', lostBase({state: 'running'}), 'domain-state'],
	['the overlay finds its backing file: another would change what is read', lostBase({images: [image('/d/vda.s1', '/d/vda.qcow2'), image('/d/vda.qcow2'), image('/e f/-vda.qcow2')]}), 'not-supported'],
	['the file has another size', lostBase({images: [good, lost, image('/e f/-vda.qcow2', undefined, {virtualSizeBytes: 512})]}), 'chain-broken'],
	['the file stands on the overlay itself', lostBase({images: [good, lost, image('/e f/-vda.qcow2', '/d/vda.s1')]}), 'chain-broken'],
	['the file does not open', lostBase({images: [good, lost, image('/e f/-vda.qcow2', undefined, {problems: [{kind: 'unreadable', reason: 'x'}]})]}), 'chain-broken'],
	['somebody writes to the file', lostBase({foreignPins: [{path: '/e f/-vda.qcow2', hold: 'head', domainUuid: 'other', label: 'head of db', snapshot: undefined, target: 'vda'}]}), 'image-in-use'],
	['another domain stands on the overlay', lostBase({foreignPins: [{path: '/d/vda.s1', hold: 'content', domainUuid: 'other', label: 'medium of db', snapshot: undefined, target: 'vda'}]}), 'image-needed'],
	['the overlay is open elsewhere', lostBase({}, {problems: [{kind: 'backing-missing', backingPath: '/d/vda.qcow2'}, {kind: 'locked', processes: []}]}), 'image-in-use'],
];
for (const [what, world, kind] of refusals) {
	test(`refused where ${what}`, t => {
		t.true(blockersOf(world).includes(kind), blockersOf(world).join(', '));
	});
}
