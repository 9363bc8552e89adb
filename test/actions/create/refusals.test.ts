/** What is refused when a snapshot is asked for: each with its reason and a way out, all at once. */
import test from 'ava';
import {argvOf} from '../../helpers/argv-of.ts';
import {
	idsOf, planOf, refusalOf, stepOf, textsOf, twoDisks,
} from '../../helpers/create-scene.ts';
import {image} from '../../helpers/images.ts';
import {threeSnapshots} from '../../helpers/inventory.ts';

const external = {isDiskOnly: true};

test('a refusal of the table names its row, the reason and what to ask for instead', t => {
	t.regex(refusalOf(twoDisks(), {memory: {mode: 'external'}}), /no memory to save.*Leave --memory out/);
	t.regex(refusalOf(twoDisks({state: 'running'}), {disks: [{target: 'vda', mode: 'external'}]}), /inside an image without any disk/);
	t.regex(refusalOf(twoDisks(), {disks: [{target: 'vda', mode: 'external'}, {target: 'vdb', mode: 'internal'}]}), /cannot be mixed/);
});

test('L19: a managed save stands in the way of an offline snapshot', t => {
	const world = twoDisks();
	world.details.domain.hasManagedSave = true;
	t.regex(refusalOf(world, external), /managed save/);
	t.regex(refusalOf(world), /managed save/);
});

test('a transient domain may be snapshotted while it runs, and not be halted', t => {
	const world = twoDisks({state: 'running'});
	world.details.domain.isPersistent = false;
	t.is(refusalOf(world, external), '');
	t.regex(refusalOf(world, {...external, isHalted: true}), /transient/);
});

test('names that libvirt would stumble over are refused, and names that are taken', t => {
	for (const name of ['', 'a/b', '.a', 'a\nb', 'ä'.repeat(124)]) {
		t.regex(refusalOf(twoDisks(), {snapshot: name}), /The name for the snapshot/, name);
	}

	t.is(refusalOf(twoDisks(), {snapshot: 'ä'.repeat(123), ...external}), '');
	t.regex(refusalOf(threeSnapshots(), {snapshot: 's2', ...external}), /"s2" exists already/);
});

test('a tag that an image holds already, and a name that QEMU takes for a number, are refused', t => {
	const images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2', undefined, {internalSnapshots: [{tag: 's1', memoryBytes: 0}]})];
	t.regex(refusalOf(twoDisks({images})), /\/d\/vdb\.qcow2 already holds an internal snapshot "s1"/);
	t.is(refusalOf(twoDisks({images}), {snapshot: 's2'}), '');
	t.regex(refusalOf(twoDisks(), {snapshot: '12'}), /number/);
});

test('an internal snapshot needs all disks that the guest can write', t => {
	t.regex(refusalOf(twoDisks(), {disks: [{target: 'vda', mode: 'internal'}, {target: 'vdb', mode: 'no'}]}), /vdb is left out/);
	t.regex(refusalOf(twoDisks(), {disks: [{target: 'vda', mode: 'internal'}, {target: 'vdb', mode: 'manual'}]}), /vdb is left out/);
});

test('a chain that would be deeper than this libvirt starts is refused, and one that is merely deep is warned of', t => {
	const chain = Array.from({length: 40}, (_, depth) => image(depth === 0 ? '/d/vda.qcow2' : `/d/vda.${depth}`, depth === 39 ? undefined : `/d/vda.${depth + 1}`));
	const world = twoDisks({images: [...chain, image('/d/vdb.qcow2')]});
	world.host.libvirtVersion = 11_003_000;
	t.regex(refusalOf(world, external), /41 images deep.*no domain with more than 25/);
	world.host.libvirtVersion = 9_000_000;
	t.regex(textsOf(planOf(world, external)), /warning: The chain of vda will be 41 images deep/);
});

test('a memory file that may not fit is warned of', t => {
	const world = twoDisks({state: 'running'});
	const asked = {memory: {mode: 'external' as const}};
	t.notRegex(textsOf(planOf(world, asked)), /may take/);
	world.folders.get('/d')!.freeBytes = 32 * 1024 * 1024;
	t.regex(textsOf(planOf(world, asked)), /warning: The memory file may take 64\.0 MiB, and \/d has 32\.0 MiB free/);
});

