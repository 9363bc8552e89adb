import test from 'ava';
import {unwrap} from '../../../helpers/unwrap.ts';
import {isSession} from '../../../../source/hosts/libvirt/uri.ts';
import {parseQemuUser, readKeepsOwners} from '../../../../source/hosts/libvirt/read/read-ownership.ts';
import {parseDomainXml} from '../../../../source/model/xml/parse-domain.ts';
import type {RunRequest} from '../../../../source/tools/run/run.ts';

test('the user of QEMU is that of the host\'s DAC label', t => {
	const capabilities = (label: string) => '<capabilities><host><secmodel><model>none</model></secmodel><secmodel><model>dac</model>'
		+ `<baselabel type='kvm'>${label}</baselabel></secmodel></host></capabilities>`;
	t.is(parseQemuUser(capabilities('+64055:+64055')), 64_055);
	t.is(parseQemuUser(capabilities('qemu:qemu')), undefined);
	t.is(parseQemuUser('<capabilities><host/></capabilities>'), undefined);
	t.is(parseQemuUser('nonsense'), undefined);
});

test('a qemu.conf that may not be read says nothing', async t => {
	const asked: RunRequest[] = [];
	const failing = async (request: RunRequest) => {
		asked.push(request);
		return {ok: false as const, failure: {kind: 'tool-failed' as const, cause: {argv: request.argv, exitCode: 2, timedOut: false, stderr: '', durationMs: 1}}};
	};

	t.false(await readKeepsOwners(failing));
	t.is(asked[0]!.argv.at(-1), '/etc/libvirt/qemu.conf');
});

test('labels of the domain and of a disk say who changes owners', t => {
	const read = (label: string, sourceLabel = '') => unwrap(parseDomainXml(`<domain><name>a</name><devices><disk type='file'><source file='/a'>${sourceLabel}</source><target dev='vda'/></disk></devices>${label}</domain>`));
	t.is(read('').fileOwnership, undefined);
	t.deepEqual(read('<seclabel type=\'static\' model=\'dac\' relabel=\'no\'><label>+107:+107</label></seclabel>').fileOwnership, {keepsOwners: true, uid: 107});
	t.deepEqual(read('<seclabel type=\'dynamic\' model=\'selinux\' relabel=\'no\'/><seclabel type=\'dynamic\' model=\'dac\' relabel=\'yes\'><label>+107:+107</label></seclabel>').fileOwnership, {keepsOwners: false, uid: 107});
	t.deepEqual(read('<seclabel type=\'none\'/>').fileOwnership, {keepsOwners: true, uid: undefined});
	t.true(read('', '<seclabel model=\'dac\' relabel=\'no\'/>').disks[0]!.keepsOwner);
	t.is(read('', '<seclabel model=\'selinux\' relabel=\'no\'/>').disks[0]!.keepsOwner, undefined);
});

test('a session is told by its path', t => {
	t.true(isSession('qemu:///session'));
	t.true(isSession('qemu+ssh://host/session?keyfile=x'));
	t.false(isSession('qemu:///system'));
	t.false(isSession('qemu://session.example/system'));
});
