import {execFileSync} from 'node:child_process';
import test from 'ava';
import {typedFor} from '../../source/actions/typed-for.ts';
import {commandWithRights} from '../../source/actions/with-rights.ts';
import {planAction} from '../../source/actions/plan-action.ts';
import {parseArguments} from '../../source/arguments.ts';
import type {Action} from '../../source/model/plan/request.ts';
import {unwrap} from '../helpers/unwrap.ts';
import {now, threeSnapshots, uuid} from '../helpers/inventory.ts';

const domain = {uuid, name: '-my vm\'s'};
const keep = {kind: 'keep', name: '--k', memory: true, description: 'a "b" $c'} as const;
const create = {
	kind: 'create', domain, snapshot: 's 1', description: undefined, memory: undefined, disks: [], isDiskOnly: false, isQuiesced: false, isLive: false, isHalted: false, hasNoMetadata: false,
} satisfies Action;
const backup = {
	kind: 'backup', domain, to: '/srv/my backups', since: {kind: 'latest'}, checkpoint: undefined, description: undefined, disks: [], isQuiesced: false, rateBytes: undefined,
} satisfies Action;

const actions: Action[] = [
	{kind: 'revert', domain, snapshot: 's1', currentState: keep, endState: 'running'},
	{kind: 'revert', domain, snapshot: '-s', currentState: {kind: 'discard'}, endState: 'shutoff', overlayFolder: '/srv/over lays'},
	{kind: 'branch', domain, snapshot: 's1', name: 'b', currentState: {kind: 'keep', name: 'k'}, endState: 'paused'},
	{kind: 'merge', domain, snapshot: 's\'1'},
	{kind: 'rename', domain, snapshot: 's1', name: 's2'},
	{kind: 'delete', domain, snapshot: 's1', scope: 'one', isMetadataOnly: false},
	{kind: 'delete', domain, snapshot: 's1', others: ['s2', '-s3'], scope: 'one', isMetadataOnly: false},
	{kind: 'delete', domain, snapshot: 's1', scope: 'children-only', isMetadataOnly: true},
	{kind: 'delete-checkpoint', domain, checkpoint: 'c', scope: 'with-children', isMetadataOnly: false},
	create,
	{
		...create,
		description: 'd',
		memory: {mode: 'external', path: '/m e'},
		disks: [{target: 'vda', mode: 'external', path: '/x:y', reuse: 'existing'}, {target: 'vdb', mode: 'no'}],
		isLive: true,
		isHalted: true,
		hasNoMetadata: true,
		overlayFolder: '/o',
	},
	{...create, isDiskOnly: true, isQuiesced: true},
	{kind: 'create-checkpoint', domain, checkpoint: 'c', description: 'x', disks: [{target: 'vda', isIncluded: true, bitmap: 'b'}]},
	{kind: 'create-checkpoint', domain, checkpoint: 'c', description: undefined, disks: [{target: 'vdb', isIncluded: false}]},
	{...backup, since: {kind: 'full'}, disks: ['vda', 'vdb'], isQuiesced: true, rateBytes: 5_000_000, description: 'weekly'},
	{...backup, since: {kind: 'checkpoint', name: 'c'}, checkpoint: 'd'},
];

test('what is typed for an action is read as that action', t => {
	for (const action of actions) {
		const typed = typedFor(action)!;
		const argv = execFileSync('sh', ['-c', `printf '%s\\0' ${typed}`], {encoding: 'utf8'}).split('\0').slice(0, -1);
		const {kind, domain: {name}, ...asked} = action;
		const {invocation} = unwrap(parseArguments(argv, '1')) as unknown as {invocation: {domain: string; given: Record<string, unknown>}};
		const {domain: named, given} = invocation;
		t.is(named, name, typed);
		t.is(given.kind, kind, typed);
		for (const [key, value] of Object.entries(asked)) {
			t.deepEqual(given[key], key === 'scope' && value === 'one' ? undefined : value, `${typed}: ${key}`);
		}
	}
});

test('what no words can say is not said in others', t => {
	t.is(typedFor({...create, isFrozenApart: true}), undefined);
	t.is(typedFor({...create, disks: [{target: 'vda', mode: 'external', path: '/dev/x', isDevice: true}]}), undefined);
	t.is(typedFor({kind: 'redefine-checkpoint', domain, xml: '<x/>'}), undefined);
	t.is(typedFor({kind: 'fold', domain}), undefined);
});

test('whoever lacks rights reads the command that does the same with them, on the host where the images are', t => {
	const action = {kind: 'merge', domain: {uuid, name: 'web'}, snapshot: 's1'} as const;
	t.is(commandWithRights(action, 'qemu:///system'), 'sudo vsnap-tui -c qemu:///system merge -- web s1');
	t.is(commandWithRights(action, 'qemu+ssh://me@kvm2:2222/system?keyfile=/k'), 'vsnap-tui -c \'qemu+ssh://root@kvm2:2222/system?keyfile=/k\' merge -- web s1');
	t.is(commandWithRights(action, 'qemu:///session'), undefined, 'that of root is another one');
	t.is(commandWithRights(action, 'demo:///system'), undefined);

	const world = threeSnapshots();
	for (const image of world.details.images) {
		image.problems.push({kind: 'unreadable', reason: 'Permission denied', cause: 'not-permitted'});
	}

	const refused = planAction(action, {...world, host: {...world.host, uri: 'qemu:///system'}}, {id: 'p1', now, workPath: '/state/files/p1'});
	t.true(!refused.ok && refused.failure.kind === 'refused' && refused.failure.blockers.filter(({remedy}) => remedy?.endsWith(' As root: sudo vsnap-tui -c qemu:///system merge -- web s1')).length === 1, JSON.stringify(refused));
});
