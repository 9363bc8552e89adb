/**
The command lines of QEMU's programs for encrypted images. The passphrase comes by the standard input; the image is named with all that it is backed by, because the
headers name no secret. qemu-img knows no layer of such a chain by its path: each layer is committed into the same image, from the bottom up.
*/
import {posix} from 'node:path';
import type {ProgramCommand} from '../../model/plan/plan.ts';
import {readImageCommand, type ImageCommand} from '../../model/plan/image-command.ts';
import {wordsOfProgram} from '../../model/plan/placed-command.ts';
import {secretOn, type Layer} from './keys.ts';

const id = 'vsnap-tui';

/** What the keyed command needs to know; `layersOf` also of images that the plan makes. */
export type KeyedImages = {
	layersOf: (path: string) => Layer[];
	sizeOf: (path: string) => number;
	/** Of the first layer that is encrypted. */
	iterationsOn: (path: string) => number | undefined;
	/** The arguments and the input that make a secret known to a program; undefined: that is not possible, and is told elsewhere. */
	secretFor: (layers: readonly Layer[], id: string) => {argv: string[]; inputFrom?: string[]} | undefined;
};

type Options = {[option: string]: string | Options};

const keyOf = ({format, encryption}: Layer): Options => encryption === undefined ? {} : (format === 'luks' ? {'key-secret': id} : {encrypt: {'key-secret': id}});

function optionsOf(layer: Layer, backing?: Options): Options {
	const {path, format, driver} = layer;
	return {
		driver: format,
		file: {driver, filename: path},
		...keyOf(layer),
		...(backing && {backing}),
	};
}

const nameOf = (options: Options) => `json:${JSON.stringify(options)}`;

function chainName([top, ...below]: readonly Layer[]): string {
	const chain = (layers: readonly Layer[]): Options | undefined => layers[0] && optionsOf(layers[0], chain(layers.slice(1)));
	return nameOf(optionsOf(top!, chain(below)));
}

/** Without "-f FORMAT", for example. */
function withoutOption(words: readonly string[], flag: string): string[] {
	const at = words.indexOf(flag);
	return at === -1 ? [...words] : [...words.slice(0, at), ...words.slice(at + 2)];
}

/**
As many iterations as open the images below, which have the same passphrase: more would protect nothing, and time is all that is asked for. QEMU's default (two seconds)
is the most.
*/
function iterationTime(iterations: number | undefined): string[] {
	return iterations === undefined || iterations >= 2_000_000 ? [] : [`encrypt.iter-time=${Math.max(10, Math.ceil(iterations / 1000))}`];
}

function keyed(images: KeyedImages, command: ProgramCommand, {layers, words}: {layers: readonly Layer[]; words: string[]}): ProgramCommand {
	const secret = images.secretFor(layers, id);
	const [program, ...rest] = words;
	const verb = program === 'qemu-img' ? rest.splice(0, 1) : [];
	return secret === undefined ? command : {...command, argv: [program!, ...verb, ...secret.argv, ...rest], ...(secret.inputFrom && {inputFrom: secret.inputFrom})};
}

function createOn(images: KeyedImages, command: ProgramCommand, base: string): ProgramCommand {
	const {argv} = command;
	const layers = images.layersOf(base);
	const at = argv.indexOf('-o');
	const asked = at === -1 ? [] : [argv[at + 1]!];
	const others = at === -1 ? argv : [...argv.slice(0, at), ...argv.slice(at + 2)];
	const {at: imageAt, sizeBytes = images.sizeOf(base)} = readImageCommand({...command, argv: others})!;
	const options = [...asked, 'encrypt.format=luks', `encrypt.key-secret=${id}`, ...iterationTime(images.iterationsOn(base))].join(',');
	return keyed(images, command, {layers, words: [...others.slice(0, imageAt).filter(word => word !== '-u'), '-o', options, '-u', others[imageAt]!, String(sizeBytes)]});
}

function commitsInto(images: KeyedImages, command: ProgramCommand, {path, other: into}: ImageCommand): ProgramCommand[] {
	const layers = images.layersOf(path);
	const at = layers.findIndex(layer => layer.path === into);
	const target = images.layersOf(into!);
	const rest = withoutOption(withoutOption(command.argv, '-b'), '-f').slice(0, -1);
	return layers.slice(0, at === -1 ? 1 : at).reverse().map(layer => keyed(images, command, {layers, words: [...rest, chainName([layer, ...target])]}));
}

