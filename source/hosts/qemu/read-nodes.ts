/**
The nodes of a running QEMU by the image that each has open, for the jobs that merge images: these name nodes, not files.
*/
import type {ImageNode} from '../../model/domain/inventory.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {Ask} from '../shared/qmp/end.ts';
import type {Locate} from './locate-files.ts';
import {imageFormats, plainName, protocols} from './look-through.ts';

type QemuNode = {
	'node-name'?: string;
	drv?: string;
	ro?: boolean;
	file?: string;
	'dirty-bitmaps'?: Array<{name?: string; count?: number; persistent?: boolean; recording?: boolean; inconsistent?: boolean; granularity?: number}>;
};

/** Names that begin so are QEMU's own: these nodes go by themselves. */
const isOwn = (name: string) => name.startsWith('#');

async function ask(monitor: Ask): Promise<Result<unknown>> {
	const nodes = await monitor('query-named-block-nodes', {flat: true});
	// QEMU < 5.0 does not know `flat`.
	return nodes.ok || nodes.failure.kind !== 'qmp-failed' ? nodes : monitor('query-named-block-nodes');
}

/**
By path, as `locate` makes it of the name that QEMU tells. An image that is open more than once as a format, below two disks for example, is left out:
nobody could tell which of the nodes is meant. Fails as the monitor does.
*/
export async function readImageNodes(monitor: Ask, locate: Locate): Promise<Result<Map<string, ImageNode>>> {
	const answer = await ask(monitor);
	if (!answer.ok) {
		return answer;
	}

	const byPath = new Map<string, QemuNode[]>();
	for (const node of Array.isArray(answer.value) ? answer.value as QemuNode[] : []) {
		if (node.file !== undefined && node['node-name'] !== undefined) {
			const path = await locate(plainName(node.file));
			if (path !== undefined) {
				byPath.set(path, [...byPath.get(path) ?? [], node]);
			}
		}
	}

	return succeed(new Map([...byPath].flatMap(([path, nodes]) => {
		const images = nodes.filter(({drv = ''}) => imageFormats.has(drv));
		const files = nodes.filter(({drv = ''}) => protocols.has(drv));
		const [image, ...others] = images.length > 0 ? images : files;
		if (!path.startsWith('/') || image === undefined || others.length > 0) {
			return [];
		}

		const node: ImageNode = {
			nodeName: image['node-name']!,
			...(imageFormats.has(image.drv ?? '') && {format: image.drv!}),
			...(image.ro === false && {isWritable: true}),
			bitmaps: (image['dirty-bitmaps'] ?? []).flatMap(({name, persistent}) => persistent && name !== undefined ? [name] : []),
			recording: (image['dirty-bitmaps'] ?? []).flatMap(({name, persistent, recording, inconsistent, granularity = 65_536, count = 0}) =>
				persistent && recording && !inconsistent && name !== undefined ? [{name, granularityBytes: granularity, dirtyBytes: count}] : []),
			dirtyBytes: new Map((image['dirty-bitmaps'] ?? []).flatMap(({name, count = 0}) => name === undefined ? [] : [[name, count] as const])),
			closing: [...new Set([image, ...files])].map(found => found['node-name']!).filter(name => !isOwn(name)),
		};
		return [[path, node] as const];
	})));
}

/** The arguments with the names of the nodes that these images have at this moment. Fails where QEMU has one of them not open, or more than once. */
export function withNodes(given: Record<string, unknown>, wanted: Record<string, string>, nodes: ReadonlyMap<string, ImageNode>): Result<Record<string, unknown>> {
	const missing = Object.values(wanted).find(path => !nodes.has(path));
	return missing === undefined
		? succeed({...given, ...Object.fromEntries(Object.entries(wanted).map(([key, path]) => [key, nodes.get(path)!.nodeName]))})
		: fail({kind: 'unreadable', what: 'What QEMU says of its images', reason: `${missing} is not open as one node`});
}
