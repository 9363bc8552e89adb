/**
Cuts the bytes of a monitor into JSON objects, wherever the kernel cut them into reads: in the middle of a name, an escape, a character of several
bytes. Goes by braces, not by line ends, so that a monitor with `pretty=on` is understood as well.
*/
import {Buffer} from 'node:buffer';

export type Frame = Record<string, unknown>;

export type FrameProblem = {text: string; seen: string};

export type FrameReader = {
	/** Gives the objects that these bytes complete. After a problem nothing more can be read. */
	read(bytes: Uint8Array): {frames: Frame[]; problem?: FrameProblem};
	/** Whether an object was begun and has not come to its end. */
	isInside(): boolean;
};

/** The named blocks of a long chain take some megabytes; this is far beyond anything that QEMU says. */
const defaultLimitBytes = 64 * 1024 * 1024;

const openBrace = 0x7B;
const closeBrace = 0x7D;
const openBracket = 0x5B;
const closeBracket = 0x5D;
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

/** A reader for one connection. An object of more than `limitBytes`, or anything that is no object, is a problem. */
export function createFrameReader(options: {limitBytes?: number} = {}): FrameReader {
	const limitBytes = options.limitBytes ?? defaultLimitBytes;
	let parts: Uint8Array[] = [];
	let partsBytes = 0;
	let depth = 0;
	let isText = false;
	let isEscaped = false;

	const tooLong = (seen: Uint8Array): FrameProblem => ({text: `sends an answer of more than ${limitBytes} bytes`, seen: quoteStart(seen)});

	/** Follows one byte of an object; true when it was the last. Bytes of characters beyond ASCII are never taken for one of these. */
	const step = (byte: number): boolean => {
		if (isText) {
			if (isEscaped) {
				isEscaped = false;
			} else if (byte === backslash) {
				isEscaped = true;
			} else if (byte === quote) {
				isText = false;
			}

			return false;
		}

		switch (byte) {
			case quote: {
				isText = true;

				break;
			}

			case openBracket:
			case openBrace: {
				depth++;

				break;
			}

			case closeBracket:
			case closeBrace: {
				depth--;
				return depth === 0;
			}
		// No default
		}

		return false;
	};

	return {
		isInside: () => depth > 0,
		read(bytes) {
			const frames: Frame[] = [];
			let start = 0;
			for (let index = 0; index < bytes.length; index++) {
				const byte = bytes[index]!;
				if (depth === 0) {
					if (isBlank(byte)) {
						continue;
					}

					if (byte !== openBrace) {
						return {frames, problem: {text: 'says something that is not JSON', seen: quoteStart(bytes.subarray(index))}};
					}

					start = index;
				}

				const isEnd = step(byte);
				if (depth > deepest) {
					return {frames, problem: {text: 'says something that is nested without an end', seen: quoteStart(bytes.subarray(start))}};
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
					return {frames, problem: {text: 'says something that is not JSON', seen: quoteStart(whole)}};
				}
			}

			if (depth > 0) {
				const rest = bytes.subarray(start);
				parts.push(rest);
				partsBytes += rest.length;
			}

			return partsBytes > limitBytes ? {frames, problem: tooLong(parts[0]!)} : {frames};
		},
	};
}
