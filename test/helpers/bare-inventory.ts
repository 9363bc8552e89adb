/** An inventory for planners: a bare QEMU that runs, with what its monitor tells of its nodes. */
import type {BareFacts, ImageNode, Inventory} from '../../source/model/domain/inventory.ts';
import {threeSnapshots} from './inventory.ts';

const suffixes = ['qcow2', 's1', 's2', 's3'];

/** Both disks and s1 → s2 → s3 in a QEMU that runs; the node of /d/vda.s2 is "n-vda.s2". `fat`: the images with this suffix hold more than the others. */
export function bareQemu(more: {fat?: string; state?: 'running' | 'paused'; bare?: Partial<BareFacts>; nodes?: Record<string, Partial<ImageNode> | undefined>} = {}): Inventory {
	const world = threeSnapshots({state: more.state ?? 'running'});
	for (const image of world.details.images.filter(({path}) => more.fat !== undefined && path.endsWith(`.${more.fat}`))) {
		image.allocatedBytes = 1024 ** 3 / 4;
	}

	const names = ['vda', 'vdb'].flatMap(disk => suffixes.map(suffix => `${disk}.${suffix}`));
	const imageNodes = new Map<string, ImageNode>(names.flatMap((name): Array<[string, ImageNode]> => {
		const special = more.nodes?.[name];
		return more.nodes !== undefined && name in more.nodes && special === undefined
			? []
			: [[`/d/${name}`, {nodeName: `n-${name}`, bitmaps: [], closing: [], ...special}]];
	}));
	return {
		...world,
		liveXml: world.definitionXml,
		host: {...world.host, hypervisor: 'qemu', libvirtVersion: 0},
		bare: {
			socketPath: '/run/q.sock',
			metadataPath: '/m/web',
			argv: ['qemu-system-x86_64'],
			isRecorded: true,
			nodes: new Map(['vda', 'vdb'].map(disk => [disk, {nodeName: `n-${disk}.s3`, isNamedByPerson: false, device: disk, bitmaps: []}])),
			commands: new Set(['block-commit', 'block-stream']),
			imageNodes,
			startImages: ['/d/vda.qcow2', '/d/vdb.qcow2'],
			...more.bare,
		},
	};
}
