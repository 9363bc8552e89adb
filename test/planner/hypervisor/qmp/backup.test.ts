/** A backup by the monitor of a standalone QEMU: one transaction, a job for each disk, and nothing of it left in QEMU. */
import test from 'ava';
import {bareQemu} from '../../../helpers/bare-inventory.ts';
import {now, uuid} from '../../../helpers/inventory.ts';
import {unwrap} from '../../../helpers/unwrap.ts';
import type {Inventory} from '../../../../source/model/domain/inventory.ts';
import type {Step} from '../../../../source/model/plan/plan.ts';
import type {Backup} from '../../../../source/planner/hypervisor/hypervisor.ts';
import {planContext} from '../../../../source/planner/plan-context.ts';

const disk = (target: string, since?: string) => ({target, headPath: `/d/${target}.s3`, path: `/b/p.${target}.qcow2`, since, atMostBytes: 10});

const backup: Backup = {
	disks: [disk('vda', 'c1'), disk('vdb')],
	since: 'c1',
	checkpoint: {name: 'c2', requestXml: '<r/>', recordXml: '<domaincheckpoint><name>c2</name><creationTime>1</creationTime></domaincheckpoint>', disks: [{target: 'vda', path: '/d/vda.s3', bitmap: 'c2'}]},
	isQuiesced: false,
	rateBytes: 5000,
	stamp: 'st',
};

function plan(inventory: Inventory, given: Partial<Backup> = {}): {steps: Step[]; blockers: string[]} {
	const context = planContext(inventory, {id: 'plan', now, workPath: '/w/plan'});
	const steps = unwrap(context.hypervisor.backup.running(context, {...backup, ...given}));
	return {steps, blockers: context.blockers.map(({text, remedy}) => `${text} ${remedy}`)};
}

const withBitmaps = () => bareQemu({nodes: {'vda.s2': {bitmaps: ['c1', 'c0']}, 'vda.s1': {bitmaps: ['c0']}}});

test('everything begins in one transaction: the bitmaps of all layers in one, that of the checkpoint, the jobs', t => {
	const {steps, blockers} = plan(withBitmaps());
	t.deepEqual(blockers, []);
	t.is(steps.map(({id}) => id).join(' '), 'open-vda open-vdb backup copy-vda copy-vdb remove-bitmap-vda close-vda close-vdb checkpoint');
	const {command} = steps[2]!;
	t.like(command, {tool: 'qmp', socketPath: '/run/q.sock', execute: 'transaction'});
	t.deepEqual(command.tool === 'qmp' && command.arguments, {actions: [
		{type: 'block-dirty-bitmap-add', data: {node: 'n-vda.s3', name: 'vsnap-changes-st', persistent: false, disabled: true}},
		{type: 'block-dirty-bitmap-merge', data: {node: 'n-vda.s3', target: 'vsnap-changes-st', bitmaps: [{node: 'n-vda.s3', name: 'c1'}, {node: 'n-vda.s2', name: 'c1'}]}},
		{type: 'block-dirty-bitmap-add', data: {node: 'n-vda.s3', name: 'c2', persistent: true}},
		{type: 'blockdev-backup', data: {
			'job-id': 'vsnap-backup-vda-st', device: 'n-vda.s3', target: 'vsnap-copy-0-st', sync: 'bitmap', bitmap: 'vsnap-changes-st', 'bitmap-mode': 'never', speed: 5000, 'auto-dismiss': false,
		}},
		{type: 'blockdev-backup', data: {'job-id': 'vsnap-backup-vdb-st', device: 'n-vdb.s3', target: 'vsnap-copy-1-st', sync: 'full', speed: 5000, 'auto-dismiss': false}},
	]});
});

test('each undo finds what there is, and asks no QEMU that has ended', t => {
	const {steps} = plan(withBitmaps());
	const undone = steps.flatMap(({undo}) => undo ?? []).flatMap(command => command.tool === 'qmp' ? [command] : []);
	t.deepEqual(undone.map(({execute, until}) => [execute, until?.kind]), [
		['blockdev-del', 'node-gone'],
		['blockdev-del', 'node-gone'],
		['job-cancel', 'job-gone'],
		['job-cancel', 'job-gone'],
		['block-dirty-bitmap-remove', 'bitmap-gone'],
		['block-dirty-bitmap-remove', 'bitmap-gone'],
	]);
	t.true(undone.every(({onlyIf}) => onlyIf?.kind === 'domain-active' && onlyIf.uuid === uuid));
});

test('names in QEMU are never longer than it allows', t => {
	const {steps} = plan(withBitmaps(), {stamp: Date.UTC(2150, 0, 1).toString(36)});
	const names = JSON.stringify(steps).match(/vsnap-(?:copy|changes)-[\da-z-]+/g)!;
	t.deepEqual(names.filter(name => name.length > 31), []);
});

test('where QEMU has the disks of another user, the new file is lent to that user first', t => {
	const inventory = withBitmaps();
	for (const image of inventory.details.images.filter(({path}) => path === '/d/vda.s3')) {
		image.file = {...image.file!, uid: 64, gid: 65};
	}

	const [first] = plan(inventory).steps;
	t.is(first!.id, 'lend-vda');
	t.deepEqual(first!.command.tool === 'file' && first!.command.argv, ['chown', '-h', '64:65', '--', '/b/p.vda.qcow2']);
});

test('a node that is not known and --quiesce are refused', t => {
	t.regex(plan(bareQemu({nodes: {'vda.s1': undefined}})).blockers.join('\n'), /^QEMU does not say which of its block nodes \/d\/vda\.s1 is\. Copy everything.*--full/);
	t.regex(plan(withBitmaps(), {isQuiesced: true}).blockers.join('\n'), /guest agent of a standalone QEMU is not known/);
});
