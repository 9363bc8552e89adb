/**
The command line of qemu-img on the demo host, and what it says when an image does not open.
*/
import {complain, type Answer} from './answer.ts';
import {userOf} from './lifecycle.ts';
import type {DemoWorld} from './world.ts';

export type Arguments = {options: Map<string, string>; paths: string[]};

const optionsWithValue = new Set(['-f', '-F', '-b', '-o', '-c', '-a', '-g']);

/** Options that stand alone in some commands and have a value in others: `snapshot -d TAG`, `commit -d`. */
export function parseArguments(words: string[], withValue: string[] = []): Arguments {
	const given: Arguments = {options: new Map(), paths: []};
	for (let index = 0; index < words.length; index++) {
		const word = words[index]!;
		if (word === '--') {
			given.paths.push(...words.slice(index + 1));
			break;
		}

		if (optionsWithValue.has(word) || withValue.includes(word)) {
			given.options.set(word, words[++index] ?? '');
		} else if (word.startsWith('-')) {
			given.options.set(word, '');
		} else {
			given.paths.push(word);
		}
	}

	return given;
}

export function couldNotOpen(file: string, reason: string): Answer {
	return complain(`qemu-img: Could not open '${file}': ${reason}`);
}

export function missing(file: string): Answer {
	return couldNotOpen(file, `Could not open '${file}': No such file or directory`);
}

/** Who writes to an image must be alone with it: a running domain keeps its whole chain. */
export function lockComplaint(world: DemoWorld, file: string): Answer | undefined {
	return userOf(world, file) && couldNotOpen(file, `Failed to get "write" lock\nIs another process using the image [${file}]?`);
}
