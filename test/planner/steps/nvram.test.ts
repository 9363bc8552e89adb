/** Copies of the firmware variables in plans: made, put back, kept and removed with the states that they belong to. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths, type Plan} from '../../../source/model/plan/plan.ts';
import {planBranch} from '../../../source/actions/branch/plan.ts';
import {planCreate} from '../../../source/actions/create/plan.ts';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import {planMerge} from '../../../source/actions/merge/plan.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import {planRemoveOrphans} from '../../../source/actions/remove-orphans/plan.ts';
import {digest} from '../../../source/model/plan/fingerprint.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {nvramCopyPath, type NvramFile} from '../../../source/model/domain/nvram.ts';
import type {Result} from '../../../source/model/result.ts';
import {parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import {argvOf} from '../../helpers/argv-of.ts';
import {createAction, type Asked} from '../../helpers/create-scene.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/w'};
const domain = {uuid, name: 'web'};
const nvram = '/n/web.fd';
const facts = (modifiedAt: string): NvramFile => ({sizeBytes: 540_672, modifiedAt, inode: `1:${modifiedAt}`, uid: 64_055, gid: 64_055, mode: 0o600, isRegular: true, isRaw: true});
/** When the helper's s1, s2, s3 were made. */
const madeAt = [1_790_000_000, 1_790_086_400, 1_790_172_800];

/** Three snapshots of a domain with variables in /n; `copies`: of which of them there is a copy, and how many seconds it is too young. */
function world(copies: Record<string, number>, more: Partial<Parameters<typeof threeSnapshots>[0] & {names: string[]; isWritable: boolean}> = {}): Inventory {
	const base = threeSnapshots(more);
	const withNvram = (xml: string) => xml.replace('hvm</type>', `hvm</type><nvram>${nvram}</nvram>`);
	const definition = unwrap(parseDomainXml(withNvram(base.definitionXml)));
	const files = Object.entries(copies).map(([name, late]): [string, NvramFile] => [`${nvram}.vsnap-${name}`, facts(`${madeAt[Number(name.slice(1)) - 1]! + late}.5`)]);
	return {
		...base,
		definitionXml: withNvram(base.definitionXml),
		details: {
			...base.details,
			domain: {...base.details.domain, definition, liveDefinition: base.details.domain.liveDefinition && definition},
			snapshots: base.details.snapshots.map(snapshot => ({...snapshot, domain: {...snapshot.domain!, nvramPath: nvram}, domainXml: withNvram(snapshot.domainXml!)})),
		},
		folders: new Map([...base.folders, ['/n', {
			path: '/n', isWritable: more.isWritable ?? true, freeBytes: 1024 ** 3, device: '2', names: new Set(['web.fd', ...files.map(([path]) => path.slice(3)), ...more.names ?? []]),
		}]]),
		nvramPath: nvram,
		nvramFiles: new Map([[nvram, facts('1795000000.0')], ...files]),
	};
}

type CurrentState = {kind: 'keep'; name: string} | {kind: 'discard'};
const revert = (inventory: Inventory, currentState?: CurrentState) =>
	unwrap(planRevert({kind: 'revert', domain, snapshot: 's2', currentState: currentState ?? {kind: 'discard'}, endState: undefined}, inventory, given));
const create = (inventory: Inventory, asked: Asked = {}) => planCreate(createAction({snapshot: 'n1', isDiskOnly: true, ...asked}), inventory, given);
const drop = (inventory: Inventory, isMetadataOnly = false) => unwrap(planDelete({kind: 'delete', domain, snapshot: 's2', scope: 'one', isMetadataOnly}, inventory, given));
const lines = (plan: Plan) => plan.steps.filter(({id}) => id.includes('nvram')).map(({phase, command}) => `${phase}: ${argvOf(command).join(' ')}`);
const undoOf = (plan: Plan, id: string) => plan.steps.find(step => step.id === id)!.undo!.map(command => argvOf(command).join(' '));
const textsOf = ({consequences}: Plan) => consequences.map(({severity, text}) => `${severity}: ${text}`).join('\n');
const refusal = (result: Result<unknown>) => result.ok ? '' : JSON.stringify(result.failure);

