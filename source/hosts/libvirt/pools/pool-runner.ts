/**
Answers about files that this user may not look at, or that are on a machine without ssh: from what libvirt tells of its pools. Whoever asks puts the questions to
programs (stat, test, find, qemu-img), and each of them is asked first; only where it is denied an answer is made, in the words of that program. Nothing is changed this way.
*/
import type {Runner} from '../../../tools/run/run.ts';
import {succeed} from '../../../model/result.ts';
import {
	isDenied, type Answer, type Look, type Ran,
} from './answer.ts';
import {
	isSame, list, room, stat, test,
} from './answer-files.ts';
import {begin, info} from './answer-images.ts';
import type {PoolFiles} from './pool-files.ts';
import type {Pool} from './volume.ts';

export type PoolRunner = {
	runner: Runner;
	/** The folders of which pools were asked, because they, or files in them, are out of this user's reach. */
	reached: ReadonlyMap<string, Pool>;
};

type Given = {
	runner: Runner;
	files: PoolFiles;
	/** Whether what is denied to programs is to be asked of libvirt: not for root, and not in a session, whose libvirt may do no more than its user. */
	isWanted: () => Promise<boolean>;
};

/** qemu-img has much to say of images that it may read; only that it may not is made good. */
const isOutOfReach = (ran: Ran): boolean => !ran.ok && (ran.failure.kind !== 'tool-failed' || ran.failure.cause.stderr.includes('Permission denied'));

/** Undefined: what the program said is the answer. */
function answerTo([program, first, second]: readonly string[], ran: Ran): Answer | undefined {
	switch (program) {
		case 'find': {
			return list;
		}

		case 'stat': {
			return first === '-f' ? room : stat;
		}

		case 'test': {
			return second === '-ef' ? isSame : test;
		}

		case 'head': {
			return first === '-q' || first === '-c' ? begin : undefined;
		}

		case 'qemu-img': {
			return first === 'info' && isOutOfReach(ran) ? info : undefined;
		}

		default: {
			return undefined;
		}
	}
}

/** A folder that is listed whole may still be closed to writing. */
const isListing = (argv: readonly string[]): boolean => argv[0] === 'find' && argv.includes('-ignore_readdir_race');

export function createPoolRunner({runner, files, isWanted}: Given): PoolRunner {
	const reached = new Map<string, Pool>();
	const look: Look = {
		files,
		async volumeAt(path) {
			const volume = path.startsWith('/') ? await files.volumeAt(path) : succeed(undefined);
			if (volume.ok && volume.value !== undefined) {
				look.reach(volume.value.pool.folder, volume.value.pool);
			}

			return volume;
		},
		reach(folder, pool) {
			reached.set(folder, pool);
		},
	};

	return {
		reached,
		async runner(request) {
			const {argv, where, isMutating} = request;
			// Wanted in the end of most listings: asked for meanwhile.
			const [ran] = await Promise.all([runner(request), where === 'host' && isListing(argv) ? isWanted() : undefined]);
			const isOpen = isDenied(ran) || (ran.ok && ran.value.stderr.trim() !== '');
			const isAsked = where === 'host' && !isMutating && (argv[0] === 'find' ? isListing(argv) && (ran.ok || isOpen) : isOpen);
			if (!isAsked) {
				return ran;
			}

			const answer = answerTo(argv, ran);
			return answer !== undefined && await isWanted() ? answer(look, argv, ran) : ran;
		},
	};
}
