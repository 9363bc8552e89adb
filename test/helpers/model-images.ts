/**
Image files as block contents: what qemu-img and the file commands of a plan do to them, without a disk. A block that an image does not hold is read from
its backing file.
*/

type Blocks = Map<number, number>;

/** `isBroken`: QEMU was killed while it recorded; nobody reads or writes such a one. */
type ModelBitmap = {blocks: Set<number>; isBroken: boolean};

export type ModelFile = {
	/** Undefined: an ordinary file, or a name that is reserved only. */
	format: 'qcow2' | undefined;
	backing: string | undefined;
	blocks: Blocks;
	tags: Map<string, Blocks>;
	bitmaps: Map<string, ModelBitmap>;
	modifiedAt: string;
	mode: number;
	inode: number;
};

export type ModelImages = {files: Map<string, ModelFile>; clock: number};

export const blockCount = 8;

export function emptyImages(): ModelImages {
	return {files: new Map(), clock: 1_790_000_000};
}

function fileAt(images: ModelImages, path: string): ModelFile {
	const found = images.files.get(path);
	if (found === undefined) {
		throw new Error(`no such file: ${path}`);
	}

	return found;
}

export function addImage(images: ModelImages, path: string, more: Partial<ModelFile> = {}): void {
	if (more.backing !== undefined) {
		fileAt(images, more.backing);
	}

	images.files.set(path, {
		format: 'qcow2', backing: undefined, blocks: new Map(), tags: new Map(), bitmaps: new Map(), modifiedAt: String(images.clock), mode: 0o600, inode: images.files.size + (images.clock * 1000), ...more,
	});
}

function readBlock(images: ModelImages, path: string | undefined, block: number): number {
	for (let name = path; name !== undefined;) {
		const {blocks, backing} = fileAt(images, name);
		const value = blocks.get(block);
		if (value !== undefined) {
			return value;
		}

		name = backing;
	}

	return 0;
}

/** All that a guest would read. */
export function contentOf(images: ModelImages, path: string): string {
	return Array.from({length: blockCount}, (_, block) => readBlock(images, path, block)).join(',');
}

/** What an internal snapshot inside the image holds. */
export function contentOfTag(images: ModelImages, path: string, tag: string): string {
	const file = fileAt(images, path);
	const blocks = file.tags.get(tag);
	if (blocks === undefined) {
		throw new Error(`no tag ${tag} in ${path}`);
	}

	return Array.from({length: blockCount}, (_, block) => blocks.get(block) ?? readBlock(images, file.backing, block)).join(',');
}

/** The file itself, byte for byte so to speak. */
export function bytesOf(images: ModelImages, path: string): string {
	const {backing, blocks, tags} = fileAt(images, path);
	const inOrder = (held: Blocks) => [...held].sort(([a], [b]) => a - b);
	return JSON.stringify([backing, inOrder(blocks), [...tags].map(([tag, saved]) => [tag, inOrder(saved)])]);
}

/** Every good bitmap of the file records it. */
function set(file: ModelFile, block: number, value: number): void {
	file.blocks.set(block, value);
	for (const {blocks, isBroken} of file.bitmaps.values()) {
		if (!isBroken) {
			blocks.add(block);
		}
	}
}

function write(images: ModelImages, path: string, change: (file: ModelFile) => void): void {
	const file = fileAt(images, path);
	change(file);
	file.modifiedAt = String(images.clock);
}

export function writeBlock(images: ModelImages, path: string, block: number, value: number): void {
	write(images, path, file => {
		set(file, block, value);
	});
}

function rebase(images: ModelImages, path: string, options: {backing: string | undefined; isUnsafe: boolean}): void {
	if (options.backing !== undefined) {
		fileAt(images, options.backing);
	}

	write(images, path, file => {
		for (let block = 0; block < blockCount && !options.isUnsafe; block++) {
			const value = readBlock(images, path, block);
			if (!file.blocks.has(block) && value !== readBlock(images, options.backing, block)) {
				set(file, block, value);
			}
		}

		file.backing = options.backing;
	});
}