test('a head that is frozen already is not frozen a second time', t => {
	const world = threeSnapshots({heads: {vda: '/d/vda.qcow2', vdb: '/d/vdb.s3'}});
	t.regex(refusalOf(world, {snapshot: 's4', ...external}), /vda writes to \/d\/vda\.qcow2, which is already frozen \(snapshot s1 of web\)/);
});

test('files that are there, paths that are not whole, and two disks on one file are refused', t => {
	const world = twoDisks();
	world.folders.get('/d')!.names.add('there');
	const ask = (...paths: string[]) => refusalOf(world, {disks: paths.map((path, index) => ({target: `vd${'ab'[index]!}`, mode: 'external' as const, path}))});
	t.regex(ask('/d/there'), /\/d\/there exists already/);
	t.regex(ask('over'), /not an absolute path/);
	t.regex(ask('/d/../d/over'), /not an absolute path/);
	t.regex(ask('/d/same', '/d/same'), /vda and vdb would both get the file \/d\/same/);
	t.regex(ask('/elsewhere/over'), /\/elsewhere is not there, or cannot be read\. Create it \(mkdir -p \/elsewhere\)/);
	const alike = twoDisks({heads: {vda: '/d/x.img', vdb: '/d/x.raw'}, images: [image('/d/x.img'), image('/d/x.raw')]});
	t.regex(refusalOf(alike, external), /vda and vdb would both get the file \/d\/x\.s1/);
});

