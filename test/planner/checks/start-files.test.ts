import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths, type Plan} from '../../../source/model/plan/plan.ts';
import {planBranch} from '../../../source/actions/branch/plan.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {RevertAction} from '../../../source/model/plan/request.ts';
import {describeFailure} from '../../../source/model/text/describe-failure.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Result} from '../../../source/model/result.ts';
import {parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import {image} from '../../helpers/images.ts';
import {inventory, now, threeSnapshots, uuid, type Scene} from '../../helpers/inventory.ts';

const given = {id: 'p1', now, workPath: '/state/files/p1'};
const cdrom = (more = '') => `<disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='/iso/x.iso'${more}/><target dev='hdc' bus='ide'/><readonly/></disk>`;

function world(more: {scene?: Partial<Scene>; devices?: string; present?: string; files?: string[]; secrets?: string[]; valueless?: string[]} = {}): Inventory {
	const scene = inventory({
		heads: {vda: '/d/vda.s1'},
		current: 's1',
		snapshots: [{name: 's1', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}, more: more.devices ?? cdrom()}],
		images: [image('/d/vda.qcow2'), image('/d/vda.s1', '/d/vda.qcow2')],
		more: more.present,
		...more.scene,
	});
	scene.details.missing = {files: new Set(more.files ?? ['/iso/x.iso']), secrets: new Set(more.secrets), valueless: new Set(more.valueless)};
	return scene;
}

const revert = (from: Inventory, more: Partial<RevertAction> = {}) =>
	planRevert({kind: 'revert', domain: {uuid, name: 'web'}, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined, ...more}, from, given);
const branch = (from: Inventory) => planBranch({kind: 'branch', domain: {uuid, name: 'web'}, snapshot: 's1', name: 'b1', currentState: {kind: 'discard'}}, from, given);
const definedBy = (plan: Plan) => unwrap(parseDomainXml(plan.steps.find(({id}) => id === 'define')!.command.files[0]!.text));
const refusalOf = (planned: Result<Plan>) => planned.ok ? '' : describeFailure(planned.failure).message;

test('a drive whose medium is gone is left empty, off, started or branched, and the plan says so', t => {
	for (const planned of [revert(world()), revert(world(), {endState: 'running'}), branch(world())]) {
		const plan = unwrap(planned);
		t.deepEqual(definedBy(plan).disks.map(({target, sourcePath}) => [target, sourcePath !== undefined]), [['vda', true], ['hdc', false]]);
		t.true(plan.consequences.some(({severity, text}) => severity === 'warning' && text.includes('hdc') && text.includes('/iso/x.iso') && text.includes('left empty')));
	}
});

test('a medium that is there, and one that libvirt may leave out by itself, stay in the definition', t => {
	t.is(definedBy(unwrap(revert(world({files: []})))).disks[1]!.sourcePath, '/iso/x.iso');
	const optional = unwrap(revert(world({devices: cdrom(' startupPolicy=\'optional\'')})));
	t.is(definedBy(optional).disks[1]!.sourcePath, '/iso/x.iso');
	t.false(optional.consequences.some(({text}) => text.includes('x.iso')));
});

test('a floppy that the snapshot left out is left empty where its medium is gone', t => {
	const floppy = '<disk type=\'file\' device=\'floppy\'><driver name=\'qemu\' type=\'raw\'/><source file=\'/iso/f.img\'/><target dev=\'fda\' bus=\'fdc\'/></disk>';
	t.is(definedBy(unwrap(revert(world({devices: floppy, files: ['/iso/f.img']})))).disks[1]!.sourcePath, undefined);
});

