/**
A removal of old points that is under way, as a file in the folder tells it: written once all that replaces something is ready beside it, removed at the end. From then
on there is only the way forward.
*/
import {fail, succeed, type Result} from '../result.ts';
import {misfitOf, missingIn, type Shape} from '../shape.ts';
import {manifestName} from './manifest.ts';
import {openDocument} from './open-document.ts';

export const pruningName = 'prune.json';

export type Pruning = {
	format: 'vsnap-tui-prune';
	version: 1;
	/** Points that become whole by themselves, with the files that are replaced by whole ones. */
	replaced: Array<{point: string; files: string[]}>;
	/** Points that go, with all their files. */
	removed: Array<{point: string; files: string[]}>;
};

/** What is ready to replace this file. */
export const readyName = (file: string): string => `${file}.partial`;

/** The manifest that a point gets. */
export const nextManifestName = (point: string): string => `${manifestName(point)}.next`;

const points: Shape = {list: {object: {point: 'text', files: {list: 'text'}}}};
const shape: Shape = {object: {replaced: points, removed: points}};

/** Nothing in it leads out of its folder, or to a file of another point. Fails with `unreadable`. */
export function parsePruning(text: string, name: string): Result<Pruning> {
	const bad = (reason: string) => fail({kind: 'unreadable', what: name, reason});
	const opened = openDocument<Pruning>(text, {name, format: 'vsnap-tui-prune', what: 'a removal of old points by vsnap-tui'});
	if (!opened.ok) {
		return opened;
	}

	const found = opened.value;
	const misfit = misfitOf(found, shape) ?? missingIn(found, shape);
	if (misfit !== undefined) {
		return bad(misfit);
	}

	const pruning = found as Pruning;
	const all = [...pruning.replaced, ...pruning.removed];
	const foreign = all.flatMap(({point, files}) => [...(point === '' || /[/\0]/.test(point) ? [point] : []), ...files.filter(file => /[/\0]/.test(file) || !file.startsWith(`${point}.`) || file.endsWith('.json'))])[0];
	return foreign === undefined ? succeed(pruning) : bad(`it names "${foreign}", which is not a file of a point of its folder`);
}

export const formatPruning = (pruning: Pruning): string => `${JSON.stringify(pruning, undefined, '\t')}\n`;
