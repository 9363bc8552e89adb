/**
Encrypted disks in plans: overlays have the secret of what they are made on, QEMU's programs get the passphrase from libvirt, and what libvirt is given records each layer with its secret.
*/
import test from 'ava';
import type {Encryption} from '../../../source/model/domain/domain.ts';
import type {Image} from '../../../source/model/images/image.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Plan, ProgramCommand} from '../../../source/model/plan/plan.ts';
import {formatCommand} from '../../../source/model/text/format-command.ts';
import {describeFailure} from '../../../source/model/text/describe-failure.ts';
import {imageCommands} from '../../../source/planner/hypervisor/commands.ts';
import {withKeys, type KeyedImages} from '../../../source/planner/encryption/keyed-commands.ts';
import {planAction} from '../../../source/actions/plan-action.ts';
import type {Action} from '../../../source/model/plan/request.ts';
import {image} from '../../helpers/images.ts';
import {
	inventory, now, uuid, type Scene,
} from '../../helpers/inventory.ts';

const secret = '22222222-3333-4444-5555-666666666666';
const encryption: Encryption = {format: 'luks', secret: {uuid: secret}};
const encrypted = (path: string, below?: string, more: Partial<Image> = {}) => image(path, below, {isEncrypted: true, luksIterations: 8_000_000, ...more});
const domain = {uuid, name: 'web'};

/** base ← s1 ← head, all encrypted; the definition names the secret, and the records do. */
function world(scene: Partial<Scene> = {}, own: Encryption | undefined = encryption): Inventory {
	const made = inventory({
		heads: {vda: '/d/vda.s2'},
		current: 's2',
		snapshots: [
			{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}},
			{name: 's2', parent: 's1', frozen: {vda: '/d/vda.s1'}, overlays: {vda: '/d/vda.s2'}},
		],
		images: [encrypted('/d/vda.qcow2'), encrypted('/d/vda.s1', '/d/vda.qcow2'), encrypted('/d/vda.s2', '/d/vda.s1')],
		...scene,
	});
	for (const disk of made.details.domain.definition.disks) {
		disk.isEncrypted = true;
		disk.encryption = own;
	}

	return made;
}

const plan = (action: Action, from: Inventory) => planAction(action, from, {id: 'p1', now, workPath: '/state/files/p1'});

function planned(action: Action, from: Inventory): Plan {
	const made = plan(action, from);
	if (!made.ok) {
		throw new Error(describeFailure(made.failure).message);
	}

	return made.value;
}

const revertTo = (snapshot: string): Action => ({kind: 'revert', domain, snapshot, currentState: {kind: 'discard'}, endState: undefined});
const linesOf = ({steps}: Plan) => steps.map(({command}) => formatCommand(command));
const textsOf = ({steps}: Plan) => steps.flatMap(({command}) => command.files.map(({text}) => text));
const fetching = `virsh -q -c ${world().host.uri} secret-get-value --secret ${secret} | `;

test('an overlay on an encrypted image is encrypted with its secret, and the passphrase goes from libvirt to qemu-img', t => {
	const create = linesOf(planned(revertTo('s1'), world())).find(line => line.includes('qemu-img create'))!;
	t.true(create.startsWith(fetching), create);
	t.regex(create, /--object secret,id=vsnap-tui,format=base64,file=\/dev\/stdin .*-o encrypt\.format=luks,encrypt\.key-secret=vsnap-tui -u \/d\/vda\.\S+ \d+$/);
});

test('the definition records each layer with its secret, and the overlay has one too', t => {
	const definition = textsOf(planned(revertTo('s2'), world())).find(text => text.startsWith('<domain'));
	t.is(definition!.split(`<encryption format="luks" engine="qemu"><secret type="passphrase" uuid="${secret}"/></encryption>`).length - 1, 3);
	t.regex(definition!, /<backingStore type="file"><format type="qcow2"\/><source file="\/d\/vda\.s1">.*<backingStore type="file"><format type="qcow2"\/><source file="\/d\/vda\.qcow2">.*<backingStore\/>/s);
});

test('of merged images one layer is recorded', t => {
	const made = planned({kind: 'delete', domain, snapshot: 's2', scope: 'one', isMetadataOnly: false}, world());
	const definition = textsOf(made).find(text => text.startsWith('<domain'));
	const paths = [...definition!.matchAll(/<source file="([^"]*)"/g)].map(([, path]) => path);
	t.deepEqual(paths, ['/d/vda.s1', '/d/vda.qcow2']);
	t.is(linesOf(made).filter(line => line.includes('qemu-img rebase')).length, 0, 'qemu-img could not open what it rebases onto');
});

test('what keeps the passphrase from being had is refused, with the way out', t => {
	const refusalOf = (from: Inventory) => {
		const made = plan(revertTo('s1'), from);
		return made.ok ? '' : describeFailure(made.failure).message;
	};

	const lacking = (missing: Partial<NonNullable<Inventory['details']['missing']>>) => {
		const made = world();
		made.details.missing = {files: new Set(), secrets: new Set(), ...missing};
		return refusalOf(made);
	};

	t.is(refusalOf(world()), '');
	t.regex(lacking({secrets: new Set([secret])}), /libvirt has no secret.*secret-define/s);
	t.regex(lacking({valueless: new Set([secret])}), /has no value.*secret-set-value/s);
	t.regex(lacking({untold: new Set([secret])}), /is private: .*without private='yes'/s);
	t.regex(refusalOf(world({}, {format: 'luks'})), /would name no secret/);
});