test('a revert puts the copy in place at one moment, with what was there held until the end', t => {
	const plan = revert(world({s2: 0}));
	t.deepEqual(lines(plan), [
		`create: dd if=/dev/null of=${nvram}.new-20261121-100000 conv=excl status=none`,
		`create: chown -h 64055:64055 -- ${nvram}.new-20261121-100000`,
		`create: chmod 0600 -- ${nvram}.new-20261121-100000`,
		`create: cp -- ${nvram}.vsnap-s2 ${nvram}.new-20261121-100000`,
		`create: sync -- ${nvram}.new-20261121-100000 /n`,
		`switch: ln -T -- ${nvram} ${nvram}.left-20261121-100000`,
		`switch: mv -f -T -- ${nvram}.new-20261121-100000 ${nvram}`,
		`switch: sync -- ${nvram}.left-20261121-100000 /n`,
		`remove: rm -- ${nvram}.left-20261121-100000`,
	]);
	t.deepEqual(undoOf(plan, 'nvram'), [`cp -- ${nvram}.left-20261121-100000 ${nvram}`, `sync -- ${nvram}`]);
	t.regex(textsOf(plan), /info: The firmware variables are reverted too, from \/n\/web\.fd\.vsnap-s2\./);
	t.true(plan.steps.findIndex(({id}) => id === 'nvram') < plan.steps.findIndex(({id}) => id === 'define'));
});

test('what is kept keeps its variables, and they are the file that was in use', t => {
	const plan = revert(world({s2: 0}), {kind: 'keep', name: 'left'});
	t.deepEqual(lines(plan).slice(5), [
		`switch: ln -T -- ${nvram} ${nvram}.vsnap-left`,
		`switch: touch -h -c -d @${now.getTime() / 1000} -- ${nvram}.vsnap-left`,
		`switch: mv -f -T -- ${nvram}.new-20261121-100000 ${nvram}`,
		`switch: sync -- ${nvram}.vsnap-left /n`,
	]);
	t.true(createdPaths(plan).includes(`${nvram}.vsnap-left`));
});

test('without a copy of then the variables stay, and are copied for what is kept', t => {
	const plan = revert(world({}), {kind: 'keep', name: 'left'});
	t.true(lines(plan).includes(`switch: cp -- ${nvram} ${nvram}.vsnap-left`));
	t.false(lines(plan).some(line => line.includes('mv ')));
	t.regex(textsOf(plan), /warning: The firmware variables \(\/n\/web\.fd\) stay as they are: the snapshot has no copy of them\./);
});

test('a copy of another age is of an earlier snapshot of that name, and is not taken', t => {
	const plan = revert(world({s2: 4000}));
	t.deepEqual(lines(plan), []);
	t.regex(textsOf(plan), /vsnap-s2 has another date than the snapshot, so it belongs to another one/);
	t.true(lines(revert(world({s2: 100}))).length > 0, 'libvirt takes its time');
	t.deepEqual(lines(revert(world({s2: -2}))), [], 'it comes after the snapshot');
});

