/**
Paints whole frames: compares each with the one on the screen and writes what changed at absolute positions, once per turn of the event loop.
Ink gets `stdout` in place of the terminal, because its own way of writing loses scrollback and rows.
*/
import {EventEmitter} from 'node:events';
import {diffFrames} from './diff-frames.ts';

type FakeStdout = EventEmitter & {columns: number; rows: number; isTTY: false; write: (frame: string) => boolean};

type Screen = {
	/** For Ink's `stdout` option, together with `debug: true`. */
	stdout: FakeStdout;
	resize: (size: {columns: number; rows: number}) => void;
	/** Forgets what is on the screen, so that everything is written again. */
	repaint: () => void;
	/** While nothing may be written (the program is asleep). */
	pause: () => void;
	/** Writes what is waiting, at once. */
	flush: () => void;
};

/** A frame as exactly so many lines. */
export function splitFrame(frame: string, rows: number): string[] {
	const lines = frame.split('\n').slice(0, rows);
	return [...lines, ...Array.from({length: rows - lines.length}, () => '')];
}

export function createScreen(given: {columns: number; rows: number; write: (text: string) => void}): Screen {
	let frame: string | undefined;
	let painted: string[] | undefined;
	let isPaused = false;
	let scheduled: NodeJS.Immediate | undefined;

	const flush = () => {
		clearImmediate(scheduled);
		scheduled = undefined;
		if (isPaused || frame === undefined) {
			return;
		}

		const lines = splitFrame(frame, stdout.rows);
		const changes = diffFrames(painted, lines);
		painted = lines;
		if (changes !== '') {
			given.write(changes);
		}
	};

	const schedule = () => {
		scheduled ??= setImmediate(flush);
	};

	const stdout: FakeStdout = Object.assign(new EventEmitter(), { // eslint-disable-line unicorn/prefer-event-target -- Ink calls `on` and `off`.
		columns: given.columns,
		rows: given.rows,
		isTTY: false as const,
		write(next: string) {
			if (next !== '') {
				frame = next;
				schedule();
			}

			return true;
		},
	});

	return {
		stdout,
		resize({columns, rows}) {
			// The last frame is not for this size: the next one is.
			frame = columns === stdout.columns && rows === stdout.rows ? frame : undefined;
			stdout.columns = columns;
			stdout.rows = rows;
			painted = undefined;
			schedule();
		},
		repaint() {
			isPaused = false;
			painted = undefined;
			schedule();
		},
		pause() {
			isPaused = true;
		},
		flush,
	};
}
