/**
`qemu-img check`, `measure`, `compare` and `convert` on the demo host's files: of an image by its name, or of one whose layers are all named (`json:`).
*/
import path from 'node:path';
import {bytesOf, changeImage, writesOf} from '../images.ts';
import {complain, complainFirst, say, type Answer, type Arguments, type Copying} from '../program.ts';
import {addFile, emptyImageBytes, readChain, type DemoFile, type DemoWorld} from '../world.ts';

type Spec = {file: {filename: string}; backing?: Spec | null};

/** From the top down. */
function namesIn({file, backing}: Spec): string[] {
	return [file.filename, ...(backing ? namesIn(backing) : [])];
}

type Opened = {layers: DemoFile[]; problem: Answer | undefined};

function open(world: DemoWorld, name: string): Opened {
	const isSpec = name.startsWith('json:');
	const named = isSpec ? namesIn(JSON.parse(name.slice('json:'.length)) as Spec).map(place => ({place, file: world.files.get(place)})) : undefined;
	const {files, missing} = named === undefined ? readChain(world, name) : {files: named.flatMap(({file}) => file ?? []), missing: named.find(({file}) => file === undefined)?.place};
	return {layers: files, problem: missing === undefined ? undefined : complain(`qemu-img: Could not open '${name}': Could not open '${missing}': No such file or directory`)};
}

/** Nothing is ever wrong inside. */
export function check(world: DemoWorld, {paths: [name = '']}: Arguments): Answer {
	return open(world, name).problem ?? say();
}

/** Whether a guest would read the same from both: a write that stands in more than one layer counts once. */
export function compare(world: DemoWorld, {paths: [name = '', other = '']}: Arguments): Answer {
	const [one, two] = [open(world, name), open(world, other)];
	const [written, againstIt] = [one, two].map(({layers}) => JSON.stringify([...new Set(writesOf(layers).reverse())]));
	return one.problem ?? two.problem ?? {...say(), exitCode: written === againstIt ? 0 : 1};
}

const wholeBytes = (layers: readonly DemoFile[]): number => emptyImageBytes + Math.min(bytesOf(layers), layers[0]!.virtualSizeBytes);

export function measure(world: DemoWorld, {paths: [name = '']}: Arguments): Answer {
	const {layers, problem} = open(world, name);
	return problem ?? say(`${JSON.stringify({required: wholeBytes(layers), 'fully-allocated': layers[0]!.virtualSizeBytes + emptyImageBytes})}\n`);
}

/** All that is read from an image, into a file: a new one, or with `-n` into an image that is there. */
export function convert(world: DemoWorld, {options, paths: [from = '', to = '']}: Arguments): Answer | Copying {
	const {layers, problem} = open(world, from);
	const known = world.files.get(to);
	const isMissing = !world.folders.has(path.posix.dirname(to)) || (options.has('-n') && known === undefined);
	const refused = problem ?? complainFirst('qemu-img', [isMissing, `Could not open '${to}': No such file or directory`]);
	if (refused !== undefined) {
		return refused;
	}

	const {virtualSizeBytes} = layers[0]!;
	const file = addFile(world, {...known, path: to, kind: 'image', format: options.get('-O') === 'raw' ? 'raw' : 'qcow2', virtualSizeBytes, allocatedBytes: emptyImageBytes, writes: []});
	return {
		bytes: bytesOf(layers),
		grows: file,
		finish() {
			changeImage(world, file, {writes: writesOf(layers), allocatedBytes: wholeBytes(layers)});
			return say();
		},
	};
}
