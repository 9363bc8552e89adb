/**
What QEMU does to images: committing down, pulling up, linking anew. Shared by qemu-img and the
block jobs of running domains.
*/
import {backingPath, emptyImageBytes, readChain, type DemoFile, type DemoWorld} from './world.ts';

/** `layers` from the top down. */
export function writesOf(layers: readonly DemoFile[]): number[] {
	return [...layers].reverse().flatMap(({writes}) => writes);
}

/** The images of a chain from `top` down to the one above `base`; undefined where the base is not below it. */
export function layersAbove(world: DemoWorld, top: string, base: string): DemoFile[] | undefined {
	const {files} = readChain(world, top);
	const place = files.findIndex(file => file.path === base);
	return place <= 0 ? undefined : files.slice(0, place);
}

/** What the layers hold is written down into the base; `layers` from the top down. They keep what they hold. */
export function commitLayers(world: DemoWorld, layers: readonly DemoFile[], base: DemoFile): void {
	take(world, base, layers, [...base.writes, ...writesOf(layers)]);
}

/** What the layers hold is taken over by the image above them, which then has what was below them as its backing file. */
export function pullLayers(world: DemoWorld, top: DemoFile, layers: readonly DemoFile[]): void {
	take(world, top, layers, [...writesOf(layers), ...top.writes]);
}

function take(world: DemoWorld, image: DemoFile, layers: readonly DemoFile[], writes: number[]): void {
	changeImage(world, image, {writes, allocatedBytes: Math.min(image.allocatedBytes + bytesOf(layers), image.virtualSizeBytes + emptyImageBytes)});
}

export function changeImage(world: DemoWorld, image: DemoFile, facts: Partial<DemoFile>): void {
	Object.assign(image, facts, {modifiedAtMs: world.now().getTime()});
}

export function belowOf(world: DemoWorld, file: DemoFile): DemoFile | undefined {
	return world.files.get(backingPath(file) ?? '');
}

export function bytesOf(layers: readonly DemoFile[]): number {
	return layers.reduce((sum, {allocatedBytes}) => sum + Math.max(0, allocatedBytes - emptyImageBytes), 0);
}
