/**
What keeps file commands from a machine where the images are not.
*/
import type {Result} from '../../model/result.ts';
import type {Runner} from '../../tools/run/run.ts';

export type FileFence = {
	/** Lets file commands through only while `check` succeeds. */
	runner: Runner;
	/** Fails with `files-elsewhere`, or where the machines cannot be asked. `isFresh`: does not rely on an answer of long ago. */
	check(options?: {isFresh?: boolean}): Promise<Result<void>>;
};
