import {Buffer} from 'node:buffer';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import type {Socket} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setFlagsFromString} from 'node:v8';
import {runInNewContext} from 'node:vm';
import test, {type ExecutionContext} from 'ava';
import {unwrap} from '../../../helpers/unwrap.ts';
import {describeFailure} from '../../../../source/model/text/describe-failure.ts';
import {makeVisible} from '../../../../source/model/text/visible-text.ts';
import {QmpConnection, type QmpEvent, type QmpOptions} from '../../../../source/hosts/shared/qmp/qmp.ts';
import {greeting, startFakeMonitor, type FakeOptions} from '../../../helpers/fake-monitor.ts';

/** What is held once everything that nobody needs has been given back. */
function usedBytes(): number {
	setFlagsFromString('--expose-gc');
	(runInNewContext('gc') as () => void)();
	const {heapUsed, arrayBuffers} = process.memoryUsage();
	return heapUsed + arrayBuffers;
}

/** A stand-in and a connection to it. */
async function connected(t: ExecutionContext, fake: FakeOptions = {}, options: QmpOptions = {}) {
	const monitor = await startFakeMonitor(t, fake);
	const connection = unwrap(await QmpConnection.open(monitor.socketPath, options));
	t.teardown(() => {
		connection.close();
	});
	return {monitor, connection};
}

test('a command gives what it returns, and a refusal is a failure with QEMU\'s own words', async t => {
	const {connection, monitor} = await connected(t, {
		answer: ({execute}) => execute === 'query-status' ? {return: {status: 'running'}} : {error: {class: 'CommandNotFound', desc: 'The command x has not been found'}},
	});
	t.deepEqual(await connection.ask('query-status', {a: 'b'}), {ok: true, value: {status: 'running'}});
	t.deepEqual(await connection.ask('x'), {
		ok: false, failure: {kind: 'qmp-failed', command: 'x', class: 'CommandNotFound', description: 'The command x has not been found'},
	});
	t.deepEqual(monitor.received.map(received => received.arguments), [{a: 'b'}, {}]);
});

test('answers out of order reach whoever asked', async t => {
	const held: Array<() => void> = [];
	const {connection} = await connected(t, {
		answer(received, fake) {
			held.unshift(() => {
				fake.answer(received, {return: received.execute});
			});
			if (held.length === 3) {
				for (const release of held) {
					release();
				}
			}

			return undefined;
		},
	});
	const answers = await Promise.all(['a', 'b', 'c'].map(async command => connection.ask(command)));
	t.deepEqual(answers.map(answer => unwrap(answer)), ['a', 'b', 'c']);
});

test('a talk cut at every byte is understood, characters of several bytes too', async t => {
	const oneByOne = (socket: Socket, bytes: string | Uint8Array) => {
		socket.setNoDelay(true);
		for (const byte of Buffer.from(bytes)) {
			socket.write(Uint8Array.of(byte));
		}
	};

	const {connection} = await connected(t, {send: oneByOne, answer: () => ({return: {name: 'Fährgäste 😀\u{202E}', text: '"}\\'}})});
	t.deepEqual(unwrap(await connection.ask('query-name')), {name: 'Fährgäste 😀\u{202E}', text: '"}\\'});
});

test('greeting, event and the start of an answer may come in one piece', async t => {
	const events: QmpEvent[] = [];
	const {connection} = await connected(t, {
		greeting: `${greeting}{"event": "RESUME", "timestamp": {}}\r\n`,
		answer({id}, fake) {
			fake.say(`{"event": "STOP", "timestamp": {}, "data": {"a": 1}}\r\n{"return": 1, "id": "${id}"}\r\n{"event": "SHUT`);
			fake.say('DOWN"}');
			return undefined;
		},
	}, {onEvent: event => events.push(event)});
	t.is(unwrap(await connection.ask('x')), 1);
	t.is(unwrap(await connection.ask('y')), 1);
	t.deepEqual(events.slice(0, 3), [{name: 'RESUME', data: {}}, {name: 'STOP', data: {a: 1}}, {name: 'SHUTDOWN', data: {}}]);
});

