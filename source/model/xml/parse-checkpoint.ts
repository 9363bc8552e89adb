/**
A `<domaincheckpoint>` as libvirt writes it.
*/
import type {Checkpoint, CheckpointDisk} from '../domain/snapshot.ts';
import {fail, succeed, type Result} from '../result.ts';
import {
	attributeOf, childOf, childrenOf, readXml, textOf, type XmlNode,
} from './read-xml.ts';

function parseDisk(node: XmlNode, checkpoint: string): CheckpointDisk {
	const size = attributeOf(node, 'size');
	return {
		target: attributeOf(node, 'name') ?? '',
		// A bitmap without a name of its own bears the name of its checkpoint.
		bitmap: attributeOf(node, 'checkpoint') === 'no' ? undefined : attributeOf(node, 'bitmap') ?? checkpoint,
		...(size !== undefined && {sizeBytes: Number(size)}),
	};
}

/** Fails with `unreadable`. */
export function parseCheckpointXml(xml: string): Result<Checkpoint> {
	const root = readXml(xml, 'The XML of a checkpoint', ['domaincheckpoint']);
	if (!root.ok) {
		return root;
	}

	const name = textOf(childOf(root.value, 'name'));
	if (name === undefined || name === '') {
		return fail({kind: 'unreadable', what: 'The XML of a checkpoint', reason: 'it has no <name>'});
	}

	return succeed({
		name,
		description: textOf(childOf(root.value, 'description')),
		parent: textOf(childOf(root.value, 'parent', 'name')),
		createdAt: Number(textOf(childOf(root.value, 'creationTime')) ?? 0),
		disks: childrenOf(childOf(root.value, 'disks'), 'disk').map(node => parseDisk(node, name)),
		xml,
	});
}
