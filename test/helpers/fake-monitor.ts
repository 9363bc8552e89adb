/**
A stand-in for QEMU's monitor, on a real UNIX socket: greets one client at a time, as QEMU does, and answers as the test says.
*/
import {mkdtemp, rm} from 'node:fs/promises';
import {createServer, type Socket} from 'node:net';
import {tmpdir} from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';

export const greeting = '{"QMP": {"version": {"qemu": {"micro": 22, "minor": 2, "major": 7}, "package": "Debian 1:7.2+dfsg-7"}, "capabilities": ["oob"]}}\r\n';

export type Received = {execute: string; arguments: Record<string, unknown>; id: string};

/** What is said to a command: `return` or `error` get its id; undefined: nothing, ever. */
export type Answer = {return: unknown} | {error: {class: string; desc: string}} | undefined;

export type FakeMonitor = {
	socketPath: string;
	/** Commands in the order in which they came, without those that `negotiates` hides. */
	received: Received[];
	/** How many clients have connected so far. */
	connections: () => number;
	/** To the client that is served, as it is. */
	say: (bytes: string | Uint8Array) => void;
	event: (name: string, data?: Record<string, unknown>) => void;
	answer: (received: Received, answer: Answer) => void;
	/** Ends the connection with the client that is served. */
	drop: () => void;
	/** Reads nothing more of what the client sends. */
	stall: () => void;
	/** Nobody listens any more, as when QEMU has ended. */
	stop: () => Promise<void>;
};

export type FakeOptions = {
	/** What is said first; undefined: nothing. */
	greeting?: string | Uint8Array | undefined;
	answer?: (received: Received, monitor: FakeMonitor) => Answer;
	/** How the bytes of the answers are sent. */
	send?: (socket: Socket, bytes: string | Uint8Array) => void;
};

export async function startFakeMonitor(t: ExecutionContext, options: FakeOptions = {}): Promise<FakeMonitor> {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-qmp-'));
	const socketPath = path.join(folder, 'monitor.sock');
	const send = options.send ?? ((socket: Socket, bytes: string | Uint8Array) => {
		socket.write(bytes);
	});
	const waiting: Socket[] = [];
	let served: Socket | undefined;
	let count = 0;

	const serveNext = () => {
		served = waiting.shift();
		if (served !== undefined) {
			serve(served);
		}
	};

	const takeLine = (line: string) => {
		const received = JSON.parse(line) as Received;
		if (received.execute === 'qmp_capabilities') {
			monitor.answer(received, {return: {}});
			return;
		}

		monitor.received.push(received);
		monitor.answer(received, options.answer?.(received, monitor));
	};

	const serve = (socket: Socket) => {
		let rest = '';
		socket.setEncoding('utf8').on('data', (text: string) => {
			const lines = `${rest}${text}`.split('\n');
			rest = lines.pop() ?? '';
			for (const line of lines) {
				takeLine(line);
			}
		});
		const first = 'greeting' in options ? options.greeting : greeting;
		if (first !== undefined) {
			send(socket, first);
		}
	};

	const server = createServer(socket => {
		count++;
		socket.on('error', () => undefined);
		socket.on('close', () => {
			if (socket === served) {
				serveNext();
			} else {
				waiting.splice(waiting.indexOf(socket), 1);
			}
		});
		waiting.push(socket);
		if (served === undefined) {
			serveNext();
		}
	});

	const monitor: FakeMonitor = {
		socketPath,
		received: [],
		connections: () => count,
		say(bytes) {
			if (served !== undefined) {
				send(served, bytes);
			}
		},
		event(name, data) {
			monitor.say(`${JSON.stringify({timestamp: {seconds: 1, microseconds: 2}, event: name, ...(data && {data})})}\r\n`);
		},
		answer({id}, answer) {
			if (answer !== undefined) {
				monitor.say(`${JSON.stringify({...answer, id})}\r\n`);
			}
		},
		drop() {
			served?.destroy();
		},
		stall() {
			served?.pause();
		},
		async stop() {
			server.close();
			for (const socket of waiting.splice(0)) {
				socket.destroy();
			}

			served?.destroy();
			await rm(folder, {recursive: true, force: true});
		},
	};
	await new Promise<void>(resolve => {
		server.listen(socketPath, resolve);
	});
	t.teardown(async () => monitor.stop());
	return monitor;
}
