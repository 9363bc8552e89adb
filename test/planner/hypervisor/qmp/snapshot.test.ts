/** Plans for snapshots of a running bare QEMU: the commands to its monitor, in order, with their undo. */
import test from 'ava';
import {argvOf} from '../../../helpers/argv-of.ts';
import {
	idsOf, planOf, refusalOf, stepOf, textsOf, twoDisks, type Asked,
} from '../../../helpers/create-scene.ts';
import {image} from '../../../helpers/images.ts';
import {uuid} from '../../../helpers/inventory.ts';
import type {BareFacts, BareNode, Inventory} from '../../../../source/model/domain/inventory.ts';
import {createdPaths, type Plan, type Probe, type QmpCommand} from '../../../../source/model/plan/plan.ts';

const node = (nodeName: string, more: Partial<BareNode> = {}): BareNode => ({nodeName, isNamedByPerson: false, device: nodeName, bitmaps: [], ...more});

function bareQemu(more: Partial<BareFacts> = {}, hypervisorVersion = 7_002_000, state: 'running' | 'paused' = 'running', images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2')]): Inventory {
	const world = twoDisks({state, images});
	return {
		...world,
		liveXml: world.definitionXml,
		host: {...world.host, hypervisor: 'qemu', hypervisorVersion},
		bare: {
			socketPath: '/run/q.sock',
			metadataPath: '/m/web',
			argv: ['qemu-system-x86_64'],
			nodes: new Map([['vda', node('#block1')], ['vdb', node('#block2')]]),
			commands: new Set(['snapshot-save', 'snapshot-delete', 'transaction']),
			...more,
		},
	};
}

function qmp(plan: Plan, id: string): QmpCommand {
	const {command} = stepOf(plan, id);
	if (command.tool !== 'qmp') {
		throw new Error(`${id} is not for the monitor`);
	}

	return command;
}

const external: Asked = {isDiskOnly: true};

test('disks: names are reserved, then one transaction moves all of them', t => {
	const plan = planOf(bareQemu(), external);
	t.is(idsOf(plan), 'reserve-vda reserve-vdb transaction define record');
	t.like(qmp(plan, 'transaction'), {socketPath: '/run/q.sock', execute: 'transaction'});
	t.deepEqual(qmp(plan, 'transaction').arguments, {actions: ['vda', 'vdb'].map((disk, index) => ({
		type: 'blockdev-snapshot-sync',
		data: {'node-name': `#block${index + 1}`, 'snapshot-file': `/d/${disk}.s1`, 'snapshot-node-name': `vsnap-${index}-mwq8lds0`, format: 'qcow2', mode: 'absolute-paths'},
	}))});
	t.like(plan.targets[0].expected, {currentSnapshot: 's1', endState: 'running', heads: [{target: 'vda', path: '/d/vda.s1'}, {target: 'vdb', path: '/d/vdb.s1'}]});
});

test('the transaction is taken back by merging the overlays, by QEMU while the guest goes on and by qemu-img once it has ended', t => {
	const step = stepOf(planOf(bareQemu(), external), 'transaction');
	const ofDisk = (disk: string) => [['block-commit', 'job-ready', 'head-is'], ['job-complete', 'job', 'head-is'], `qemu-img commit -q -f qcow2 -d -b /d/${disk}.qcow2 /d/${disk}.s1`];
	t.deepEqual(step.undo!.map(command => command.tool === 'qmp' ? [command.execute, command.until?.kind, command.onlyIf?.kind] : command.argv.join(' ')), [...ofDisk('vda'), ...ofDisk('vdb')]);
	t.deepEqual(step.undo![2]!.onlyIf, {kind: 'all', of: [{kind: 'domain-off', uuid}, {kind: 'backed-by', path: '/d/vda.s1', backing: '/d/vda.qcow2'}]});
	t.like(step.undo![0], {arguments: {device: 'vsnap-0-mwq8lds0', 'base-node': '#block1'}});
	t.deepEqual(step.doneWhen, {kind: 'head-is', uuid, target: 'vda', path: '/d/vda.s1'});
});

