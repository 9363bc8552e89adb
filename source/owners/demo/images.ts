/**
What QEMU does to images, with their locks and the content that can be read from them afterwards: committing down, pulling up, linking anew. Shared by
qemu-img and the block jobs of running domains.
*/
import {
	backingPath, emptyImageBytes, readChain, type DemoFile, type DemoWorld,
} from './world.ts';

/** What a guest would read from the image, as numbers of writes: below first. A write that stands in more than one layer counts where it is uppermost. */
export function readContent(world: DemoWorld, place: string): number[] {
	const all = readChain(world, place).files.reverse().flatMap(({writes}) => writes);
	return all.filter((write, index) => all.lastIndexOf(write) === index);
}

/** libvirt's block jobs take the bitmaps along; qemu-img does not. */
export function takeBitmaps(into: DemoFile, layers: readonly DemoFile[]): void {
	into.bitmaps = [...new Set([...into.bitmaps, ...layers.flatMap(({bitmaps}) => bitmaps)])];
}

/** The images of a chain from `top` down to the one above `base`; undefined where the base is not below it. */
export function layersAbove(world: DemoWorld, top: string, base: string): DemoFile[] | undefined {
	const {files} = readChain(world, top);
	const place = files.findIndex(file => file.path === base);
	return place <= 0 ? undefined : files.slice(0, place);
}

/** What the layers hold is written down into the base; `layers` from the top down. They keep what they hold. */
export function commitLayers(world: DemoWorld, layers: readonly DemoFile[], base: DemoFile): void {
	base.writes = [...base.writes, ...[...layers].reverse().flatMap(({writes}) => writes)];
	base.allocatedBytes = Math.min(base.allocatedBytes + bytesOf(layers), base.virtualSizeBytes + emptyImageBytes);
	base.modifiedAtMs = world.now().getTime();
}

/** What the layers hold is taken over by the image above them, which then stands on what they stood on. */
export function pullLayers(world: DemoWorld, top: DemoFile, layers: readonly DemoFile[]): void {
	top.writes = [...[...layers].reverse().flatMap(({writes}) => writes), ...top.writes];
	top.allocatedBytes = Math.min(top.allocatedBytes + bytesOf(layers), top.virtualSizeBytes + emptyImageBytes);
	top.modifiedAtMs = world.now().getTime();
}

/** Only the header. */
export function linkImage(world: DemoWorld, image: DemoFile, backing: DemoFile['backing']): void {
	image.backing = backing;
	image.modifiedAtMs = world.now().getTime();
}

/** As QEMU's own jobs write it into a header: absolute, with its format. */
export function backingOn(file: DemoFile | undefined): DemoFile['backing'] {
	return file && {name: file.path, format: file.format};
}

export function belowOf(world: DemoWorld, file: DemoFile): DemoFile | undefined {
	const place = backingPath(file);
	return place === undefined ? undefined : world.files.get(place);
}

export function bytesOf(layers: readonly DemoFile[]): number {
	return layers.reduce((sum, {allocatedBytes}) => sum + Math.max(0, allocatedBytes - emptyImageBytes), 0);
}

/** A file that grows while it is written to, for those who look at its size. Gives what brings it back to where it was. */
export function growing(file: DemoFile): {advance: (doneBytes: number) => void; reset: () => void} {
	const {allocatedBytes} = file;
	return {
		advance(doneBytes) {
			file.allocatedBytes = allocatedBytes + doneBytes;
		},
		reset() {
			file.allocatedBytes = allocatedBytes;
		},
	};
}