test('a drive that cannot take part is refused where it is asked for, in whichever mode the others take part', t => {
	const more = '<disk type=\'file\' device=\'cdrom\'><driver name=\'qemu\' type=\'raw\'/><source file=\'/d/x.iso\'/><target dev=\'sda\'/><readonly/></disk>';
	const images = [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/d/x.iso', undefined, {format: 'raw'})];
	const world = twoDisks({more, images});
	for (const [others, mode] of [['internal', 'external'], ['external', 'internal']] as const) {
		const disks = [{target: 'vda', mode: others}, {target: 'vdb', mode: others}, {target: 'sda', mode}];
		t.regex(refusalOf(world, {disks}), /sda is read-only for the guest\. Leave it out: --disk sda=no/, others);
		t.is(refusalOf(world, {disks: disks.slice(0, 2)}), '', others);
	}
});

test('disks that an overlay would not do justice are refused', t => {
	const odd = (change: (xml: string) => string) => {
		const more = change('<disk type=\'file\' device=\'disk\'><driver name=\'qemu\' type=\'qcow2\'/><source file=\'/d/vdc\'/><target dev=\'vdc\'/></disk>');
		return refusalOf(twoDisks({more, images: [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/d/vdc')]}), external);
	};

	t.is(odd(xml => xml), '');
	t.regex(odd(xml => xml.replace('<target', '<shareable/><target')), /vdc is shared/);
	t.regex(odd(xml => xml.replace('<target', '<encryption format=\'luks\'/><target')), /vdc is encrypted/);
	t.regex(odd(xml => xml.replace('type=\'file\'', 'type=\'network\'').replace('file=\'/d/vdc\'', 'protocol=\'rbd\' name=\'p/i\'')), /vdc is not on an image file \(type network\)/);
});

test('unknown disks, disks named twice, and wishes that contradict themselves are refused', t => {
	t.regex(refusalOf(twoDisks(), {disks: [{target: 'vdz', mode: 'no'}]}), /no disk vdz.*vda, vdb/);
	t.regex(refusalOf(twoDisks(), {...external, disks: [{target: 'vda', mode: 'no'}, {target: '/d/vda.qcow2', mode: 'no'}]}), /vda is asked for twice/);
	t.regex(refusalOf(twoDisks(), {disks: [{target: 'vda', mode: 'internal', path: '/d/x'}]}), /no overlay to be called/);
	t.regex(refusalOf(twoDisks(), {disks: [{target: 'vda', mode: 'no', reuse: 'existing'}]}), /no overlay to reuse/);
	t.regex(refusalOf(twoDisks(), {...external, disks: [{target: 'vda', mode: undefined, reuse: 'existing'}]}), /not named/);
	t.regex(refusalOf(twoDisks({state: 'running'}), {...external, isLive: true}), /--live/);
});

test('checkpoints are in the way of no snapshot', t => {
	const checkpoints = [{name: 'c1', description: undefined, parent: undefined, createdAt: 1, disks: [], xml: ''}];
	t.is(refusalOf(twoDisks({checkpoints, libvirtVersion: 11_003_000}), external), '');
	t.is(refusalOf(twoDisks({checkpoints}), {}), '');
	t.is(refusalOf(twoDisks({checkpoints, libvirtVersion: 11_003_000}), {}), '');
	t.is(refusalOf(twoDisks({checkpoints, state: 'running'}), external), '');
});

test('all reasons are named at once', t => {
	const world = twoDisks({images: [image('/d/vdb.qcow2')]});
	world.details.domain.hasManagedSave = true;
	const text = refusalOf(world, {snapshot: '.x', ...external, disks: [{target: 'vdz', mode: 'no'}]});
	t.regex(text, /managed save/);
	t.regex(text, /begins with/);
	t.regex(text, /no disk vdz/);
	t.regex(text, /vda\.qcow2 was not found/);
});

const transientDisk = '<disk type=\'file\' device=\'disk\'><driver name=\'qemu\' type=\'qcow2\'/><source file=\'/d/vdt\'/><target dev=\'vdt\'/><transient/></disk>';

test('a transient disk is left out and told of, can be left out in so many words, and takes no part when it is asked to', t => {
	for (const state of ['running', 'shutoff'] as const) {
		const world = twoDisks({state, more: transientDisk, images: [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/d/vdt')]});
		for (const disks of [[], [{target: 'vdt', mode: 'no' as const}]]) {
			t.regex(textsOf(planOf(world, {isDiskOnly: true, disks})), /warning: vdt is transient and left out/);
		}

		t.regex(refusalOf(world, {isDiskOnly: true, disks: [{target: 'vdt', mode: 'external'}]}), /vdt is transient.*--disk vdt=no/);
	}

	t.regex(refusalOf(twoDisks({state: 'running', more: transientDisk}), {}), /vdt is transient, and libvirt cannot save the memory.*--disk-only/);
});

test('a disk that only the running domain has is refused unless it is left out of a snapshot that leaves the domain running', t => {
	const world = () => {
		const both = twoDisks({state: 'running', more: transientDisk.replace('<transient/>', ''), images: [image('/d/vda.qcow2'), image('/d/vdb.qcow2'), image('/d/vdt')]});
		both.details.domain.definition = {...both.details.domain.definition, disks: both.details.domain.definition.disks.slice(0, 2)};
		return both;
	};

	const asked = {isDiskOnly: true, disks: [{target: 'vdt', mode: 'no' as const}]};
	t.regex(refusalOf(world(), {isDiskOnly: true}), /differ in vdt: \/d\/vdt now, nothing at the next start.*virsh attach-disk web \/d\/vdt vdt --driver qemu --subdriver qcow2 --config.*--disk vdt=no/);
	t.is(refusalOf(world(), asked), '');
	t.regex(refusalOf(world(), {...asked, isHalted: true}), /differ in vdt/);
});

test('manual disks alone are taken from libvirt 11.9 on, and before it is said so', t => {
	const disks = [{target: 'vda', mode: 'manual' as const}, {target: 'vdb', mode: 'manual' as const}];
	for (const asked of [{disks}, {disks, isDiskOnly: true}, {disks, memory: {mode: 'no' as const}}]) {
		t.regex(refusalOf(twoDisks({state: 'running', libvirtVersion: 11_008_000}), asked), /libvirt 11\.9 or newer/);
		const plan = planOf(twoDisks({state: 'running', libvirtVersion: 11_009_000}), asked);
		t.is(plan.targets[0].expected.endState, 'paused');
		t.is(idsOf(plan), 'snapshot');
		t.regex(argvOf(stepOf(plan, 'snapshot').command).join(' '), /--disk-only/);
	}
});
