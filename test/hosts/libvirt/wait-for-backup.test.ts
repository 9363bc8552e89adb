import test from 'ava';
import type {Virsh} from '../../../source/hosts/libvirt/virsh.ts';
import {waitForBackup} from '../../../source/hosts/libvirt/wait-for-backup.ts';
import {fail, succeed, type Result} from '../../../source/model/result.ts';
import {toolFailure} from './fixture.ts';

const running = 'Job type:         Unbounded   \n';
const none = 'Job type:         None\n';
const well = 'Job type: 3\nsuccess: 1\n';

/** Answers each time with the next of these: what is going on, and how the last one ended. */
function virshWith(answers: Array<[Result<string>, Result<string>]>): {virsh: Virsh; asked: string[][][]} {
	const asked: string[][][] = [];
	const virsh: Virsh = {
		prefix: ['virsh'],
		askOne: async () => fail(toolFailure('Not expected')),
		tell: async () => false,
		async ask(questions) {
			asked.push(questions.map(question => [...question]));
			return succeed(answers[Math.min(asked.length, answers.length) - 1]!);
		},
	};
	return {virsh, asked};
}

test('it is asked until there is no job, each time with how it ended: no process is started for it', async t => {
	const {virsh, asked} = virshWith([[succeed(running), succeed(none)], [succeed(running), succeed(none)], [succeed(none), succeed(well)]]);
	t.deepEqual(await waitForBackup(virsh, 'u', {timeoutMs: undefined}), {ok: true, value: undefined});
	t.is(asked.length, 3);
	t.true(asked.every(([what, how]) => what!.join(' ') === 'domjobinfo --domain u' && how!.includes('--completed')));
});

test('what an earlier job left is not taken for the end of this one', async t => {
	const {virsh} = virshWith([[succeed(running), succeed(well)], [succeed(none), succeed('Job type: 4\nsuccess: 0\nerrmsg: No space left on device\n')]]);
	t.like(await waitForBackup(virsh, 'u', {timeoutMs: undefined}), {ok: false, failure: {kind: 'unreadable', reason: 'No space left on device'}});
});

test('a domain that has gone ends the wait, and so does the time', async t => {
	const gone = fail(toolFailure('error: failed to get domain'));
	t.false((await waitForBackup(virshWith([[gone, gone]]).virsh, 'u', {timeoutMs: undefined})).ok);
	t.like(await waitForBackup(virshWith([[succeed(running), succeed(none)]]).virsh, 'u', {timeoutMs: 20}), {ok: false, failure: {reason: 'it takes too long'}});
});
