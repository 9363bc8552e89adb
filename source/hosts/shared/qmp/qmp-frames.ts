/**
Cuts the bytes of a monitor into JSON objects, wherever the kernel cut them into reads: in the middle of a name, an escape, a character of several
bytes. Goes by braces, not by line ends, so that a monitor with `pretty=on` is understood as well.
*/
import {Buffer} from 'node:buffer';

export type Frame = Record<string, unknown>;

type FrameProblem = {text: string; seen: string};

type FrameReader = {
	/** Gives the objects that these bytes complete. After a problem nothing more can be read. */
	read(bytes: Uint8Array): {frames: Frame[]; problem?: FrameProblem};
	/** Whether an object was begun and has not come to its end. */
	isInside(): boolean;
};

/** The named blocks of a long chain take some megabytes; this is far beyond anything that QEMU says. */
const defaultLimitBytes = 64 * 1024 * 1024;

const openBrace = 0x7B;
/** What braces and brackets do to the depth. */
const turnOf = new Map([[openBrace, 1], [0x7D, -1], [0x5B, 1], [0x5D, -1]]);
const quote = 0x22;
/** Far beyond any chain of images; what follows an answer member by member can go so deep. */
const deepest = 3000;
const backslash = 0x5C;

function isBlank(byte: number): boolean {
	return byte === 0x20 || byte === 0x0A || byte === 0x0D || byte === 0x09;
}

/** The beginning of what a peer said, as text. Whoever prints it makes it harmless first. */
function quoteStart(bytes: Uint8Array): string {
	return Buffer.from(bytes.subarray(0, 120)).toString('utf8').trim();
}

/** Follows an object byte by byte to its end. Bytes of characters beyond ASCII are never taken for one of those that count. */
class ObjectScanner {
	depth = 0;
	#isText = false;
	#isEscaped = false;

	/** True when this byte was the last of the object. */
	step(byte: number): boolean {
		if (this.#isText) {
			this.#isText = this.#isEscaped || byte !== quote;
			this.#isEscaped = !this.#isEscaped && byte === backslash;
		} else if (byte === quote) {
			this.#isText = true;
		} else {
			this.depth += turnOf.get(byte) ?? 0;
			return this.depth === 0;
		}

		return false;
	}
}

/** A reader for one connection. An object of more than `limitBytes`, or anything that is no object, is a problem. */
export function createFrameReader({limitBytes = defaultLimitBytes}: {limitBytes?: number} = {}): FrameReader {
	const scanner = new ObjectScanner();
	let parts: Uint8Array[] = [];
	let partsBytes = 0;

	const tooLong = (seen: Uint8Array): FrameProblem => ({text: `sends an answer of more than ${limitBytes} bytes`, seen: quoteStart(seen)});

	return {
		isInside: () => scanner.depth > 0,
		read(bytes) {
			const frames: Frame[] = [];
			let start = 0;
			for (let index = 0; index < bytes.length; index++) {
				const byte = bytes[index]!;
				if (scanner.depth === 0) {
					if (isBlank(byte)) {
						continue;
					}

					if (byte !== openBrace) {
						return {frames, problem: {text: 'sends something that is not JSON', seen: quoteStart(bytes.subarray(index))}};
					}

					start = index;
				}

				const isEnd = scanner.step(byte);
				if (scanner.depth > deepest) {
					return {frames, problem: {text: 'sends something that is nested without end', seen: quoteStart(bytes.subarray(start))}};
				}

				if (!isEnd) {
					continue;
				}

				const whole = Buffer.concat([...parts, bytes.subarray(start, index + 1)]);
				parts = [];
				partsBytes = 0;
				if (whole.length > limitBytes) {
					return {frames, problem: tooLong(whole)};
				}

				try {
					frames.push(JSON.parse(whole.toString('utf8')) as Frame);
				} catch {
					return {frames, problem: {text: 'sends something that is not JSON', seen: quoteStart(whole)}};
				}
			}

			if (scanner.depth > 0) {
				const rest = bytes.subarray(start);
				parts.push(rest);
				partsBytes += rest.length;
			}

			return partsBytes > limitBytes ? {frames, problem: tooLong(parts[0]!)} : {frames};
		},
	};
}
