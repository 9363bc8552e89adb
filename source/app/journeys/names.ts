/**
What is wrong with a name that is typed on the screen.
*/
import {nameProblem} from '../../model/snapshot-name.ts';

/** A whole sentence while the name cannot be taken; undefined as soon as it can. */
export function problemOfName(name: string, taken: ReadonlySet<string>): string | undefined {
	const problem = nameProblem(name);
	return problem === undefined
		? (taken.has(name) ? `There is a snapshot "${name}" already.` : undefined)
		: (name === '' ? 'The snapshot needs a name.' : `This name ${problem}.`);
}
