import test from 'ava';
import {describeFailure} from '../../../source/model/text/describe-failure.ts';

const cause = (stderr: string, timedOut = false) => ({argv: ['virsh', 'list'], exitCode: timedOut ? undefined : 1, timedOut, stderr, durationMs: 30_000});

test('a host that cannot be reached is named, with what virsh said of it and not the command', t => {
	const stderr = 'error: failed to connect to the hypervisor\nerror: Failed to connect socket to \'/run/s\': Connection refused\n';
	t.is(describeFailure({kind: 'host-unreachable', uri: 'qemu:///system', cause: cause(stderr)}).message, 'The host qemu:///system cannot be reached: Failed to connect socket to \'/run/s\': Connection refused');
	t.true(describeFailure({kind: 'host-unreachable', uri: 'default', cause: cause(stderr)}).message.startsWith('The default host of libvirt cannot be reached: '));
	t.is(describeFailure({kind: 'host-unreachable', uri: 'x', cause: cause('', true)}).message, 'The host x cannot be reached: virsh list\ngave no answer within 30 s');
});

test('of a virsh that is asked several things at once, and gives no answer, the questions are told without the marks between the answers', t => {
	const mark = 'vsnap-a7590473584b203e86ccc71f';
	const argv = ['virsh', '-q', '-c', 'qemu:///system', `hostname; echo ${mark}; capabilities; echo ${mark}; `];
	t.is(describeFailure({kind: 'tool-failed', cause: {argv, timedOut: true, stderr: '', durationMs: 30_000}}).message, 'virsh -q -c qemu:///system hostname; capabilities\ngave no answer within 30 s');
});