test('ten thousand events in a burst lose no answer and are kept nowhere', async t => {
	let seen = 0;
	const event = `${JSON.stringify({event: 'BLOCK_IO_ERROR', data: {device: 'vda', reason: 'x'.repeat(300)}})}\r\n`;
	const {connection} = await connected(t, {
		answer(received, fake) {
			fake.say(event.repeat(5000));
			fake.answer(received, {return: received.execute});
			fake.say(event.repeat(5000));
			return undefined;
		},
	}, {
		onEvent() {
			seen++;
		},
	});
	const burst = async (name: string): Promise<void> => {
		const before = seen;
		t.is(unwrap(await connection.ask(name)), name);
		const isWhole = () => seen === before + 10_000;
		while (!isWhole()) {
			await new Promise(resolve => {
				setImmediate(resolve);
			});
		}
	};

	await burst('first');
	const before = usedBytes();
	for (let round = 0; round < 10; round++) {
		await burst(`c${round}`);
	}

	t.is(seen, 110_000);
	// 36 MB of events went through since then.
	t.true(usedBytes() - before < 8_000_000);
});

for (const [title, first] of [
	['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
	['the human monitor', 'QEMU 7.2.22 monitor - type \'help\' for more information\r\n(qemu) '],
	['bytes that are no text', Uint8Array.of(0xFF, 0xFE, 0)],
	['JSON that is not QMP', '{"return": {}}\r\n'],
	['broken JSON', '{QMP}\r\n'],
] as const) {
	test(`garbage before the greeting is told: ${title}`, async t => {
		const monitor = await startFakeMonitor(t, {greeting: first});
		t.like(await QmpConnection.open(monitor.socketPath), {ok: false, failure: {kind: 'monitor-failed', reason: 'not-qmp', socketPath: monitor.socketPath}});
	});
}

test('garbage in the middle ends the connection and every command that waits', async t => {
	const {connection} = await connected(t, {
		answer(received, fake) {
			if (received.execute === 'b') {
				fake.say('\u001B[2Jgarbage');
			}

			return undefined;
		},
	});
	const answers = await Promise.all([connection.ask('a'), connection.ask('b')]);
	for (const answer of answers) {
		t.like(answer, {ok: false, failure: {kind: 'monitor-failed', reason: 'not-qmp'}});
	}

	t.false(connection.isOpen);
	t.false((await connection.ask('c')).ok);
});

test('no greeting within the limit means that another program holds the monitor', async t => {
	const monitor = await startFakeMonitor(t);
	const first = unwrap(await QmpConnection.open(monitor.socketPath));
	const second = await QmpConnection.open(monitor.socketPath, {greetingMs: 100});
	t.like(second, {ok: false, failure: {kind: 'busy', what: `The monitor ${monitor.socketPath}`}});
	first.close();
	const third = unwrap(await QmpConnection.open(monitor.socketPath));
	third.close();
});

test('a peer that dies in the middle of an answer fails the command, and says so', async t => {
	const {connection} = await connected(t, {
		answer({id}, fake) {
			fake.say(`{"id": "${id}", "return": {"a": `);
			setImmediate(() => {
				fake.drop();
			});
			return undefined;
		},
	});
	const answer = await connection.ask('query-block');
	t.like(answer, {ok: false, failure: {kind: 'monitor-failed', reason: 'closed', text: 'was closed by QEMU in the middle of an answer.'}});
});

test('a peer that dies with a command unread is told as closed, too, though the kernel resets the connection then', async t => {
	const {connection, monitor} = await connected(t);
	monitor.stall();
	const asked = connection.ask('query-block');
	await new Promise(resolve => {
		setImmediate(resolve);
	});
	monitor.drop();
	t.like(await asked, {ok: false, failure: {kind: 'monitor-failed', reason: 'closed', text: 'was closed by QEMU.'}});
	t.like(await connection.ask('query-block'), {ok: false, failure: {text: 'was closed by QEMU.'}});
});

test('a peer that dies before the greeting fails the opening', async t => {
	const monitor = await startFakeMonitor(t, {greeting: '{"QMP": {'});
	const opening = QmpConnection.open(monitor.socketPath);
	while (monitor.connections() === 0) {
		await new Promise(resolve => {
			setImmediate(resolve);
		});
	}

	monitor.drop();
	t.like(await opening, {ok: false, failure: {kind: 'monitor-failed', reason: 'closed'}});
});

test('a command that is never answered fails after its time, and a late answer is not taken for another\'s', async t => {
	let late: (() => void) | undefined;
	const {connection} = await connected(t, {
		answer(received, fake) {
			if (received.execute === 'slow') {
				late = () => {
					fake.answer(received, {return: 'slow'});
				};

				return undefined;
			}

			late?.();
			return {return: 'fast'};
		},
	});
	t.like(await connection.ask('slow', {}, {timeoutMs: 50}), {ok: false, failure: {kind: 'monitor-failed', reason: 'no-answer'}});
	t.is(unwrap(await connection.ask('fast')), 'fast');
});

test('an error without an id, which QEMU gives to what it cannot read, ends all that waits', async t => {
	const {connection} = await connected(t, {
		answer(_received, fake) {
			fake.say('{"error": {"class": "GenericError", "desc": "JSON parse error, expecting value"}}\r\n');
			return undefined;
		},
	});
	t.like(await connection.ask('x'), {ok: false, failure: {kind: 'monitor-failed', reason: 'not-qmp'}});
});

test('an answer beyond the limit ends the connection', async t => {
	const {connection} = await connected(t, {answer: () => ({return: 'x'.repeat(5000)})}, {limitBytes: 1000});
	t.like(await connection.ask('x'), {ok: false, failure: {kind: 'monitor-failed', reason: 'not-qmp'}});
});

test('a socket that nobody serves, and none at all, mean that the domain is off', async t => {
	const monitor = await startFakeMonitor(t);
	await monitor.stop();
	t.like(await QmpConnection.open(monitor.socketPath), {ok: false, failure: {kind: 'monitor-failed', reason: 'not-listening'}});
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-qmp-'));
	t.teardown(async () => rm(folder, {recursive: true}));
	const filePath = path.join(folder, 'plain');
	await writeFile(filePath, '');
	t.like(await QmpConnection.open(filePath), {ok: false, failure: {kind: 'monitor-failed', reason: 'not-listening'}});
});

test('a path too long for a socket is refused: cut off, it would lead elsewhere', async t => {
	const result = await QmpConnection.open(`/tmp/${'ä'.repeat(60)}`);
	t.true(!result.ok && result.failure.kind === 'monitor-failed' && result.failure.text.includes('107'));
});

test('what QEMU says reaches the failure as it is, and is shown without its escapes', async t => {
	const {connection} = await connected(t, {answer: () => ({error: {class: 'GenericError', desc: '\u001B]0;owned\u0007\u202E\u001B[2J'}})});
	const answer = await connection.ask('x');
	t.true(!answer.ok && answer.failure.kind === 'qmp-failed' && answer.failure.description.startsWith('\u001B]0;'));
	const shown = makeVisible(describeFailure(answer.ok ? {kind: 'read-only'} : answer.failure).message);
	t.notRegex(shown, /[\u001B\u0007\u202E]/);
	t.true(shown.includes(String.raw`\x1b]0;owned`));
});

test('errors of another shape than QEMU\'s are failures, not exceptions', async t => {
	const errors = [null, 'text', {}, {class: 5, desc: {a: 1}}, []];
	const {connection} = await connected(t, {
		answer(received, fake) {
			fake.say(`${JSON.stringify({id: received.id, error: errors[Number(received.execute)]})}\r\n`);
			return undefined;
		},
	});
	for (const index of errors.keys()) {
		t.like(await connection.ask(String(index)), {ok: false, failure: {kind: 'qmp-failed'}});
	}
});

test('closing fails what waits, and may be done twice', async t => {
	const {connection} = await connected(t, {}, {});
	const waiting = connection.ask('x');
	connection.close();
	connection.close();
	t.like(await waiting, {ok: false, failure: {kind: 'monitor-failed', reason: 'closed'}});
});