test('what cannot be left out is refused beforehand: a read-only disk, kernel, device tree, firmware, template, secret', t => {
	const readOnly = '<disk type=\'file\' device=\'disk\'><driver name=\'qemu\' type=\'raw\'/><source file=\'/iso/r.img\'/><target dev=\'vdr\' bus=\'virtio\'/><readonly/></disk>';
	t.regex(refusalOf(revert(world({devices: readOnly, files: ['/iso/r.img']}))), /source of the disk vdr is missing \(\/iso\/r\.img\)/);
	const withOs = (os: string, files: string[]) => {
		const scene = world({devices: '', files});
		const [s1] = scene.details.snapshots;
		const domainXml = s1!.domainXml!.replace('</os>', `${os}</os>`);
		scene.details.snapshots[0] = {...s1!, domainXml, domain: unwrap(parseDomainXml(domainXml))};
		return refusalOf(revert(scene));
	};

	const boot = '<kernel>/boot/k</kernel><initrd>/boot/i</initrd><dtb>/boot/d</dtb>';
	t.regex(withOs(boot, ['/boot/k', '/boot/i', '/boot/d']), /kernel is missing \(\/boot\/k\)[\s\S]*initrd is missing \(\/boot\/i\)[\s\S]*device tree is missing \(\/boot\/d\)/);
	const firmware = '<loader type=\'pflash\'>/fw/code.fd</loader><nvram template=\'/fw/vars.fd\'>/n/web.fd</nvram>';
	t.regex(withOs(firmware, ['/fw/code.fd', '/fw/vars.fd']), /firmware is missing \(\/fw\/code\.fd\)/);
	t.is(withOs(firmware, ['/fw/vars.fd']), '', 'the template is read only where there are no variables yet');
	t.regex(withOs(firmware, ['/fw/vars.fd', '/n/web.fd']), /NVRAM template is missing/);

	const secret = '<disk type=\'network\' device=\'disk\'><driver name=\'qemu\' type=\'raw\'/><source protocol=\'rbd\' name=\'p/i\'><auth username=\'u\'><secret type=\'ceph\' usage=\'pool key\'/></auth></source>'
		+ '<target dev=\'vdz\' bus=\'virtio\'/></disk>';
	t.regex(refusalOf(revert(world({devices: secret, files: [], secrets: ['usage ceph pool key']}))), /no secret usage ceph pool key\.\n.*secret-define/);
	t.regex(refusalOf(revert(world({devices: secret, files: [], valueless: ['usage ceph pool key']}))), /secret usage ceph pool key has no value\.\n.*secret-set-value/);
	t.is(refusalOf(revert(world({devices: secret, files: []}))), '');
});

test('a running domain that could not be started again is not stopped, and the remedy names the command that takes the medium out', t => {
	const running = world({devices: '', present: cdrom(), scene: {state: 'running'}});
	t.regex(refusalOf(revert(running)), /could not be started again: the medium of the drive hdc is missing[\s\S]*virsh change-media --domain web --path hdc --eject --live --config/);
	t.regex(refusalOf(branch(running)), /--eject/);
	running.details.domain.liveDefinition = {...running.details.domain.definition, disks: running.details.domain.definition.disks.map(disk => disk.target === 'hdc' ? {...disk, sourcePath: undefined} : disk)};
	t.regex(refusalOf(revert(running)), /--eject --config/, 'only where it is named');
	t.is(refusalOf(revert(world({devices: '', present: cdrom()}))), '', 'a domain that is off needs no way back');
});

test('memory inside an image cannot be gone back to without the medium, its disks alone can', t => {
	const scene = world({
		scene: {
			heads: {vda: '/d/vda.qcow2'},
			snapshots: [{name: 's1', state: 'running', frozen: {vda: '/d/vda.qcow2'}, overlays: {}, modes: {vda: 'internal'}, more: cdrom()}],
			images: [image('/d/vda.qcow2', undefined, {internalSnapshots: [{tag: 's1', memoryBytes: 1}]})],
		},
	});
	const [s1] = scene.details.snapshots;
	scene.details.snapshots[0] = {...s1!, memory: {mode: 'internal'}};
	t.regex(refusalOf(revert(scene)), /medium of the drive hdc is missing[\s\S]*--shutoff/);
	t.is(definedBy(unwrap(revert(scene, {endState: 'shutoff'}))).disks[1]!.sourcePath, undefined);
});

test('memory in a file is resumed with the drive empty, and the plan says that the guest had the medium in it', t => {
	const scene = world({scene: {snapshots: [{name: 's1', state: 'running', memory: '/d/s1.mem', frozen: {vda: '/d/vda.qcow2'}, overlays: {vda: '/d/vda.s1'}, more: cdrom()}]}});
	const {domain, domainXml} = scene.details.snapshots[0]!;
	scene.memoryFiles.set('/d/s1.mem', {kind: 'good', path: '/d/s1.mem', sizeBytes: 1, definition: domain!, domainXml: domainXml!, modifiedAt: '1'});
	const plan = unwrap(revert(scene));
	const live = unwrap(parseDomainXml(plan.steps.find(({id}) => id === 'start')!.command.files[0]!.text));
	t.deepEqual(live.disks.map(({sourcePath}) => sourcePath), [createdPaths(plan)[0], undefined]);
	t.true(plan.consequences.some(({text}) => text.includes('had the medium in it')));
});

test('where nothing was looked at, nothing is missing', t => {
	t.true(revert(threeSnapshots()).ok);
});