test('where the memory comes back it brings the variables with it, and what was there can come back until all is done', t => {
	const inventory = world({s2: 0});
	const memory = {kind: 'good', path: '/d/m', sizeBytes: 1, definition: inventory.details.snapshots[1]!.domain!, domainXml: inventory.definitionXml, modifiedAt: '1'} as const;
	const [s1, s2, s3] = inventory.details.snapshots;
	const snapshots = [s1!, {...s2!, state: 'running', memory: {mode: 'external', path: '/d/m'} as const}, s3!];
	const resumed = {...inventory, details: {...inventory.details, snapshots}, memoryFiles: new Map([['/d/m', memory]])};
	for (const [currentState, held] of [[undefined, `${nvram}.left-20261121-100000`], [{kind: 'keep', name: 'left'}, `${nvram}.vsnap-left`]] as const) {
		const plan = revert(resumed, currentState);
		t.true(lines(plan).includes(`switch: cp -- ${nvram} ${held}`));
		t.false(lines(plan).some(line => line.includes('mv ') || line.includes('.vsnap-s2')));
		t.deepEqual(undoOf(plan, 'sync-nvram'), [`cp -- ${held} ${nvram}`, `sync -- ${nvram}`]);
		t.is(lines(plan).includes(`remove: rm -- ${held}`), currentState === undefined);
		t.true(plan.steps.findIndex(({id}) => id === 'sync-nvram') < plan.steps.findIndex(({id}) => id === 'start'));
		t.notRegex(textsOf(plan), /variables/);
	}
});

test('a snapshot of a domain that is off takes a copy as old as itself', t => {
	const plan = unwrap(create(world({})));
	t.deepEqual(lines(plan), [
		`create: dd if=/dev/null of=${nvram}.vsnap-n1 conv=excl status=none`,
		`create: cp -- ${nvram} ${nvram}.vsnap-n1`,
		`create: touch -c -d @${now.getTime() / 1000} -- ${nvram}.vsnap-n1`,
		`create: sync -- ${nvram}.vsnap-n1 /n`,
	]);
	t.deepEqual(undoOf(plan, 'reserve-nvram'), [`rm -- ${nvram}.vsnap-n1`]);
	t.true(createdPaths(plan).includes(`${nvram}.vsnap-n1`));
});

test('beside a running guest the copy has no age until it is compared, once the disks are frozen', t => {
	const plan = unwrap(create(world({}, {state: 'running'})));
	t.deepEqual(plan.steps.map(({id}) => id), ['reserve-nvram', 'copy-nvram', 'date-nvram', 'sync-nvram', 'snapshot', 'prove-nvram', 'sync-nvram-age']);
	t.true(lines(plan).includes(`create: touch -c -d @0 -- ${nvram}.vsnap-n1`));
	const prove = plan.steps.find(({id}) => id === 'prove-nvram')!;
	t.deepEqual(argvOf(prove.command), ['touch', '-h', '-c', '--', `${nvram}.vsnap-n1`]);
	t.deepEqual(prove.command.onlyIf, {kind: 'same-content', path: nvram, other: `${nvram}.vsnap-n1`});
	t.regex(prove.skippedNote!, /has changed/);
});

test('no copy is made where it would be useless or cannot be, and the plan says why', t => {
	const running = {state: 'running'} as const;
	t.deepEqual(lines(unwrap(create(world({}, running), {memory: {mode: 'external', path: '/d/mem'}, isDiskOnly: false}))), []);
	t.regex(textsOf(unwrap(create(world({}), {hasNoMetadata: true}))), /variables \(\/n\/web\.fd\) are not kept\./);
	t.regex(textsOf(unwrap(create(world({}, {isWritable: false})))), /not kept with the snapshot: you may not create a file in \/n/);
	t.regex(textsOf(unwrap(create({...world({}), nvramFiles: new Map()}))), /does not exist yet/);
	const qcow2 = world({s2: 0});
	qcow2.nvramFiles.get(nvram)!.isRaw = false;
	t.regex(textsOf(unwrap(create(qcow2))), /not kept with the snapshot: they are in a qcow2 file/);
	t.regex(textsOf(revert(qcow2)), /stay as they are: they are in a qcow2 file/);
	const shared = world({s2: 0}, {foreignPins: [{path: nvram, hold: 'existence', domainUuid: 'other', label: 'NVRAM of other', snapshot: undefined, target: undefined}]});
	t.regex(textsOf(unwrap(create(shared))), /another domain uses the same file/);
	t.deepEqual(lines(revert(shared)), []);
	t.is(nvramCopyPath(nvram, 'x'.repeat(247)), undefined);
	t.regex(refusal(create(world({}, {names: ['web.fd.vsnap-n1']}))), /name-taken[^]*earlier snapshot/);
});

