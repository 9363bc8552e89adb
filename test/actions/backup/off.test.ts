/** A backup of a domain that is off: by qemu-img where all is copied, by a qemu-storage-daemon of ours where it is what has changed. */
import test from 'ava';
import {backupOff} from '../../../source/actions/backup/off.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Step} from '../../../source/model/plan/plan.ts';
import type {Backup} from '../../../source/planner/hypervisor/hypervisor.ts';
import {planContext} from '../../../source/planner/plan-context.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {now, threeSnapshots} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const disk = (target: string, since?: string) => ({target, headPath: `/d/${target}.s3`, path: `/b/p.${target}.qcow2`, since, atMostBytes: 10});

function plan(given: Partial<Backup> = {}, {inventory = threeSnapshots(), workPath = '/w/a,b'}: {inventory?: Inventory; workPath?: string} = {}): {steps: Step[]; blockers: string[]} {
	const context = planContext(inventory, {id: 'plan', now, workPath});
	const steps = unwrap(backupOff(context, {
		disks: [disk('vda', 'c1'), disk('vdb')], since: 'c1', checkpoint: undefined, isQuiesced: false, rateBytes: undefined, stamp: 'st', ...given,
	}));
	return {steps, blockers: context.blockers.map(({text, remedy}) => `${text} ${remedy}`)};
}

function withBitmap(...paths: string[]): Inventory {
	const inventory = threeSnapshots();
	for (const image of inventory.details.images.filter(({path}) => paths.includes(path))) {
		image.bitmaps = [{name: 'c1', isUsable: true}] as typeof image.bitmaps;
	}

	return inventory;
}

test('whole disks are copied by qemu-img, into images that read as zeros', t => {
	const {steps} = plan({disks: [disk('vda')], rateBytes: 7});
	t.deepEqual(steps.map(({command}) => argvOf(command).join(' ')), ['qemu-img convert -q -n --target-is-zero -r 7 -f qcow2 -O qcow2 /d/vda.s3 /b/p.vda.qcow2']);
});

test('changes are copied by a daemon that has every image open to read only, and is ended afterwards and on the way back', t => {
	const {steps, blockers} = plan({}, {inventory: withBitmap('/d/vda.s3', '/d/vda.s2')});
	t.deepEqual(blockers, []);
	t.is(steps.map(({id}) => id).join(' '), 'start-daemon backup copy-vda copy-vdb quit-daemon');
	const argv = argvOf(steps[0]!.command);
	t.true(argv.includes('socket,id=monitor,path=/w/a,,b/copy.sock,server=on,wait=off'));
	const nodes = argv.flatMap((word, index) => argv[index - 1] === '--blockdev' ? [JSON.parse(word) as Record<string, unknown>] : []);
	t.is(nodes.length, 10);
	t.true(nodes.slice(0, 8).every(node => node['read-only'] === true));
	t.deepEqual(nodes.slice(8).map(({file}) => (file as {filename: string}).filename), ['/b/p.vda.qcow2', '/b/p.vdb.qcow2']);
	t.deepEqual(nodes[0], {driver: 'qcow2', 'node-name': 'disk-0-3', 'read-only': true, file: {driver: 'file', filename: '/d/vda.qcow2'}, backing: null});
	t.deepEqual(nodes[3], {driver: 'qcow2', 'node-name': 'disk-0-0', 'read-only': true, file: {driver: 'file', filename: '/d/vda.s3'}, backing: 'disk-0-1'});
	const quit = {tool: 'qmp', socketPath: '/w/a,b/copy.sock', execute: 'quit', until: {kind: 'gone'}} as const;
	t.like(steps[0]!.undo![0], quit);
	t.like(steps.at(-1)!.command, quit);
	t.deepEqual(steps.slice(1).flatMap(({undo}) => undo ?? []), []);
	t.regex(JSON.stringify(steps[1]!.command), /"bitmaps":\[{"node":"disk-0-0","name":"c1"},{"node":"disk-0-1","name":"c1"}]/);
});

test('the bitmaps of the checkpoint are there before anything is copied', t => {
	const {steps} = plan({checkpoint: {name: 'c2', requestXml: '<r/>', recordXml: '<c/>', disks: [{target: 'vda', path: '/d/vda.s3', bitmap: 'c2'}]}});
	t.is(steps.map(({id, phase}) => `${id}:${phase}`).join(' '), 'bitmap-vda:create checkpoint:switch start-daemon:create backup:create copy-vda:create copy-vdb:create quit-daemon:create');
});

test('at the other end of ssh the socket is in a private folder of its own, which goes in any case', t => {
	const inventory = withBitmap('/d/vda.s3', '/d/vda.s2');
	const {steps, blockers} = plan({}, {inventory: {...inventory, host: {...inventory.host, isRemote: true}}, workPath: '/home/me/it\'s/files/plan'});
	t.deepEqual(blockers, []);
	t.is(steps.map(({id}) => id).join(' '), 'make-socket-folder start-daemon backup copy-vda copy-vdb quit-daemon remove-socket-folder');
	t.deepEqual(argvOf(steps[0]!.command), ['mkdir', '-m', '0700', '--', '/tmp/vsnap-tui-plan']);
	t.deepEqual(steps[0]!.undo!.map(command => argvOf(command).join(' ')), ['rm -- /tmp/vsnap-tui-plan/copy.sock', 'rmdir -- /tmp/vsnap-tui-plan']);
	t.true(argvOf(steps[1]!.command).includes('socket,id=monitor,path=/tmp/vsnap-tui-plan/copy.sock,server=on,wait=off'));
	t.like(steps[1]!.undo![0], {tool: 'qmp', socketPath: '/tmp/vsnap-tui-plan/copy.sock', execute: 'quit'});
	t.is(argvOf(steps.at(-1)!.command).join(' '), 'rmdir -- /tmp/vsnap-tui-plan');
});

test('what is too long, encrypted or frozen is refused', t => {
	t.regex(plan({}, {workPath: `/w/${'x'.repeat(100)}`}).blockers.join('\n'), /too long.*VSNAP_TUI_STATE/);
	t.regex(plan({isQuiesced: true}).blockers.join('\n'), /no file systems to freeze/);
	const encrypted = threeSnapshots();
	encrypted.details.domain.definition.disks[0]!.isEncrypted = true;
	t.deepEqual(plan({}, {inventory: encrypted}).blockers, []);
	t.regex(plan({}, {inventory: {...encrypted, host: {...encrypted.host, hypervisor: 'qemu'}}}).blockers.join('\n'), /What is on vda is encrypted, and while the domain is off nobody tells its passphrase/);
	const two = withBitmap('/d/vda.s3');
	for (const [index, disk] of two.details.domain.definition.disks.entries()) {
		disk.encryption = {format: 'luks', secret: {uuid: `secret-${index}`}};
	}

	t.regex(plan({}, {inventory: two}).blockers.join('\n'), /different secrets: their changes alone/);
});
