/** States inside images: deleted one by one by qemu-img while the domain is off, by whoever has the images open where it runs. */
import test from 'ava';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {DeleteAction} from '../../../source/model/plan/request.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {image, pin} from '../../helpers/images.ts';
import {inventory, now, uuid, type Scene} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const tagged = image('/d/vda.qcow2', undefined, {internalSnapshots: [{tag: 'i1', memoryBytes: 0}, {tag: 'i2', memoryBytes: 0}]});

/** i1 → i2 inside one image. */
const world = (more: Partial<Scene> = {}) => inventory({
	heads: {vda: '/d/vda.qcow2'},
	current: 'i2',
	snapshots: ['i1', 'i2'].map((name, index) => ({
		name, ...(index > 0 && {parent: 'i1'}), state: 'shutoff', frozen: {vda: '/d/vda.qcow2'}, overlays: {}, modes: {vda: 'internal' as const},
	})),
	images: [tagged],
	...more,
});
const drop = (on: Inventory, more: Partial<DeleteAction> = {}) =>
	planDelete({kind: 'delete', domain: {uuid, name: 'web'}, snapshot: 'i1', scope: 'one', isMetadataOnly: false, ...more}, on, {id: 'p1', now, workPath: '/w'});

function refusal(on: Inventory, more: Partial<DeleteAction> = {}): string {
	const result = drop(on, more);
	return result.ok || result.failure.kind !== 'refused' ? 'planned' : result.failure.blockers.map(({text}) => text).join(' ');
}

test('while the domain is off the state goes out of the image last, after its record, and its image stays', t => {
	const made = unwrap(drop(world()));
	const last = made.steps.at(-1)!;
	t.is(argvOf(last.command).join(' '), 'qemu-img snapshot -d i1 /d/vda.qcow2');
	t.like(last, {phase: 'remove', undo: null, doneWhen: {kind: 'image-lacks-tag', path: '/d/vda.qcow2', tag: 'i1'}});
	t.deepEqual(made.steps.filter(({phase}) => phase === 'remove'), [last]);
	t.true(made.steps.some(({phase, command}) => phase !== 'remove' && argvOf(command).includes('snapshot-delete')));
	t.like(made.images, {removed: [], written: ['/d/vda.qcow2']});
	t.deepEqual(made.targets[0].expected.snapshots, [{name: 'i2', parent: undefined}]);
});

test('a domain that somebody starts meanwhile deletes the state itself, by a record that is put back for that', t => {
	const {instead} = unwrap(drop(world())).steps.at(-1)!;
	t.deepEqual(instead!.onlyIf, {kind: 'domain-active', uuid});
	t.deepEqual(instead!.commands.map(command => argvOf(command).find(word => word.startsWith('snapshot-'))), ['snapshot-create', 'snapshot-delete']);
	t.true(instead!.commands.every(({onlyIf}) => onlyIf?.kind === 'image-has-tag'));
});

test('of a running domain libvirt deletes record and state together, the youngest first', t => {
	const made = unwrap(drop(world({state: 'running'}), {scope: 'with-children'}));
	t.deepEqual(made.steps.map(({phase, command}) => [phase, argvOf(command).at(-1)]), [['remove', 'i2'], ['remove', 'i1']]);
	t.true(made.steps.every(({command}) => !argvOf(command).includes('--metadata')));
	t.true(made.consequences.some(({text}) => text.startsWith('The guest is paused')));
});

test('a state in a backing file of the running domain is refused', t => {
	t.regex(refusal(world({state: 'running', heads: {vda: '/d/vda.e'}, images: [tagged, image('/d/vda.e', '/d/vda.qcow2')]})), /"i1" is inside \/d\/vda\.qcow2, a backing file of the running domain/u);
});

test('a state in an image that somebody else needs, or that is read-only, is refused; its record alone may go', t => {
	const shared = world({foreignPins: [pin('/d/vda.qcow2', 'content', 'head of mail', 'other')]});
	t.regex(refusal(shared), /backing file of others: head of mail/u);
	t.is(refusal(shared, {isMetadataOnly: true}), 'planned');
	t.regex(refusal(world({images: [{...tagged, file: {...tagged.file!, mode: 0o400}}]})), /whose mode is read-only/u);
});
