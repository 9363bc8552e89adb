import path from 'node:path';
import test from 'ava';
import {certain} from '../../../../source/model/images/image-users.ts';
import {openDemo} from '../../../helpers/demo.ts';
import {unwrap} from '../../../helpers/unwrap.ts';
import {headDisks} from '../../../../source/model/domain/domain.ts';
import {pinsOfDomain} from '../../../../source/model/images/pins.ts';
import {type DemoDomain, addFile} from '../../../../source/hosts/demo/simulator/world.ts';
import {
	child, element, mapXml, textAt, type XmlNode,
} from '../../../../source/hosts/demo/simulator/xml-node.ts';

/** As a disk of another type; every `<disk>` is changed. */
function withDisks(domain: XmlNode, type: string, source: (path: string) => XmlNode | undefined): XmlNode {
	return mapXml(domain, node => node.name === 'disk'
		? {
			...node,
			attributes: {...node.attributes, type},
			children: [...node.children.filter(({name}) => name !== 'source'), source(child(node, 'source')?.attributes.file ?? '')].filter(part => part !== undefined),
		}
		: node);
}

const asVolume = (pool: string) => (file: string) => element('source', {pool, volume: path.posix.basename(file)});

/** The demo host; `clone` is off and has a snapshot, and one disk, an overlay on a file that nobody else names. */
function openScene() {
	const demo = openDemo();
	const clone = demo.named('staging-web');
	const base = '/templates/base.qcow2';
	demo.world.folders.add('/templates');
	addFile(demo.world, {path: base});
	return {
		demo, clone, base, host: demo.host,
	};
}

async function headOf({host, clone}: {host: ReturnType<typeof openScene>['host']; clone: DemoDomain}): Promise<string> {
	return headDisks(unwrap(await host.readDetails(clone.uuid, {withForeignPins: false})).domain)[0]!.sourcePath!;
}

test('a disk that is a volume of a pool holds its file and what that stands on, in this domain and in others', async t => {
	const {demo, clone, base, host} = openScene();
	const head = await headOf({host, clone});
	demo.world.pools.set('p\' q', path.posix.dirname(head));
	demo.world.files.get(head)!.backing = {name: base, format: 'qcow2'};
	clone.definition = withDisks(clone.definition, 'volume', asVolume('p\' q'));
	for (const [name, record] of clone.snapshots) {
		clone.snapshots.set(name, withDisks(record, 'volume', asVolume('p\' q')));
	}

	const own = unwrap(await host.readDetails(clone.uuid, {withForeignPins: false}));
	t.like(own.domain.definition.disks[0], {sourceType: 'volume', sourcePath: head});
	t.true(pinsOfDomain(own.domain, []).some(pin => pin.path === head && pin.hold === 'head'));
	t.true(own.snapshots.some(snapshot => snapshot.domain?.disks[0]?.sourcePath !== undefined));
	t.true(own.images.some(image => image.path === base));
	t.deepEqual(own.unreadable, []);
	const other = unwrap(await host.readDetails([...demo.world.domains.keys()].find(uuid => uuid !== clone.uuid)!, {withForeignPins: true}));
	t.true(other.foreignPins.some(pin => pin.path === head && pin.domainUuid === clone.uuid));
	t.false(other.unreadable.some(({name}) => name === clone.name));
	t.deepEqual(unwrap(await host.readImageUsers(base)), [certain(`the image ${head}, which is backed by it`)]);
});

test('a volume that libvirt does not find, or a source of a type that is not known, makes its domain a possible user of every image', async t => {
	const sources: Array<[string, (file: string) => XmlNode]> = [
		['volume', asVolume('gone')],
		['hologram', () => element('source', {path: '/templates'})],
	];
	for (const [type, source] of sources) {
		const {demo, clone, base, host} = openScene();
		clone.definition = withDisks(clone.definition, type, source);
		const other = [...demo.world.domains.keys()].find(uuid => uuid !== clone.uuid)!;
		t.true(unwrap(await host.readDetails(other, {withForeignPins: true})).unreadableOthers.some(({name}) => name === clone.name), type);
		t.true(unwrap(await host.readDetails(clone.uuid, {withForeignPins: false})).unreadable.some(({name}) => name === clone.name), type);
		t.true(unwrap(await host.readImageUsers(base)).some(({label}) => label.startsWith(`perhaps the domain ${textAt(clone.definition, 'name')!}, which cannot be read: `)), type);
	}
});

test('a network disk, an empty drive, a socket, a folder, a PCI device and a volume of a pool in the network are no users of files', async t => {
	const sources: Array<[string, (file: string) => XmlNode | undefined]> = [
		['volume', asVolume('ceph')],
		['vhostuser', () => element('source', {type: 'unix', path: '/run/socket'})],
		['dir', () => element('source', {dir: '/templates'})],
		['nvme', () => element('source', {type: 'pci', managed: 'yes', namespace: '1'})],
		['network', () => element('source', {protocol: 'rbd', name: 'pool/volume'})],
		['file', () => undefined],
		['block', () => element('source', {startupPolicy: 'optional'})],
	];
	for (const [type, source] of sources) {
		const {demo, clone, base, host} = openScene();
		const head = await headOf({host, clone});
		demo.world.pools.set('ceph', 'rbd');
		addFile(demo.world, {path: `rbd/${path.posix.basename(head)}`});
		clone.definition = withDisks(clone.definition, type, source);
		t.deepEqual(unwrap(await host.readImageUsers(base)), [], type);
	}
});