test('a node that a person named, and one with bitmaps, go on in an overlay that is opened by a name first', t => {
	const nodes = new Map([['vda', node('mine', {isNamedByPerson: true})], ['vdb', node('#block2', {bitmaps: [{name: 'c1', granularityBytes: 32_768}]})]]);
	const plan = planOf(bareQemu({nodes}), external);
	t.is(idsOf(plan), 'reserve-vda reserve-vdb file-vda format-vda add-vda file-vdb format-vdb add-vdb transaction define record');
	t.deepEqual(qmp(plan, 'format-vda').arguments, {
		'job-id': 'vsnap-0-mwq8lds0-create',
		options: {
			driver: 'qcow2', file: 'vsnap-0-mwq8lds0-file', size: 1024 ** 3, 'backing-file': '/d/vda.qcow2', 'backing-fmt': 'qcow2', 'cluster-size': 65_536,
		},
	});
	t.deepEqual(qmp(plan, 'format-vda').until, {kind: 'job', id: 'vsnap-0-mwq8lds0-create'});
	t.deepEqual(qmp(plan, 'add-vda').arguments, {driver: 'qcow2', file: 'vsnap-0-mwq8lds0-file', 'node-name': 'vsnap-0-mwq8lds0', backing: null});
	t.deepEqual(qmp(plan, 'transaction').arguments.actions, [
		{type: 'blockdev-snapshot', data: {node: 'mine', overlay: 'vsnap-0-mwq8lds0'}},
		{type: 'block-dirty-bitmap-add', data: {node: 'vsnap-1-mwq8lds0', name: 'c1', granularity: 32_768, persistent: true}},
		{type: 'blockdev-snapshot', data: {node: '#block2', overlay: 'vsnap-1-mwq8lds0'}},
	]);
	t.deepEqual(stepOf(plan, 'add-vda').undo!.map(command => command.tool === 'qmp' && command.arguments), [{'node-name': 'vsnap-0-mwq8lds0'}]);
});

test('reused targets per disk: prepared, and without a backing file', t => {
	const images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/d/p', '/d/vda.qcow2', {allocatedBytes: 0, ownBytes: 0})];
	const plan = planOf(bareQemu({}, 7_002_000, 'running', images), {
		...external, disks: [{target: 'vda', mode: 'external', path: '/d/p', reuse: 'existing'}, {target: 'vdb', mode: undefined, reuse: 'no-backing-file'}],
	});
	t.is(idsOf(plan), 'check-vda reserve-vdb create-vdb transaction define record');
	const actions = qmp(plan, 'transaction').arguments.actions as Array<{data: {mode: string}}>;
	t.deepEqual(actions.map(({data}) => data.mode), ['existing', 'existing']);
	t.deepEqual(argvOf(stepOf(plan, 'create-vdb').command).slice(-2), ['/d/vdb.s1', String(1024 ** 3)]);
	t.deepEqual(createdPaths(plan), ['/d/vdb.s1']);
	t.regex(textsOf(plan), /loss: vdb will be empty at the next start of QEMU/);
});

test('inside the images: a job where QEMU has one, the human monitor where not, with the name quoted', t => {
	const plan = planOf(bareQemu());
	t.is(idsOf(plan), 'snapshot record');
	t.deepEqual(qmp(plan, 'snapshot').arguments, {'job-id': 'vsnap-snapshot-save', tag: 's1', vmstate: '#block1', devices: ['#block1', '#block2']});
	t.deepEqual(qmp(plan, 'snapshot').until, {kind: 'job', id: 'vsnap-snapshot-save'});
	const [undo] = stepOf(plan, 'snapshot').undo!;
	const isTagged: Probe = {kind: 'image-has-tag', path: '/d/vda.qcow2', tag: 's1'};
	const whileOff: Probe = {kind: 'all', of: [{kind: 'domain-off', uuid}, isTagged]};
	t.like(undo, {execute: 'snapshot-delete'});
	t.deepEqual(undo!.onlyIf, {kind: 'all', of: [{kind: 'domain-active', uuid}, isTagged]});
	const [, dead] = stepOf(plan, 'snapshot').undo!;
	t.deepEqual([argvOf(dead!).join(' '), dead!.onlyIf], ['qemu-img snapshot -d s1 /d/vda.qcow2', whileOff]);
	const old = planOf(bareQemu({commands: new Set()}), {snapshot: 'a "b" \\c'});
	t.deepEqual(qmp(old, 'snapshot').arguments, {'command-line': String.raw`savevm "a \"b\" \\c"`});
});

