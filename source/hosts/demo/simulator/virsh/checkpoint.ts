/**
virsh's checkpoint commands on the demo host.
*/
import {printXml, readDisks, readWritableDisks} from '../domain-xml.ts';
import {notRunning} from '../lifecycle.ts';
import {firstOf, say} from '../program.ts';
import {takeCheckpoint} from '../snapshots.ts';
import {readChain, type DemoDomain, type DemoWorld} from '../world.ts';
import {
	child, children, mapXml, textAt, withAttributes, without, type XmlNode,
} from '../xml-node.ts';
import {onDocument, type VirshCall, type VirshCommand} from './command.ts';
import {dropMoment, listCommand, onMoment, redefineProblem} from './moments.ts';

/** What a guest writes to its first disk, and to the others, where it is busy all day. */
const bytesASecond = {first: 6 * 1024, other: 20 * 1024};
const granularity = 65_536;

/** What was written to a disk since a checkpoint. It grows as time goes by. */
export function dirtyBytes(world: DemoWorld, domain: DemoDomain, {target, checkpoint}: {target: string; checkpoint: string}): number {
	const disks = readDisks(domain.live);
	const image = world.files.get(disks.find(disk => disk.target === target)?.path ?? '');
	const seconds = Math.max(0, (world.now().getTime() / 1000) - Number(textAt(domain.checkpoints.get(checkpoint), 'creationTime')));
	const rate = disks[0]?.target === target ? bytesASecond.first : bytesASecond.other;
	return Math.min(image?.virtualSizeBytes ?? 0, Math.ceil(seconds * rate / granularity) * granularity);
}

/** A disk whose image has no such bitmap has no size. */
function withSizes(world: DemoWorld, domain: DemoDomain, xml: XmlNode): XmlNode {
	const bitmaps = new Map(readDisks(domain.live).map(({target, path = ''}) => [target, world.files.get(path)?.bitmaps]));
	const checkpoint = textAt(xml, 'name') ?? '';
	return mapXml(xml, node => {
		const {name = '', bitmap = ''} = node.attributes;
		return node.name === 'disk' && bitmaps.get(name)?.includes(bitmap) ? withAttributes(node, {size: String(dirtyBytes(world, domain, {target: name, checkpoint}))}) : node;
	});
}

/** Those that a document wants a bitmap of. */
function targetsOf(xml: XmlNode): Set<string> {
	return new Set(children(child(xml, 'disks'), 'disk').filter(({attributes}) => attributes.checkpoint !== 'no').map(({attributes}) => attributes.name ?? ''));
}

/** What is wrong with one that is to be made, in libvirt's words. */
export function newCheckpointProblem(world: DemoWorld, domain: DemoDomain, xml: XmlNode): string | undefined {
	const name = textAt(xml, 'name') ?? '';
	const targets = targetsOf(xml);
	const taken = readWritableDisks(domain.live).find(({target, path}) => targets.has(target) && world.files.get(path)?.bitmaps.includes(name));
	return firstOf(
		[domain.live === undefined, 'Operation not supported: cannot create checkpoint for inactive domain'],
		[domain.job !== undefined, 'Requested operation is not valid: another job is running on the domain'],
		[domain.checkpoints.has(name), `operation failed: domain moment ${name} already exists`],
		[taken !== undefined, `internal error: unable to execute QEMU command 'transaction': Bitmap already exists: ${name}`],
	);
}

/** As it is asked for, after the youngest that is there. */
export function makeCheckpoint(world: DemoWorld, domain: DemoDomain, xml: XmlNode): void {
	takeCheckpoint(world, domain, {
		name: textAt(xml, 'name')!, description: textAt(xml, 'description'), atMs: world.now().getTime(), parent: [...domain.checkpoints.keys()].at(-1), targets: targetsOf(xml),
	});
}

/** With its bitmaps, from every layer. */
function remove({world, domain, flags, settle}: VirshCall, xml: XmlNode, name: string) {
	const isRecordOnly = flags.has('metadata');
	const chains = readWritableDisks(domain.live).filter(({target}) => targetsOf(xml).has(target)).map(({target, path}) => ({target, files: readChain(world, path).files}));
	const lost = chains.find(({files}) => !files[0]?.bitmaps.includes(name));
	const problem = firstOf(
		[!isRecordOnly && domain.live === undefined, notRunning],
		[!isRecordOnly && lost !== undefined, `operation failed: bitmap '${name}' not found in backing chain of '${lost?.target}'`],
	);
	return settle(problem, () => {
		for (const file of isRecordOnly ? [] : chains.flatMap(({files}) => files)) {
			file.bitmaps = file.bitmaps.filter(bitmap => bitmap !== name);
		}

		dropMoment(domain.checkpoints, name);
	});
}

export const checkpointCommands: Record<string, VirshCommand> = {
	'checkpoint-list': listCommand('checkpoint'),

	'checkpoint-dumpxml': {
		options: 'domain! checkpointname! --security-info --no-domain --size',
		run: call => onMoment('checkpoint', call, xml => {
			const {world, domain, flags, refuseFirst} = call;
			const measured = flags.has('size') ? withSizes(world, domain, xml) : xml;
			return refuseFirst([flags.has('size') && !domain.live, notRunning])
				?? say(printXml(flags.has('no-domain') ? without(measured, 'domain') : measured, flags.has('security-info')));
		}),
	},

	'checkpoint-delete': {
		options: 'domain! checkpointname! --metadata',
		forbidden: 'virDomainCheckpointDelete',
		failure: 'Failed to delete checkpoint {checkpointname}',
		run: call => onMoment('checkpoint', call, (xml, name) => remove(call, xml, name)),
	},

	'checkpoint-create': {
		options: 'domain! xmlfile! --redefine --redefine-validate',
		forbidden: 'virDomainCheckpointCreateXML',
		run: call => onDocument(call, 'xmlfile', 'domaincheckpoint', xml => {
			const {world, domain, flags, settle} = call;
			const noDisks = child(xml, 'disks', 'disk') ? undefined : 'XML error: no disks in the checkpoint';
			return flags.has('redefine')
				? settle(redefineProblem('checkpoint', domain, xml) ?? noDisks, () => {
					domain.checkpoints.set(textAt(xml, 'name')!, xml);
				})
				: settle(newCheckpointProblem(world, domain, xml), () => {
					makeCheckpoint(world, domain, xml);
				});
		}),
	},
};
