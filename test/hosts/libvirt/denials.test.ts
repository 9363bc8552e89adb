import test from 'ava';
import {denialIn, withDenials} from '../../../source/hosts/libvirt/denials.ts';
import {describeFailure} from '../../../source/model/text/describe-failure.ts';
import {fail} from '../../../source/model/result.ts';

// As libvirt 9.0 says it.
const said = {
	socket: 'error: failed to connect to the hypervisor\nerror: Failed to connect socket to \'/var/run/libvirt/libvirt-sock\': Permission denied\n',
	polkit: 'error: failed to connect to the hypervisor\nerror: authentication unavailable: no polkit agent available to authenticate action \'org.libvirt.unix.manage\'\n',
	accessControl: 'error: Failed to start domain \'web\'\nerror: access denied: \'QEMU\' denied access\n',
	none: 'error: failed to connect to the hypervisor\nerror: Failed to connect socket to \'/var/run/libvirt/libvirt-sock\': No such file or directory\n',
	image: 'error: Failed to start domain \'web\'\nerror: Cannot access storage file \'/d/vda.qcow2\': Permission denied\n',
};

test('who says no is told from what virsh said; what is not there and an image are no denial of libvirt\'s', t => {
	t.deepEqual(denialIn(said.socket), {by: 'socket', path: '/var/run/libvirt/libvirt-sock'});
	t.deepEqual(denialIn(said.polkit), {by: 'polkit', action: 'org.libvirt.unix.manage'});
	t.deepEqual(denialIn(said.accessControl), {by: 'access-control'});
	t.is(denialIn(said.none), undefined);
	t.is(denialIn(said.image), undefined);
});

test('a failure of virsh gets its denial, and with it the way on; that of another program does not', async t => {
	const run = withDenials(async ({argv}) => fail({kind: 'tool-failed', cause: {argv, exitCode: 1, timedOut: false, stderr: said.accessControl, durationMs: 1}}));
	const denied = await run({argv: ['virsh', 'start', 'web'], where: 'here'});
	t.like(denied, {ok: false, failure: {cause: {denial: {by: 'access-control'}}}});
	t.regex(denied.ok ? '' : describeFailure(denied.failure).hint ?? '', /access_drivers/);
	t.regex(denied.ok ? '' : describeFailure({kind: 'step-failed', title: 'Start the domain', cause: denied.failure, rolledBack: true, notUndone: []} as never).hint ?? '', /access_drivers/);
	const other = await run({argv: ['qemu-img', 'info'], where: 'here'});
	t.is(other.ok || other.failure.kind !== 'tool-failed' ? 'none' : other.failure.cause.denial, undefined);
});
