/**
Text out and whole lines in, for the linear mode: the terminal stays as it is, so there is nothing to give back.
*/
import process from 'node:process';
import {createInterface} from 'node:readline';
import type {EndSignal} from './session.ts';

type LineSession = {print: (text: string) => void; close: (signal?: string) => void};

export function openLines({onLine, onSignal}: {onLine: (text: string) => void; onSignal: (signal: EndSignal) => void}): LineSession {
	const {stdin, stdout, stderr} = process;
	const reader = createInterface({input: stdin, terminal: false});
	let isGone = false;
	const gone = () => {
		isGone = true;
		onSignal('SIGHUP');
	};

	const handlers = {
		SIGINT() {
			onSignal('SIGINT');
		},
		SIGTERM() {
			onSignal('SIGTERM');
		},
		SIGHUP: gone,
	};
	for (const [signal, handler] of Object.entries(handlers)) {
		process.on(signal, handler);
	}

	for (const stream of [stdin, stdout, stderr]) {
		stream.on('error', gone);
	}

	reader.on('line', onLine);
	const ended = () => {
		onSignal('SIGINT');
	};

	reader.on('close', ended);
	return {
		print(text) {
			if (!isGone) {
				stdout.write(`${text}\n`);
			}
		},
		close(signal) {
			reader.off('close', ended);
			reader.close();
			for (const [name, handler] of Object.entries(handlers)) {
				process.off(name, handler);
			}

			if (signal === 'SIGHUP') {
				process.kill(process.pid, 'SIGHUP');
			}
		},
	};
}
