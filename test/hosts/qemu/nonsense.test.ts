/** Monitors that answer with anything but what QEMU answers, and the built program as a process before them: it says so, and ends with the exit code for that. */
import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {startFakeMonitor, type Answer, type FakeOptions} from '../../helpers/fake-monitor.ts';

/** A QEMU without disks that runs. */
const plain: Record<string, unknown> = {
	'query-status': {status: 'running'},
	'query-version': {qemu: {major: 7, minor: 2, micro: 0}},
	'query-uuid': {UUID: '00000000-0000-0000-0000-000000000000'},
	'query-block': [],
	'query-commands': [],
	'query-target': {arch: 'x86_64'},
	'query-kvm': {enabled: false},
	'query-memory-size-summary': {'base-memory': 1},
	'qom-get': 'pc-machine',
	'query-jobs': [],
	'query-block-jobs': [],
	'query-migrate': {},
	'query-named-block-nodes': [],
};

async function act(t: ExecutionContext, options: FakeOptions, verb = ['tree', 't']): Promise<{exitCode: number | undefined; stderr: string; stdout: string}> {
	const monitor = await startFakeMonitor(t, options);
	const statePath = await mkdtemp(path.join(tmpdir(), 'vsnap-nonsense-'));
	t.teardown(async () => rm(statePath, {recursive: true, force: true}));
	const result = await execa(process.execPath, ['dist/vsnap-tui.mjs', '--qmp', `t=${monitor.socketPath}`, ...verb], {
		reject: false, timeout: 60_000, env: {VSNAP_TUI_STATE: statePath, LC_ALL: 'C'},
	});
	return {exitCode: result.exitCode, stderr: result.stderr, stdout: result.stdout};
}

const answering = (command: string, value: unknown) => ({answer: ({execute}: {execute: string}): Answer => ({return: execute === command ? value : plain[execute] ?? {}})});

test('a QEMU that answers as QEMU does is read', async t => {
	const {exitCode, stdout, stderr} = await act(t, answering('', undefined));
	t.is(exitCode, 0, stderr);
	t.regex(stdout, /running/);
});

const nonsense: Array<[string, unknown]> = [
	['query-status', null],
	['query-status', 7],
	['query-status', {status: 7}],
	['query-block', null],
	['query-block', {}],
	['query-block', [null]],
	['query-block', [{inserted: {file: ['/d/a']}}]],
	['query-jobs', 3],
	['query-jobs', [{id: 1}]],
	['query-block-jobs', 'none'],
	['query-migrate', []],
	['query-named-block-nodes', {nodes: []}],
	['query-version', {qemu: null, more: 1}],
	['query-commands', [[]]],
];

for (const [command, value] of nonsense) {
	test(`${command} answered with ${JSON.stringify(value)} is a host that is not understood`, async t => {
		const {exitCode, stderr} = await act(t, answering(command, value));
		t.is(exitCode, 5, stderr);
		t.true(stderr.includes(command) && stderr.includes('is not understood'), stderr);
		t.notRegex(stderr, /^ +at /m);
	});
}

test('nesting without an end, numbers and blanks instead of frames, and another greeting, end with the same code or that of an unreachable monitor', async t => {
	const deep = {send: (socket: {write: (bytes: string | Uint8Array) => unknown}, bytes: string | Uint8Array) => socket.write(String(bytes).includes('running') ? '{"return":'.repeat(100_000) : bytes)};
	for (const options of [{...answering('', undefined), ...deep}, {greeting: '5\r\n'}, {greeting: 'null\r\n'}, {greeting: '[[[]]]\r\n'}, {greeting: '\u0000\u0000\r\n'}]) {
		const {exitCode, stderr} = await act(t, options, ['create', 't', 's1', '--yes']);
		t.is(exitCode, 5, stderr);
		t.notRegex(stderr, /^ +at /m);
	}
});