const withMemory: Asked = {memory: {mode: 'external'}};

test('memory: the guest stands still, memory, transaction, and it goes on before the records are written', t => {
	const plan = planOf(bareQemu({}, 8_002_000), withMemory);
	t.is(idsOf(plan), 'reserve-vda reserve-vdb reserve-memory pause memory transaction resume define record');
	t.deepEqual(qmp(plan, 'memory').arguments, {uri: 'file:/d/vda.s1.mem'});
	t.deepEqual(qmp(plan, 'memory').until, {kind: 'migration'});
	t.deepEqual(stepOf(plan, 'memory').progress, {kind: 'qmp-migration', socketPath: '/run/q.sock'});
	t.like(stepOf(plan, 'memory').cancel![0], {execute: 'migrate_cancel'});
	t.like(stepOf(plan, 'pause').undo![0], {execute: 'cont'});
	t.regex(stepOf(plan, 'record').command.files.map(file => file.text).join(''), /<state>running<\/state>[^]*<memory snapshot='external' file='\/d\/vda\.s1\.mem'/);
});

test('older QEMU writes memory through a shell, whose traps the name cannot spring', t => {
	const path = '/d/a\'; rm -rf $HOME; \'.mem';
	const plan = planOf(bareQemu(), {memory: {mode: 'external', path}});
	t.deepEqual(qmp(plan, 'memory').arguments, {uri: String.raw`exec:cat > '/d/a'\''; rm -rf $HOME; '\''.mem'`});
	t.deepEqual(qmp(planOf(bareQemu({}, 8_002_000), {memory: {mode: 'external', path: '/d/a,offset=9'}}), 'memory').arguments, {uri: 'exec:cat > /d/a,offset=9'});
});

test('--live does not pause before, a paused guest stays paused, and --halt ends QEMU', t => {
	t.is(idsOf(planOf(bareQemu(), {...withMemory, isLive: true})), 'reserve-vda reserve-vdb reserve-memory memory transaction resume define record');
	const paused = planOf(bareQemu({}, 7_002_000, 'paused'), withMemory);
	t.is(idsOf(paused), 'reserve-vda reserve-vdb reserve-memory memory transaction define record');
	t.is(paused.targets[0].expected.endState, 'paused');
	const halted = planOf(bareQemu(), {...external, isHalted: true});
	t.is(idsOf(halted), 'reserve-vda reserve-vdb transaction define record halt');
	t.is(halted.targets[0].expected.endState, 'shutoff');
});

test('after the memory has been saved the images are activated where bitmaps go on, if QEMU can', t => {
	const bitmaps = [{name: 'c1', granularityBytes: 65_536}];
	const withCommand = (nodes: Map<string, BareNode>) => bareQemu({nodes, commands: new Set(['transaction', 'blockdev-set-active'])}, 11_001_000);
	const nodes = new Map([['vda', node('#block1', {bitmaps})], ['vdb', node('#block2')]]);
	const plan = planOf(withCommand(nodes), withMemory);
	t.regex(idsOf(plan), /memory activate transaction/);
	t.deepEqual(qmp(plan, 'activate').arguments, {active: true});
	t.notRegex(idsOf(planOf(withCommand(new Map([['vda', node('#block1')], ['vdb', node('#block2')]])), withMemory)), /activate/);
	t.notRegex(idsOf(planOf(bareQemu({nodes}), withMemory)), /activate/);
});

test('with --quiesce it is refused', t => {
	t.regex(refusalOf(bareQemu(), {...external, isQuiesced: true}), /guest agent/);
});

test('an image whose clusters are laid out in its own way gets an overlay like it, which QEMU itself would not make', t => {
	const images = [image('/d/vda.qcow2', undefined, {clusterSizeBytes: 131_072, hasSubclusters: true}), image('/d/vdb.qcow2')];
	const plan = planOf(bareQemu({commands: new Set(['snapshot-save', 'snapshot-delete', 'transaction', 'blockdev-create'])}, 7_002_000, 'running', images), external);
	const {options} = qmp(plan, 'format-vda').arguments as {options: Record<string, unknown>};
	t.like(options, {'cluster-size': 131_072, 'extended-l2': true});
	t.false(idsOf(plan).includes('format-vdb'));
});