const keys: KeyedImages = {
	layersOf: path => ['/d/top', '/d/middle', '/d/base'].slice(Math.max(0, ['/d/top', '/d/middle', '/d/base'].indexOf(path))).map(link => ({path: link, format: link === '/d/base' ? 'luks' : 'qcow2', driver: 'file', encryption})),
	sizeOf: () => 4096,
	iterationsOn: () => 50_000,
	secretFor: (_layers, id) => ({argv: ['--object', `secret,id=${id},file=/dev/stdin`], inputFrom: ['virsh']}),
};
const shown = (command: ProgramCommand) => withKeys(keys, command).map(({argv}) => argv.join(' '));
const object = '--object secret,id=vsnap-tui,file=/dev/stdin';
const base = '{"driver":"luks","file":{"driver":"file","filename":"/d/base"},"key-secret":"vsnap-tui"}';
const layer = (path: string, backing?: string) => `{"driver":"qcow2","file":{"driver":"file","filename":"${path}"},"encrypt":{"key-secret":"vsnap-tui"}${backing === undefined ? '' : `,"backing":${backing}`}}`;
const middle = layer('/d/middle', base);
const top = layer('/d/top', middle);

const commands: Array<[string, ProgramCommand, string[]]> = [
	['a look needs no passphrase', imageCommands.infoWithChain('/d/top', 'qcow2'), ['qemu-img info --backing-chain --output=json -f qcow2 /d/top']],
	['opening', imageCommands.openToWrite('/d/top', 'qcow2'), [`qemu-io ${object} -c quit json:${top}`]],
	['an overlay, with as many iterations as below', imageCommands.createOverlay({path: '/d/new', backingPath: '/d/top', backingFormat: 'qcow2', layout: {clusterSizeBytes: 4096}}), [`qemu-img create ${object} -q -f qcow2 -F qcow2 -b /d/top -o cluster_size=4096,encrypt.format=luks,encrypt.key-secret=vsnap-tui,encrypt.iter-time=50 -u /d/new 4096`]],
	['a commit, layer by layer', imageCommands.commit('/d/top', '/d/base'), [`qemu-img commit ${object} -q -d json:${layer('/d/middle', base)}`, `qemu-img commit ${object} -q -d json:${layer('/d/top', base)}`]],
	['a pull of all', imageCommands.pull('/d/top', undefined), [`qemu-img rebase ${object} -b  json:${top}`]],
	['a header', imageCommands.rebase('/d/top', {name: '/d/base', format: 'luks'}), [`qemu-img rebase ${object} -u -F luks -b /d/base json:${layer('/d/top')}`]],
	['a state inside', imageCommands.tag('/d/top', 't'), [`qemu-img snapshot ${object} -c t json:${top}`]],
	['a bitmap', imageCommands.addBitmap({path: '/d/top', name: 'b', granularityBytes: 65_536}), [`qemu-img bitmap ${object} --add -g 65536 -- json:${layer('/d/top')} b`]],
	['bitmaps of another', imageCommands.mergeBitmap({path: '/d/top', name: 'b', source: '/d/middle'}), [`qemu-img bitmap ${object} --merge b -b json:${layer('/d/middle')} -- json:${layer('/d/top')} b`]],
	['a copy', imageCommands.copyInto({from: '/d/top', format: 'qcow2', to: '/d/copy', rateBytes: undefined}), [`qemu-img convert ${object} -q -n --target-is-zero -O qcow2 json:${top} /d/copy`]],
];

for (const [name, command, wanted] of commands) {
	test(`keyed: ${name}`, t => {
		t.deepEqual(shown(command), wanted);
	});
}

test('keyed: a daemon that has images open, each with what it needs', t => {
	const nodes = ['/d/base', '/d/top'].map(filename => JSON.stringify({driver: filename === '/d/base' ? 'raw' : 'qcow2', 'node-name': 'x', file: {driver: 'file', filename}}));
	const [{argv}] = withKeys(keys, {tool: 'qemu-storage-daemon', argv: ['qemu-storage-daemon', ...nodes.flatMap(node => ['--blockdev', node])], files: []}) as [ProgramCommand];
	t.is(argv.slice(0, 3).join(' '), `qemu-storage-daemon ${object}`);
	t.deepEqual([argv[4]!, argv[6]!].map(node => JSON.parse(node) as object), [
		{driver: 'luks', 'node-name': 'x', file: {driver: 'file', filename: '/d/base'}, 'key-secret': 'vsnap-tui'},
		{driver: 'qcow2', 'node-name': 'x', file: {driver: 'file', filename: '/d/top'}, encrypt: {format: 'luks', 'key-secret': 'vsnap-tui'}},
	]);
});