function commit(images: ModelImages, top: string, into: string): void {
	const held = new Set<number>();
	for (let name: string | undefined = top; name !== into;) {
		if (name === undefined) {
			throw new Error(`${into} is not below ${top}`);
		}

		for (const block of fileAt(images, name).blocks.keys()) {
			held.add(block);
		}

		name = fileAt(images, name).backing;
	}

	write(images, into, file => {
		for (const block of held) {
			set(file, block, readBlock(images, top, block));
		}
	});
}

function optionOf(argv: readonly string[], name: string): string | undefined {
	const at = argv.indexOf(name);
	return at === -1 ? undefined : argv[at + 1];
}

function goodBitmap(images: ModelImages, path: string, name: string): ModelBitmap {
	const found = fileAt(images, path).bitmaps.get(name);
	if (found === undefined || found.isBroken) {
		throw new Error(`${path}: bitmap ${name} ${found === undefined ? 'not found' : 'is inconsistent'}`);
	}

	return found;
}

function runBitmap(images: ModelImages, argv: readonly string[]): void {
	const [path, name] = argv.slice(-2) as [string, string];
	const source = optionOf(argv, '--merge');
	write(images, path, ({bitmaps}) => {
		if (argv.includes('--add')) {
			if (bitmaps.has(name)) {
				throw new Error(`${path}: bitmap already exists: ${name}`);
			}

			bitmaps.set(name, {blocks: new Set(), isBroken: false});
		}

		if (source !== undefined) {
			const into = goodBitmap(images, path, name);
			for (const block of goodBitmap(images, optionOf(argv, '-b') ?? path, source).blocks) {
				into.blocks.add(block);
			}
		}

		if (argv.includes('--remove') && !bitmaps.delete(name)) {
			throw new Error(`${path}: bitmap ${name} not found`);
		}
	});
}

function runQemuImg(images: ModelImages, argv: readonly string[]): void {
	const [, verb] = argv;
	const path = argv.at(-1)!;
	const backing = optionOf(argv, '-b');
	switch (verb) {
		case 'info': {
			contentOf(images, path);
			break;
		}

		case 'create': {
			if (fileAt(images, path).format !== undefined) {
				throw new Error(`${path} would be overwritten`);
			}

			addImage(images, path, {backing, inode: fileAt(images, path).inode});
			break;
		}

		case 'rebase': {
			rebase(images, path, {backing: backing === '' ? undefined : backing, isUnsafe: argv.includes('-u')});
			break;
		}

		case 'commit': {
			commit(images, path, backing!);
			break;
		}

		case 'bitmap': {
			runBitmap(images, argv);
			break;
		}

		case 'snapshot': {
			const [name, tag] = argv.slice(2, 4) as [string, string];
			write(images, path, file => {
				if (name === '-a' && file.bitmaps.size > 0) {
					throw new Error(`${path}: device has active dirty bitmaps`);
				}

				if (name !== '-c' && !file.tags.has(tag)) {
					throw new Error(`no tag ${tag} in ${path}`);
				}

				if (name === '-c') {
					file.tags.set(tag, new Map(file.blocks));
				} else if (name === '-d') {
					file.tags.delete(tag);
				} else {
					file.blocks = new Map(file.tags.get(tag));
				}
			});
			break;
		}

		default: {
			throw new Error(`not in the model: ${argv.join(' ')}`);
		}
	}
}

/** Throws where the real program would fail. */
export function runOnImages(images: ModelImages, argv: readonly string[]): void {
	const path = argv.at(-1)!;
	switch (argv[0]) {
		case 'qemu-img': {
			runQemuImg(images, argv);
			break;
		}

		case 'dd': {
			const made = argv.find(word => word.startsWith('of='))!.slice(3);
			if (images.files.has(made)) {
				throw new Error(`${made} exists`);
			}

			addImage(images, made, {format: undefined});
			break;
		}

		case 'rm': {
			fileAt(images, path);
			if ([...images.files.values()].some(({backing}) => backing === path)) {
				throw new Error(`${path} is removed under an image that stands on it`);
			}

			images.files.delete(path);
			break;
		}

		case 'touch': {
			fileAt(images, path).modifiedAt = optionOf(argv, '-d')!.slice(1);
			break;
		}

		case 'qemu-io': {
			fileAt(images, path);
			break;
		}

		case 'sync':
		case 'chown':
		case 'chmod': {
			break;
		}

		default: {
			throw new Error(`not in the model: ${argv.join(' ')}`);
		}
	}
}
