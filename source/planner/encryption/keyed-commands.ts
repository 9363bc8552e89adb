/**
The command lines of QEMU's programs for encrypted images. The passphrase comes by the standard input; the image is named with all that it is backed by, because the
headers name no secret. qemu-img knows no layer of such a chain by its path: each layer is committed into the same image, from the bottom up.
*/
import {posix} from 'node:path';
import type {ProgramCommand} from '../../model/plan/plan.ts';
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

/** Without "-f FORMAT". */
function withoutFormat(words: readonly string[], flag = '-f'): string[] {
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
	const unsafe = others.indexOf('-u');
	const [path, size] = unsafe === -1 ? [others.at(-1)!, String(images.sizeOf(base))] : [others[unsafe + 1]!, others[unsafe + 2]!];
	const options = [...asked, 'encrypt.format=luks', `encrypt.key-secret=${id}`, ...iterationTime(images.iterationsOn(base))].join(',');
	return keyed(images, command, {layers, words: [...others.slice(0, unsafe === -1 ? -1 : unsafe), '-o', options, '-u', path, size]});
}

function commitsInto(images: KeyedImages, command: ProgramCommand, into: string): ProgramCommand[] {
	const {argv} = command;
	const layers = images.layersOf(wordsOfProgram(command).at(-1)!);
	const at = layers.findIndex(({path}) => path === into);
	const target = images.layersOf(into);
	const flag = argv.indexOf('-b');
	const rest = withoutFormat([...argv.slice(0, flag), ...argv.slice(flag + 2)]).slice(0, -1);
	return layers.slice(0, at === -1 ? 1 : at).reverse().map(layer => keyed(images, command, {layers, words: [...rest, chainName([layer, ...target])]}));
}

/** Opens the image with all that it is backed by, and fails where the passphrase does not fit. It may be in use meanwhile: nothing is read of the guest's. */
export function openWithKey(images: KeyedImages, path: string): ProgramCommand {
	const layers = images.layersOf(path);
	return keyed(images, {tool: 'qemu-io', argv: ['qemu-io'], files: []}, {layers, words: ['qemu-io', '-r', '-U', '-c', 'quit', chainName(layers)]});
}

/** The images that are there and that these commands open, or build on, with a passphrase. */
export function openedWithKey(images: KeyedImages, command: ProgramCommand): string[] {
	const {argv} = command;
	const words = wordsOfProgram(command);
	const [, verb = ''] = argv;
	const path = verb === 'create' ? (argv.includes('-b') ? argv[argv.indexOf('-b') + 1] : undefined) : (verb === 'bitmap' || verb === 'convert' ? words.at(-2) : words.at(-1));
	return command.tool === 'qemu-img' && verb !== 'info' && path !== undefined && secretOn(images.layersOf(path)) !== undefined ? [path] : [];
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
	const [, verb = ''] = argv;
	const after = (flag: string) => argv.includes(flag) ? argv[argv.indexOf(flag) + 1] : undefined;
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
		return [secretOn(layers) === undefined ? command : keyed(images, command, {layers, words: [...withoutFormat(argv).slice(0, -1), chainName(layers)]})];
	}

	if (tool !== 'qemu-img' || verb === 'info') {
		return [command];
	}

	if (verb === 'create') {
		const base = after('-b');
		return [base === undefined || !needsKey(base) ? command : createOn(images, command, base)];
	}

	// The name of a bitmap stands after the image, and that of a copy too.
	const at = verb === 'bitmap' || verb === 'convert' ? argv.length - 2 : argv.length - 1;
	const layers = images.layersOf(words[at]!);
	if (verb === 'commit' && needsKey(words[at]!)) {
		return commitsInto(images, command, after('-b')!);
	}

	const isAlone = verb === 'bitmap' || (verb === 'rebase' && argv.includes('-u'));
	const opened = isAlone ? layers.slice(0, 1) : layers;
	const source = verb === 'bitmap' ? after('-b') : undefined;
	const all = [...opened, ...source === undefined ? [] : images.layersOf(source).slice(0, 1)];
	if (secretOn(all) === undefined) {
		return [command];
	}

	const named = argv.map((word, index) => {
		const isSource = source !== undefined && argv[index - 1] === '-b';
		return index === at ? chainName([top(opened, word), ...opened.slice(1)]) : (isSource ? chainName(images.layersOf(source).slice(0, 1)) : word);
	});
	return [keyed(images, command, {layers: all, words: withoutFormat(source === undefined ? named : withoutFormat(named, '-F'))})];
}
