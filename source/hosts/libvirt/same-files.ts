/**
Whether the files that libvirt's daemon sees are those that our commands see. A daemon in a container, a chroot or a mount namespace may bear this machine's
name and have other files under the same paths: then the sizes that it tells of a domain's images are others (`domblkinfo`: `Physical` is the size,
`Allocation` what the blocks take; seen with 9.0, of domains that are off and that run). Of a raw image that a guest writes to, `Physical` is what the blocks take, and
`Allocation` how far the guest has written (9.0).
*/
import {setTimeout} from 'node:timers/promises';
import {headDisks, type Disk, type Domain} from '../../model/domain/domain.ts';
import type {Image} from '../../model/images/image.ts';
import type {Runner} from '../../tools/run/run.ts';
import type {Virsh} from './virsh.ts';

type Size = {allocatedBytes: number; sizeBytes: number};
type Sizes = ReadonlyMap<string, Size>;

/** `there`: as libvirt tells it, by target; `here`: as it was read, by path. */
type Seen = {domain: Domain; there: Sizes; here: Sizes};

const timeoutMs = 30_000;
/** A guest may write between two looks; another machine's files stay different. */
const mostTries = 3;
const pauseMs = 100;

/** `domblkinfo --all` by target; drives without a file are left out. */
export function parseBlockSizes(text: string): Map<string, Size> {
	return new Map([...text.matchAll(/^ ?(\S+) +\d+ +(\d+) +(\d+) *$/gm)].map(([, target, allocated, size]) =>
		[target!, {allocatedBytes: Number(allocated), sizeBytes: Number(size)}]));
}

/** What libvirt tells of the domain's images, by target. */
export async function readSizesThere(virsh: Virsh, uuid: string): Promise<Map<string, Size>> {
	const answer = await virsh.askOne(['domblkinfo', '--domain', uuid, '--all'], {timeoutMs});
	return answer.ok ? parseBlockSizes(answer.value) : new Map();
}

async function look(runner: Runner, paths: readonly string[]): Promise<Map<string, Size>> {
	const answer = await runner({argv: ['stat', '-L', '--printf', String.raw`%n\0%s\0%b\0%B\0`, '--', ...paths], where: 'host', timeoutMs, acceptedExitCodes: [1]});
	const fields = answer.ok ? answer.value.stdout.split('\0') : [];
	const sizes = new Map<string, Size>();
	for (let index = 0; index + 4 <= fields.length; index += 4) {
		const [path, size, blocks, blockBytes] = fields.slice(index, index + 4) as [string, string, string, string];
		sizes.set(path, {sizeBytes: Number(size), allocatedBytes: Number(blocks) * Number(blockBytes)});
	}

	return sizes;
}

function isBetween(value: number, a: number, b: number): boolean {
	return value >= Math.min(a, b) && value <= Math.max(a, b);
}

/** What libvirt looks at: of a transient disk that runs the overlay, which is gone when the domain stops. */
const fileOf = ({sourcePath, transient}: Disk) => transient?.overlayPath ?? sourcePath!;

/** Of a raw image only one of the two numbers is of the file, and which of its own two it is depends on whether the domain runs. */
function isSameFile({format}: Disk, {own, first, last}: {own: Size; first: Size; last: Size}): boolean {
	const isSize = (bytes: number) => isBetween(bytes, first.sizeBytes, last.sizeBytes);
	return format === 'raw' || format === 'luks'
		? isSize(own.sizeBytes) || isSize(own.allocatedBytes)
		: isSize(own.sizeBytes) && isBetween(own.allocatedBytes, first.allocatedBytes, last.allocatedBytes);
}

/** The first disk whose file here is none that libvirt saw before or after, or between. What a side does not see is not judged. */
function firstOtherFile(disks: readonly Disk[], [before, here, after]: [Sizes, Sizes, Sizes]): Disk | undefined {
	return disks.find(disk => {
		const [first, own, last] = [before.get(disk.target), here.get(fileOf(disk)), after.get(disk.target)];
		return first !== undefined && own !== undefined && last !== undefined && !isSameFile(disk, {own, first, last});
	});
}

/** What was read of the images already. */
export function sizesOf(images: readonly Image[]): Map<string, Size> {
	return new Map(images.flatMap(({path, allocatedBytes, file}) => file === undefined ? [] : [[path, {allocatedBytes, sizeBytes: file.sizeBytes}]]));
}

/**
The beginning of a sentence about the first image that is another file on libvirt's side; undefined: none is. What one side cannot see is not judged: it
has blockers of its own.
*/
export async function findForeignFile({runner, virsh}: {runner: Runner; virsh: Virsh}, {domain, there, here: known}: Seen): Promise<string | undefined> {
	const disks = headDisks(domain).filter(({sourceType, sourcePath}) => sourceType === 'file' && sourcePath?.startsWith('/'));
	let found: string | undefined;
	let after = there;
	for (let tries = 0; tries <= mostTries && disks.length > 0; tries++) {
		const before = after;
		// Where nothing moves, what was read already is enough.
		const here = tries === 0 ? known : await look(runner, disks.map(disk => fileOf(disk)));
		after = tries === 0 ? before : await readSizesThere(virsh, domain.uuid);
		const foreign = firstOtherFile(disks, [before, here, after]);
		if (foreign === undefined) {
			return undefined;
		}

		const path = fileOf(foreign);
		const [there, own] = [after.get(foreign.target)!, here.get(path)!];
		found = `libvirt sees ${path} with ${there.sizeBytes} bytes (${there.allocatedBytes} allocated), and here it has ${own.sizeBytes} (${own.allocatedBytes} allocated)`;
		await setTimeout(pauseMs);
	}

	return found;
}