/** Opens the image with all that it is backed by, and fails where the passphrase does not fit. It may be in use meanwhile: nothing is read of the guest's. */
export function openWithKey(images: KeyedImages, path: string): ProgramCommand {
	const layers = images.layersOf(path);
	return keyed(images, {tool: 'qemu-io', argv: ['qemu-io'], files: []}, {layers, words: ['qemu-io', '-r', '-U', '-c', 'quit', chainName(layers)]});
}

/** The images that are there and that these commands open, or build on, with a passphrase. */
export function openedWithKey(images: KeyedImages, command: ProgramCommand): string[] {
	const read = readImageCommand(command);
	const path = read?.verb === 'create' ? read.other : read?.path;
	return read?.verb !== 'info' && path !== undefined && secretOn(images.layersOf(path)) !== undefined ? [path] : [];
}

/** Its nodes are those of chains that are there. Of what is encrypted within qcow2 it wants to hear how (7.2), which the name of an image need not say. */
function openInDaemon(images: KeyedImages, command: ProgramCommand): ProgramCommand {
	const opened = new Map(command.argv.flatMap((word, index): Array<[number, Layer]> => {
		const node = command.argv[index - 1] === '--blockdev' ? JSON.parse(word) as {file: {filename: string}} : undefined;
		const layer = node && images.layersOf(node.file.filename)[0];
		return layer?.encryption === undefined ? [] : [[index, layer]];
	}));
	const [program, ...words] = command.argv.map((word, index) => {
		const layer = opened.get(index);
		const {encrypt, ...key} = layer === undefined ? {} : keyOf(layer) as {encrypt?: Options};
		return layer === undefined ? word : JSON.stringify({...JSON.parse(word) as Options, driver: layer.format, ...key, ...(encrypt && {encrypt: {format: 'luks', ...encrypt}})});
	});
	return opened.size === 0 ? command : keyed(images, command, {layers: [...opened.values()], words: [program!, ...words]});
}

/** The command with the passphrases that it needs: mostly itself. Several have to be run in this order. */
export function withKeys(images: KeyedImages, command: ProgramCommand): ProgramCommand[] {
	const {tool, argv} = command;
	const words = wordsOfProgram(command);
	const read = readImageCommand(command);
	const needsKey = (path: string) => secretOn(images.layersOf(path)) !== undefined;
	// Held open for root, by a name that is no path.
	const held = command.place?.entry?.isHeld && argv.at(-1)!.startsWith('json:') ? posix.join(command.place.folder, command.place.entry.name) : undefined;
	if (held !== undefined && needsKey(held)) {
		const layers = images.layersOf(held).slice(0, 1);
		const options = JSON.parse(argv.at(-1)!.slice('json:'.length)) as Options;
		return [keyed(images, command, {layers, words: [...argv.slice(0, -1), nameOf({...optionsOf(layers[0]!), ...options})]})];
	}

	if (tool === 'qemu-storage-daemon') {
		return [openInDaemon(images, command)];
	}

	const top = (layers: readonly Layer[], name: string): Layer => ({...layers[0]!, path: name});
	if (tool === 'qemu-io') {
		const layers = images.layersOf(words.at(-1)!);
		return [secretOn(layers) === undefined ? command : keyed(images, command, {layers, words: [...withoutOption(argv, '-f').slice(0, -1), chainName(layers)]})];
	}

	if (read === undefined || read.verb === 'info') {
		return [command];
	}

	const {verb, path, at, other} = read;
	if (verb === 'create') {
		return [other === undefined || !needsKey(other) ? command : createOn(images, command, other)];
	}

	const layers = images.layersOf(path);
	if (verb === 'commit' && needsKey(path)) {
		return commitsInto(images, command, read);
	}

	const isAlone = verb === 'bitmap' || (verb === 'rebase' && read.isUnsafe);
	const opened = isAlone ? layers.slice(0, 1) : layers;
	const source = verb === 'bitmap' && other !== undefined ? images.layersOf(other).slice(0, 1) : [];
	const all = [...opened, ...source];
	if (secretOn(all) === undefined) {
		return [command];
	}

	const named = argv.map((word, index) => index === at ? chainName([top(opened, word), ...opened.slice(1)]) : (source.length > 0 && index === read.otherAt ? chainName(source) : word));
	return [keyed(images, command, {layers: all, words: withoutOption(source.length > 0 ? withoutOption(named, '-F') : named, '-f')})];
}
