/** Internal snapshots of a domain whose firmware variables are in a qcow2 file: the file goes along as one more image. Facts as of libvirt 11.3. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planCreate} from '../../../source/actions/create/plan.ts';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import {planAction} from '../../../source/actions/plan-action.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {Action} from '../../../source/model/plan/request.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {NvramFile} from '../../../source/model/domain/nvram.ts';
import type {Plan} from '../../../source/model/plan/plan.ts';
import {parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {createAction, refusalOf, textsOf} from '../../helpers/create-scene.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, uuid} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/w'};
const domain = {uuid, name: 'web'};
const nvram = '/n/web.qcow2';

type Facts = {tags?: string[]; libvirtVersion?: number; state?: 'running' | 'shutoff'; isRaw?: boolean};

/** One disk with the internal snapshot i1. */
function world({tags = ['i1'], libvirtVersion = 11_003_000, state = 'shutoff', isRaw = false}: Facts = {}): Inventory {
	const base = inventory({
		state, libvirtVersion, heads: {vda: '/d/vda.qcow2'}, current: 'i1',
		snapshots: [{name: 'i1', state: 'shutoff', frozen: {vda: '/d/vda.qcow2'}, overlays: {}, modes: {vda: 'internal'}}],
		images: [image('/d/vda.qcow2', undefined, {internalSnapshots: [{tag: 'i1', memoryBytes: 0}]})],
	});
	const withNvram = (xml: string) => xml.replace('hvm</type>', `hvm</type><nvram format='qcow2'>${nvram}</nvram>`);
	const definition = unwrap(parseDomainXml(withNvram(base.definitionXml)));
	const file: NvramFile = {sizeBytes: 1, modifiedAt: '1', inode: '1:1', uid: 0, gid: 0, mode: 0o600, isRegular: true, isRaw, tags};
	return {
		...base,
		definitionXml: withNvram(base.definitionXml),
		details: {
			...base.details,
			domain: {...base.details.domain, definition, liveDefinition: base.details.domain.liveDefinition && definition},
			snapshots: base.details.snapshots.map(snapshot => ({...snapshot, domain: {...snapshot.domain!, nvramPath: nvram}, domainXml: withNvram(snapshot.domainXml!)})),
		},
		folders: new Map([...base.folders, ['/n', {path: '/n', isWritable: true, freeBytes: 1, device: '2', names: new Set(['web.qcow2'])}]]),
		nvramPath: nvram,
		nvramFiles: new Map([[nvram, file]]),
	};
}

const create = (facts?: Facts) => unwrap(planCreate(createAction({snapshot: 'i2'}), world(facts), given));
const revert = (facts?: Facts) => unwrap(planRevert({kind: 'revert', domain, snapshot: 'i1', currentState: {kind: 'keep', name: 'k'}, endState: undefined}, world(facts), given));
const drop = (facts?: Facts) => unwrap(planDelete({kind: 'delete', domain, snapshot: 'i1', scope: 'one', isMetadataOnly: false}, world(facts), given));
const onNvram = (plan: Plan) => plan.steps.filter(({command}) => argvOf(command).includes(nvram)).map(({phase, command}) => `${phase}: ${argvOf(command).join(' ')}`);

test('a snapshot inside the images tags the variables, a revert keeps and puts back those of then, a delete takes the tag away', t => {
	t.deepEqual(onNvram(create()), [`create: qemu-img snapshot -c i2 ${nvram}`]);
	const back = revert();
	t.deepEqual(onNvram(back), [`create: qemu-img snapshot -c k ${nvram}`, `switch: qemu-img snapshot -a i1 ${nvram}`]);
	const {undo} = back.steps.find(({id}) => id === 'apply-nvram')!;
	t.like(undo?.[0], {argv: ['qemu-img', 'snapshot', '-a', 'k', nvram], onlyIf: {kind: 'image-has-tag', path: nvram, tag: 'k'}});
	t.deepEqual(back.targets[0].expected.heads, [{target: 'vda', path: '/d/vda.qcow2'}]);
	t.deepEqual(onNvram(drop()), [`remove: qemu-img snapshot -d i1 ${nvram}`]);
	for (const plan of [create(), back]) {
		t.notRegex(textsOf(plan), /stay as they are|not kept/);
	}
});

