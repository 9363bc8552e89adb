/**
What a command line of `qemu-img` works on, as far as the planners write such lines (`hypervisor/commands.ts`): the only place that knows where in it an image stands.
*/
import {wordsOfProgram} from './placed-command.ts';
import type {ProgramCommand} from './plan.ts';

const verbs = ['create', 'commit', 'rebase', 'snapshot', 'bitmap', 'convert', 'info'] as const;

export type ImageVerb = typeof verbs[number];

/**
`path` is the image that is made, written to or looked at; of `convert` the one that is read. `other`, after `-b`: its backing file from then on ("": none), what it is committed
into, or whose bitmap it gets. `at` and `otherAt` say which words they are. `isUnsafe` (`-u`): the backing file is only named, not read.
*/
export type ImageCommand = {verb: ImageVerb; path: string; at: number; other: string | undefined; otherAt: number | undefined; isUnsafe: boolean; sizeBytes: number | undefined};

const isVerb = (word: string | undefined): word is ImageVerb => (verbs as ReadonlyArray<string | undefined>).includes(word);

/** What stands after the image: the name of a bitmap, what a copy goes to, the size of a new image. */
function wordsBehind(verb: ImageVerb, last: string): number {
	return verb === 'bitmap' || verb === 'convert' || (verb === 'create' && /^\d+$/.test(last)) ? 1 : 0;
}

/** Undefined: it is no command of `qemu-img` on an image. Paths are whole, also where the command names an entry of its folder. */
export function readImageCommand(command: ProgramCommand): ImageCommand | undefined {
	const words = wordsOfProgram(command);
	const [, verb] = words;
	if (command.tool !== 'qemu-img' || !isVerb(verb)) {
		return undefined;
	}

	const last = words.at(-1)!;
	const at = words.length - 1 - wordsBehind(verb, last);
	const flag = words.indexOf('-b');
	const otherAt = flag === -1 ? undefined : flag + 1;
	return {
		verb,
		path: words[at]!,
		at,
		other: otherAt === undefined ? undefined : words[otherAt],
		otherAt,
		isUnsafe: words.includes('-u'),
		sizeBytes: verb === 'create' && at < words.length - 1 ? Number(last) : undefined,
	};
}
