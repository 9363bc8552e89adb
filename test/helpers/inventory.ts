/**
An inventory for planners: a domain with disks in /d and external snapshots taken one after the other, as libvirt would record them.
*/
import type {DomainDefinition, DomainState} from '../../source/model/domain/domain.ts';
import type {Image} from '../../source/model/images/image.ts';
import type {Inventory} from '../../source/model/domain/inventory.ts';
import type {Pin} from '../../source/model/images/pin.ts';
import type {Checkpoint, Snapshot} from '../../source/model/domain/snapshot.ts';
import {parseDomainXml} from '../../source/model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../source/model/xml/parse-snapshot.ts';
import {unwrap} from './unwrap.ts';
import {image} from './images.ts';

export const uuid = '6f7e0f5a-3c1d-4f0e-9a55-0d4b8f8f0001';
export const now = new Date('2026-11-21T10:00:00Z');

type Sources = Record<string, string>;

export function domainXml(sources: Sources, more = ''): string {
	const disks = Object.entries(sources).map(([target, path]) =>
		`<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${path}'/><target dev='${target}' bus='virtio'/></disk>`);
	return `<domain type='kvm'><name>web</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory>`
		+ `<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>${disks.join('')}${more}</devices></domain>`;
}

export type SnapshotRecipe = {
	name: string;
	parent?: string;
	frozen: Sources;
	overlays: Sources;
	state?: string;
	memory?: string;
	modes?: Record<string, 'no' | 'internal' | 'external'>;
	revertDisks?: Sources;
	more?: string;
};

export function snapshot(recipe: SnapshotRecipe, index = 0): Snapshot {
	const disk = ([target, path]: [string, string]) =>
		`<disk name='${target}' snapshot='${recipe.modes?.[target] ?? 'external'}' type='file'><driver type='qcow2'/><source file='${path}'/></disk>`;
	const plain = (target: string) => `<disk name='${target}' snapshot='${recipe.modes?.[target] ?? 'external'}'/>`;
	const disks = Object.keys(recipe.frozen).map(target => recipe.overlays[target] === undefined ? plain(target) : disk([target, recipe.overlays[target]]));
	return unwrap(parseSnapshotXml(`<domainsnapshot><name>${recipe.name}</name><state>${recipe.state ?? 'disk-snapshot'}</state>`
		+ (recipe.parent === undefined ? '' : `<parent><name>${recipe.parent}</name></parent>`)
		+ `<creationTime>${1_790_000_000 + (index * 86_400)}</creationTime>`
		+ (recipe.memory === undefined ? '<memory snapshot=\'no\'/>' : `<memory snapshot='external' file='${recipe.memory}'/>`)
		+ `<disks>${disks.join('')}</disks>`
		+ (recipe.revertDisks === undefined ? '' : `<revertDisks>${Object.entries(recipe.revertDisks).map(entry => disk(entry)).join('')}</revertDisks>`)
		+ `${domainXml(recipe.frozen, recipe.more)}</domainsnapshot>`, {isCurrent: false}));
}

export type Scene = {
	state?: DomainState;
	heads: Sources;
	snapshots: SnapshotRecipe[];
	current?: string;
	images: Image[];
	foreignPins?: Pin[];
	checkpoints?: Checkpoint[];
	libvirtVersion?: number;
	more?: string;
};

export function inventory(scene: Scene): Inventory {
	const xml = domainXml(scene.heads, scene.more);
	const definition: DomainDefinition = unwrap(parseDomainXml(xml));
	const state = scene.state ?? 'shutoff';
	return {
		host: {hypervisor: 'libvirt', uri: 'qemu:///system', hostname: 'host', libvirtVersion: scene.libvirtVersion ?? 9_000_000, hypervisorVersion: 7_002_000, isReadOnly: false},
		details: {
			domain: {
				uuid,
				name: 'web',
				state,
				isPersistent: true,
				hasManagedSave: false,
				definition,
				liveDefinition: state === 'running' || state === 'paused' ? definition : undefined,
			},
			snapshots: scene.snapshots.map((recipe, index) => ({...snapshot(recipe, index), isCurrent: recipe.name === scene.current})),
			currentSnapshot: scene.current,
			checkpoints: scene.checkpoints ?? [],
			images: scene.images,
			foreignPins: scene.foreignPins ?? [],
			unreadable: [],
			unreadableOthers: [],
		},
		definitionXml: xml,
		liveXml: undefined,
		folders: new Map([['/d', {path: '/d', isWritable: true, freeBytes: 1024 ** 3, device: '1', names: new Set(scene.images.map(({path}) => path.slice(3)))}]]),
		memoryFiles: new Map(),
		jobs: [],
		nvramPath: undefined,
		nvramFiles: new Map(),
	};
}

/** Two disks and s1 → s2 → s3, the head on s3's overlays. */
export function threeSnapshots(more: Partial<Scene> = {}): Inventory {
	const at = (suffix: string): Sources => ({vda: `/d/vda.${suffix}`, vdb: `/d/vdb.${suffix}`});
	return inventory({
		heads: at('s3'),
		current: 's3',
		snapshots: [
			{name: 's1', frozen: at('qcow2'), overlays: at('s1')},
			{name: 's2', parent: 's1', frozen: at('s1'), overlays: at('s2')},
			{name: 's3', parent: 's2', frozen: at('s2'), overlays: at('s3')},
		],
		images: ['vda', 'vdb'].flatMap(disk => [
			image(`/d/${disk}.qcow2`),
			image(`/d/${disk}.s1`, `/d/${disk}.qcow2`),
			image(`/d/${disk}.s2`, `/d/${disk}.s1`),
			image(`/d/${disk}.s3`, `/d/${disk}.s2`),
		]),
		...more,
	});
}
