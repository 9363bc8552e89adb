import test from 'ava';
import {describeRun} from '../../../source/model/plan/ran-command.ts';
import {fail, succeed} from '../../../source/model/result.ts';

const began = {at: '2026-11-28T09:00:00.000Z', durationMs: 12};

test('a program is kept with its exit code, its time, and both streams', t => {
	t.deepEqual(describeRun({tool: 'qemu-img', argv: ['qemu-img', 'create', 'a b'], files: []}, succeed({stdout: 'made\n', stderr: 'slowly\n'}), {...began, bytes: 5}), {
		...began, measured: {kind: 'qemu-img create', bytes: 5}, command: 'qemu-img create \'a b\'', exitCode: 0, isFailed: false, output: 'made\n\nslowly',
	});
});

test('a failure has its exit code and what the program said, or why it did not run', t => {
	const command = {tool: 'file', argv: ['rm', '/a'], files: []} as const;
	const cause = {argv: ['rm', '/a'], timedOut: false, durationMs: 1};
	t.like(describeRun({...command, argv: [...command.argv], files: []}, fail({kind: 'tool-failed', cause: {...cause, exitCode: 1, stderr: 'rm: no\n'}}), began), {exitCode: 1, isFailed: true, output: 'rm: no'});
	const silent = describeRun({...command, argv: [...command.argv], files: []}, fail({kind: 'tool-failed', cause: {...cause, signal: 'SIGKILL', stderr: ''}}), began);
	t.like(silent, {exitCode: undefined, isFailed: true});
	t.regex(silent.output, /SIGKILL/);
});

test('a command to a monitor has no exit code', t => {
	const ran = describeRun({tool: 'qmp', socketPath: '/s', execute: 'stop', arguments: {}, files: []}, succeed({stdout: '', stderr: ''}), began);
	t.deepEqual(ran, {...began, measured: {kind: 'qmp stop'}, command: 'qmp /s {"execute":"stop"}', isFailed: false, output: ''});
});

test('no secret is kept, neither of the command line nor of the output, and no output without an end', t => {
	const ran = describeRun({tool: 'qemu', argv: ['qemu-system-x86_64', '-object', 'secret,id=s,data=hunter2'], files: []}, succeed({stdout: 'nbd://user:hunter2@h/x', stderr: 'x'.repeat(10_000)}), began);
	t.notRegex(JSON.stringify(ran), /hunter2/);
	t.true(ran.output.length < 4100);
	t.regex(ran.output, /more characters$/);
});