test('a branch begins with the variables of then, and its first snapshot keeps them', t => {
	const plan = unwrap(planBranch({kind: 'branch', domain, snapshot: 's2', name: 'b1', currentState: {kind: 'keep', name: 'left'}}, world({s2: 0}), given));
	const made = lines(plan);
	t.true(made.includes(`switch: ln -T -- ${nvram} ${nvram}.vsnap-left`));
	t.true(made.includes(`switch: cp -- ${nvram}.vsnap-s2 ${nvram}.vsnap-b1`));
	t.true(made.includes(`switch: touch -c -d @${now.getTime() / 1000} -- ${nvram}.vsnap-b1`));
	t.deepEqual(createdPaths(plan).filter(path => path.startsWith('/n')), [`${nvram}.vsnap-left`, `${nvram}.vsnap-b1`]);
});

test('copies go with their snapshots, whether these are deleted or merged; not with the record alone', t => {
	for (const plan of [drop(world({s2: 0, s3: 0})), unwrap(planMerge({kind: 'merge', domain, snapshot: 's2'}, world({s2: 9999, s3: 0}), given))]) {
		t.deepEqual(plan.images.removed.filter(path => path.startsWith('/n')), [`${nvram}.vsnap-s2`]);
		t.regex(textsOf(plan), /loss: The copies of the firmware variables are deleted too: \/n\/web\.fd\.vsnap-s2\./);
	}

	t.deepEqual(drop(world({s2: 0}), true).images.removed, []);
});

test('a copy of a snapshot that is gone can be tidied away; one that is needed cannot', t => {
	const removeOrphans = (path: string) => planRemoveOrphans({kind: 'remove-orphans', domain, paths: [path]}, world({s2: 0}, {names: ['web.fd.vsnap-gone', 'web.fd.bak']}), given);
	t.deepEqual(unwrap(removeOrphans('/n/web.fd.vsnap-gone')).steps.map(({command}) => argvOf(command).join(' ')), ['rm -- /n/web.fd.vsnap-gone']);
	for (const path of ['/n/web.fd.vsnap-s2', '/n/web.fd.bak', nvram]) {
		t.regex(refusal(removeOrphans(path)), /refused/);
	}
});

test('variables on a device or on the network are told to be left as they are, at the snapshot and at the revert', t => {
	for (const [xml, reason, path] of [
		['<nvram type=\'block\'><source dev=\'/dev/loop9\'/></nvram>', 'they are on a block device', '/dev/loop9'],
		['<nvram type=\'network\'><source protocol=\'nbd\' name=\'v\'/></nvram>', 'they are on the network (nbd)', undefined],
	] as const) {
		const inventory = world({});
		const change = (text: string) => text.replace(`<nvram>${nvram}</nvram>`, xml);
		const definition = unwrap(parseDomainXml(change(inventory.definitionXml)));
		const elsewhere: Inventory = {
			...inventory,
			nvramPath: path,
			nvramFiles: new Map(),
			definitionXml: change(inventory.definitionXml),
			details: {
				...inventory.details,
				domain: {...inventory.details.domain, definition},
				snapshots: inventory.details.snapshots.map(snapshot => ({...snapshot, domain: unwrap(parseDomainXml(change(snapshot.domainXml!))), domainXml: change(snapshot.domainXml!)})),
			},
		};
		for (const plan of [revert(elsewhere), revert(elsewhere, {kind: 'keep', name: 'k'}), unwrap(create(elsewhere))]) {
			t.deepEqual(lines(plan), []);
			t.true(textsOf(plan).includes(`: ${reason}.`), textsOf(plan));
		}
	}
});

