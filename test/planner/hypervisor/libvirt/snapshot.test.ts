/** Plans for snapshots of a running domain of libvirt: the document and the flags of the one call, what it stands for, and its undo. */
import test from 'ava';
import {createdPaths} from '../../../../source/model/plan/plan.ts';
import {argvOf} from '../../../helpers/argv-of.ts';
import {
	idsOf, planOf, refusalOf, stepOf, textsOf, twoDisks,
} from '../../../helpers/create-scene.ts';
import {image} from '../../../helpers/images.ts';
import {uuid} from '../../../helpers/inventory.ts';
import {findMeanwhile} from '../../../../source/engine/recover/compare-journal.ts';
import type {Inventory} from '../../../../source/model/domain/inventory.ts';

const running = () => twoDisks({state: 'running'});

function flagsOf(world: Inventory, asked: Parameters<typeof planOf>[1]): string[] {
	const argv = argvOf(stepOf(planOf(world, asked), 'snapshot').command);
	return argv.slice(argv.indexOf('/w/snapshot-wanted.xml') + 1);
}

function documentOf(world: Inventory, asked: Parameters<typeof planOf>[1]): string {
	return stepOf(planOf(world, asked), 'snapshot').command.files[0]!.text;
}

test('disks only: every disk and its overlay is named, in one atomic call', t => {
	const asked = {isDiskOnly: true, description: '1 < 2', disks: [{target: 'vdb', mode: 'no' as const}]};
	t.deepEqual(flagsOf(running(), asked), ['--disk-only', '--atomic']);
	t.is(documentOf(running(), asked), `<domainsnapshot>
  <name>s1</name>
  <description>1 &lt; 2</description>
  <memory snapshot='no'/>
  <disks>
    <disk name='vda' snapshot='external' type='file'>
      <driver type='qcow2'/>
      <source file='/d/vda.s1'/>
    </disk>
    <disk name='vdb' snapshot='no'/>
  </disks>
</domainsnapshot>
`);
	const plan = planOf(running(), asked);
	t.is(idsOf(plan), 'snapshot');
	t.deepEqual(plan.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.s1'}]);
	t.like(plan.targets[0].expected, {currentSnapshot: 's1', endState: 'running'});
	t.regex(textsOf(plan), /warning: Crash-consistent/);
});

test('without memory and without --disk-only the flag is given all the same, and told', t => {
	t.deepEqual(flagsOf(running(), {memory: {mode: 'no'}}), ['--disk-only', '--atomic']);
	t.regex(textsOf(planOf(running(), {memory: {mode: 'no'}})), /only with "disk only"/);
});

test('inside the images: internal disks alone are named, and no flag is given', t => {
	t.deepEqual(flagsOf(running(), {}), []);
	t.regex(documentOf(running(), {}), /<memory snapshot='internal'\/>\n {2}<disks>\n {4}<disk name='vda' snapshot='internal'\/>\n {4}<disk name='vdb' snapshot='internal'\/>/);
	const plan = planOf(running());
	t.deepEqual(plan.images.written, ['/d/vda.qcow2', '/d/vdb.qcow2']);
	t.deepEqual(stepOf(plan, 'snapshot').qmpPreview, ['stop', 'savevm "s1"', 'cont']);
});

test('memory in a file: its name is reserved first, progress can be asked, and it can be cancelled', t => {
	const plan = planOf(running(), {memory: {mode: 'external'}});
	t.is(idsOf(plan), 'reserve-memory snapshot');
	t.deepEqual(createdPaths(plan), ['/d/vda.s1', '/d/vdb.s1', '/d/vda.s1.mem']);
	const step = stepOf(plan, 'snapshot');
	t.deepEqual(step.progress, {kind: 'domain-job', uuid});
	t.deepEqual(argvOf(step.cancel![0]!).slice(-3), ['domjobabort', '--domain', uuid]);
	t.regex(step.command.files[0]!.text, /<memory snapshot='external' file='\/d\/vda\.s1\.mem'\/>/);
	t.deepEqual(flagsOf(running(), {memory: {mode: 'external'}, isLive: true}), ['--atomic', '--live']);
});

test('a memory file that is there is refused when it is named, and avoided when it is not', t => {
	const world = running();
	world.folders.get('/d')!.names.add('vda.s1.mem');
	t.regex(refusalOf(world, {memory: {mode: 'external', path: '/d/vda.s1.mem'}}), /\/d\/vda\.s1\.mem exists already/);
	const plan = planOf(world, {memory: {mode: 'external'}});
	t.true(createdPaths(plan).includes('/d/vda.20261121-100000'));
	t.regex(textsOf(plan), /memory file is called/);
});

test('the preview shows what it stands for: create, add, and one transaction between stop and cont', t => {
	const {qmpPreview} = stepOf(planOf(running(), {memory: {mode: 'external'}}), 'snapshot');
	t.deepEqual(qmpPreview!.map(line => /"execute":"([^"]*)"/u.exec(line)?.[1] ?? line), ['stop', 'migrate', 'blockdev-create', 'blockdev-create', 'blockdev-add', 'blockdev-add', 'transaction', 'cont']);
	const {actions} = (JSON.parse(qmpPreview!.at(-2)!) as {arguments: {actions: unknown[]}}).arguments;
	t.is(actions.length, 2);
});

test('taken back: the record is forgotten, overlays in use are merged back, files that nobody uses are removed', t => {
	const undo = stepOf(planOf(running(), {isDiskOnly: true}), 'snapshot').undo!;
	t.deepEqual(undo.map(command => [argvOf(command).find(word => /^(?:snapshot-delete|blockcommit|commit|define|rm|domfsthaw)$/u.test(word)), command.onlyIf?.kind]), [
		['snapshot-delete', 'snapshot-exists'],
		['blockcommit', 'runs-on'],
		['blockcommit', 'runs-on'],
		// Where the guest has ended meanwhile.
		['commit', 'off-on'],
		['commit', 'off-on'],
		['define', 'off-on'],
		['rm', 'image-unused'],
		['rm', 'image-unused'],
	]);
	// Without a base libvirt would merge the whole chain into its lowest image.
	t.deepEqual(argvOf(undo[1]!).slice(-9), ['--domain', uuid, '--path', 'vda', '--base', '/d/vda.qcow2', '--active', '--pivot', '--wait']);
});

const channel = (state: string) => `<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0' state='${state}'/></channel>`;

function withAgent(state: string | undefined): Inventory {
	const world = running();
	return {...world, liveXml: world.definitionXml.replace('</devices>', `${state === undefined ? '' : channel(state)}</devices>`)};
}

test('--quiesce asks the agent first, and thaws whatever happens', t => {
	const plan = planOf(withAgent('connected'), {isDiskOnly: true, isQuiesced: true});
	t.is(idsOf(plan), 'agent frozen-note snapshot frozen-note-away');
	t.is(stepOf(plan, 'agent').phase, 'check');
	t.true(argvOf(stepOf(plan, 'snapshot').command).includes('--quiesce'));
	t.true(argvOf(stepOf(plan, 'snapshot').undo![0]!).includes('domfsthaw'));
	t.notRegex(textsOf(plan), /power cut/);
});

test('frozen together with others: the freeze and the thaw are steps of their own around the snapshot, and libvirt is told of neither', t => {
	const plan = planOf(withAgent('connected'), {isDiskOnly: true, isQuiesced: true, isFrozenApart: true});
	t.is(idsOf(plan), 'agent freeze frozen-note snapshot thaw frozen-note-away');
	t.like(stepOf(plan, 'freeze'), {phase: 'create', freezing: 'begins'});
	t.like(stepOf(plan, 'thaw'), {phase: 'switch', freezing: 'ends'});
	t.true(argvOf(stepOf(plan, 'freeze').undo![0]!).includes('domfsthaw'));
	t.false(argvOf(stepOf(plan, 'snapshot').command).includes('--quiesce'));
	t.notRegex(stepOf(plan, 'snapshot').qmpPreview!.join(' '), /fsfreeze/);
});

test('--quiesce without an agent, with one that does not answer, or with memory is refused', t => {
	t.regex(refusalOf(withAgent(undefined), {isDiskOnly: true, isQuiesced: true}), /no guest agent channel/);
	t.regex(refusalOf(withAgent('disconnected'), {isDiskOnly: true, isQuiesced: true}), /The guest agent does not answer/);
	t.regex(refusalOf(withAgent('connected'), {memory: {mode: 'external'}, isQuiesced: true}), /--quiesce/);
});

test('prepared overlays: for all disks by libvirt\'s flag, for some of them refused with a way out', t => {
	const images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/p/a', '/d/vda.qcow2', {allocatedBytes: 0, ownBytes: 0}), image('/p/b', '/d/vdb.qcow2', {allocatedBytes: 0, ownBytes: 0})];
	const world = twoDisks({state: 'running', images});
	const existing = (target: string, path: string) => ({target, mode: 'external' as const, path, reuse: 'existing' as const});
	const both = {isDiskOnly: true, disks: [existing('vda', '/p/a'), existing('vdb', '/p/b')]};
	t.deepEqual(flagsOf(world, both), ['--disk-only', '--atomic', '--reuse-external']);
	t.deepEqual(createdPaths(planOf(world, both)), []);
	t.regex(refusalOf(world, {isDiskOnly: true, disks: [existing('vda', '/p/a')]}), /for all disks or for none; vdb has none.*--disk DISK=no/);
	t.is(refusalOf(world, {isDiskOnly: true, disks: [existing('vda', '/p/a'), {target: 'vdb', mode: 'no'}]}), '');
	t.regex(refusalOf(world, {isDiskOnly: true, disks: [{target: 'vda', mode: undefined, reuse: 'no-backing-file'}]}), /without a backing file/);
});

test('--halt ends shut off and says what is lost; a manual disk leaves the guest paused', t => {
	const halted = planOf(running(), {isDiskOnly: true, isHalted: true});
	t.is(halted.targets[0].expected.endState, 'shutoff');
	t.regex(textsOf(halted), /loss: The guest is cut off/);
	t.true(argvOf(stepOf(halted, 'snapshot').command).includes('--halt'));
	const manual = planOf(running(), {isDiskOnly: true, disks: [{target: 'vdb', mode: 'manual'}]});
	t.is(manual.targets[0].expected.endState, 'paused');
	t.regex(textsOf(manual), /paused/);
});

test('--no-metadata: whether it happened is seen by the head, and the tree stays as it was', t => {
	const plan = planOf(running(), {isDiskOnly: true, hasNoMetadata: true});
	t.deepEqual(stepOf(plan, 'snapshot').doneWhen, {kind: 'head-is', uuid, target: 'vda', path: '/d/vda.s1'});
	t.deepEqual(plan.targets[0].expected.snapshots, []);
});

test('memory alone is made, with the warning that it cannot be reverted to safely', t => {
	const plan = planOf(running(), {memory: {mode: 'external'}, disks: [{target: 'vda', mode: 'no'}, {target: 'vdb', mode: 'no'}]});
	t.deepEqual(createdPaths(plan), ['/d/vda.s1.mem']);
	t.deepEqual(plan.targets[0].expected.heads, []);
	t.regex(textsOf(plan), /cannot be reverted to safely/);
});

test('firmware variables keep older libvirt from saving memory inside an image', t => {
	const world = {...running(), nvramPath: '/n/vars.fd'};
	t.regex(refusalOf(world), /NVRAM/);
	t.is(refusalOf({...world, host: {...world.host, libvirtVersion: 10_009_000}}), '');
	t.regex(textsOf(planOf(world, {isDiskOnly: true})), /\/n\/vars\.fd\) are not kept with the snapshot: the file does not exist yet/);
});

test('a block device that the domain is on before the switch is not taken for what somebody else has put there', t => {
	const world = running();
	const {domain} = world.details;
	const onDevice = (definition: typeof domain.definition) => ({
		...definition, disks: definition.disks.map(disk => disk.target === 'vdb' ? {...disk, sourceType: 'block', sourcePath: '/dev/vg/lv', format: 'raw'} : disk),
	});
	const details = {
		...world.details,
		domain: {...domain, definition: onDevice(domain.definition), ...(domain.liveDefinition && {liveDefinition: onDevice(domain.liveDefinition)})},
		images: [...world.details.images, image('/dev/vg/lv', undefined, {format: 'raw'})],
	};
	const plan = planOf({...world, details}, {isDiskOnly: true, disks: [{target: 'vdb', mode: 'external', path: '/d/vdb.s1'}]});
	t.deepEqual(plan.targets[0].expected.heads.find(({target}) => target === 'vdb'), {target: 'vdb', path: '/d/vdb.s1'});
	t.deepEqual(findMeanwhile(plan, details), {made: [], deleted: [], moved: []});
});