test('in a folder of somebody else\'s each of these is done with that user\'s rights, or, where the file is root\'s, in that very file', t => {
	const sole = {uid: 1000, gid: 1000, isNamed: true};
	for (const uid of [1000, 0]) {
		const scene = world();
		const file = scene.nvramFiles.get(nvram)!;
		scene.nvramFiles.set(nvram, {...file, uid});
		scene.folders.set('/n', {...scene.folders.get('/n')!, risk: {
			folder: '/n', who: 'user 1000', buildIn: '/', inode: '1:9', sole,
		}});
		const actions: Action[] = [
			createAction({snapshot: 'i2'}),
			{kind: 'revert', domain, snapshot: 'i1', currentState: {kind: 'keep', name: 'k'}, endState: undefined},
			{kind: 'delete', domain, snapshot: 'i1', scope: 'one', isMetadataOnly: false},
		];
		const commands = actions.flatMap(action => unwrap(planAction(action, scene, given)).steps).flatMap(({command, undo}) => [command, ...undo ?? []]);
		const onIt = commands.filter(command => command.tool === 'qemu-img' && (command.runAs ?? command.place) !== undefined);
		t.deepEqual(onIt.map(command => argvOf(command)[2]), ['-c', '-d', '-c', '-d', '-a', '-a', '-d']);
		t.true(onIt.every(command => command.tool === 'qemu-img' && (uid === 0 ? command.place?.entry?.isHeld && command.place.entry.is === file.inode : command.runAs?.uid === 1000)));
		t.false(commands.some(command => argvOf(command).includes(nvram) && command.tool === 'qemu-img' && command.runAs === undefined));
	}
});

test('libvirt before 10.10 leaves the file alone, and so do creates and reverts; a tag that is there goes with its snapshot all the same', t => {
	const libvirtVersion = 10_009_000;
	t.deepEqual([onNvram(create({libvirtVersion})), onNvram(revert({libvirtVersion}))], [[], []]);
	t.regex(textsOf(create({libvirtVersion})), /not kept with the snapshot: they are in a qcow2 file/);
	t.deepEqual(onNvram(drop({libvirtVersion})), [`remove: qemu-img snapshot -d i1 ${nvram}`]);
});

test('a snapshot whose state is not in the file of the variables goes back without them, and says so', t => {
	const plan = revert({tags: []});
	t.deepEqual(onNvram(plan), [`create: qemu-img snapshot -c k ${nvram}`]);
	t.regex(textsOf(plan), /warning: The firmware variables \(\/n\/web\.qcow2\) stay as they are: their file holds no state "i1"/);
	t.deepEqual(onNvram(drop({tags: []})), []);
});

test('a stale tag of the same name is refused, and so is one that is there twice', t => {
	t.regex(refusalOf(world({tags: ['i1', 'i2']}), {snapshot: 'i2'}), /already has an internal snapshot "i2"/);
	const twice = planRevert({kind: 'revert', domain, snapshot: 'i1', currentState: {kind: 'discard'}, endState: undefined}, world({tags: ['i1', 'i1']}), given);
	t.regex(JSON.stringify(twice), /has 2 internal snapshots/);
});

test('memory is saved inside the images beside qcow2 variables only', t => {
	t.is(refusalOf(world({state: 'running'}), {snapshot: 'i2'}), '');
	t.regex(refusalOf(world({state: 'running', isRaw: true}), {snapshot: 'i2'}), /unless their file is qcow2, and this one is raw/);
	const store = world({state: 'running', isRaw: true});
	store.details.domain.liveDefinition!.hasVarstore = true;
	t.is(refusalOf(store, {snapshot: 'i2'}), '');
});