/** The same where root works in a folder of somebody else's: `/n` can be exchanged. */
function risky(inventory: Inventory, buildIn = '/'): Inventory {
	const folder = inventory.folders.get('/n')!;
	return {...inventory, folders: new Map([...inventory.folders, ['/n', {...folder, risk: {folder: '/n', who: 'user 64055', buildIn: buildIn === '' ? undefined : buildIn, inode: '9:9'}}]])};
}

const privateFolder = `/.vsnap-tui-w-nvram-${digest('/n').slice(0, 8)}`;

test('where others may exchange the folder nothing in it is opened for writing: the copy is made beside, and moved or linked into place', t => {
	const plan = revert(risky(world({s2: 0})));
	t.deepEqual(lines(plan), [
		`create: mkdir -m 0700 -- ${privateFolder}`,
		`create: dd if=./web.fd.vsnap-s2 iflag=nofollow of=${privateFolder}/copy conv=fsync status=none`,
		`create: chown -h 64055:64055 -- ${privateFolder}/copy`,
		`create: chmod 0600 -- ${privateFolder}/copy`,
		'switch: ln -T -- ./web.fd ./web.fd.left-20261121-100000',
		`switch: mv -f -T -- ${privateFolder}/copy ./web.fd`,
		'switch: sync -- /n',
		'remove: rm -- ./web.fd.left-20261121-100000',
		`remove: rmdir -- ${privateFolder}`,
	]);
	t.deepEqual(undoOf(plan, 'nvram'), [
		`dd if=./web.fd.left-20261121-100000 iflag=nofollow of=${privateFolder}/back conv=fsync status=none`,
		`chown -h 64055:64055 -- ${privateFolder}/back`,
		`chmod 0600 -- ${privateFolder}/back`,
		`mv -f -T -- ${privateFolder}/back ./web.fd`,
		'sync -- /n',
	]);
	const place = {folder: '/n', inode: '9:9'};
	const commandOf = (id: string) => plan.steps.find(step => step.id === id)!.command;
	t.like(commandOf('copy-nvram'), {place: {...place, entry: {name: 'web.fd.vsnap-s2', is: facts(`${madeAt[1]!}.5`).inode}}});
	t.like(commandOf('hold-nvram'), {place: {...place, entry: {name: 'web.fd', is: '1:1795000000.0'}}});
	t.like(commandOf('nvram'), {place});
});

test('a new copy is linked from there, and its private name taken away at once; without a place for it none is made', t => {
	const plan = unwrap(create(risky(world({}))));
	t.deepEqual(lines(plan), [
		`create: mkdir -m 0700 -- ${privateFolder}`,
		`create: dd if=./web.fd iflag=nofollow of=${privateFolder}/copy conv=fsync status=none`,
		`create: touch -c -d @${now.getTime() / 1000} -- ${privateFolder}/copy`,
		`create: ln -T -- ${privateFolder}/copy ./web.fd.vsnap-n1`,
		`create: rm -- ${privateFolder}/copy`,
		`create: rmdir -- ${privateFolder}`,
		'create: sync -- /n',
	]);
	t.deepEqual(undoOf(plan, 'publish-nvram'), ['rm -- ./web.fd.vsnap-n1']);
	const without = unwrap(create(risky(world({}), '')));
	t.deepEqual(lines(without), []);
	t.regex(textsOf(without), /are not kept with the snapshot: user 64055 could replace files in \/n meanwhile/);
	const deleted = drop(risky(world({s2: 0})));
	t.like(deleted.steps.find(({command}) => argvOf(command).includes('./web.fd.vsnap-s2')), {
		command: {argv: ['rm', '--', './web.fd.vsnap-s2'], place: {folder: '/n', inode: '9:9', entry: {name: 'web.fd.vsnap-s2', is: facts(`${madeAt[1]!}.5`).inode}}},
		guard: {kind: 'unused-image', path: `${nvram}.vsnap-s2`, inode: facts(`${madeAt[1]!}.5`).inode},
	});
});
