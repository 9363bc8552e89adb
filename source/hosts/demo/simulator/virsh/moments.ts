/**
What snapshots and checkpoints have in common as records (libvirt calls both moments): names, parents, and who inherits when one is dropped.
*/
import {readDisks, type DiskPlace} from '../domain-xml.ts';
import {firstOf, say, type Answer} from '../program.ts';
import type {DemoDomain} from '../world.ts';
import {child, children, mapChildren, textAt, type XmlNode} from '../xml-node.ts';
import {virshError, type VirshCall, type VirshCommand} from './command.ts';

/** Records by name. */
type Moments = Map<string, XmlNode>;

type MomentKind = 'snapshot' | 'checkpoint';

function momentsOf(kind: MomentKind, domain: DemoDomain): Moments {
	return kind === 'snapshot' ? domain.snapshots : domain.checkpoints;
}

export function listCommand(kind: MomentKind): VirshCommand {
	return {
		options: 'domain! --name',
		run: ({domain}) => say([...momentsOf(kind, domain).keys()].sort().map(name => `${name}\n`).join('')),
	};
}

/** Acts on the record that is named, or else on the current one. */
export function onMoment(kind: MomentKind, {values, domain}: VirshCall, act: (xml: XmlNode, name: string) => Answer): Answer {
	const name = values.get(`${kind}name`) ?? domain.currentSnapshot ?? '';
	const xml = momentsOf(kind, domain).get(name);
	return xml ? act(xml, name) : virshError(`Domain ${kind} not found: no domain ${kind} with matching name '${name}'`);
}

export function parentOf(xml: XmlNode | undefined): string | undefined {
	return textAt(xml, 'parent', 'name');
}

/** The disks of the domain as a snapshot froze it: those that it keeps inside their images, or outside. */
export function frozenBy(record: XmlNode, mode: 'internal' | 'external'): DiskPlace[] {
	const kept = new Set(children(child(record, 'disks'), 'disk').filter(disk => disk.attributes.snapshot === mode).map(({attributes}) => attributes.name));
	return readDisks(child(record, 'domain')).filter(({target}) => kept.has(target));
}

/** All that come after it, parents first; without itself. */
export function descendantsOf(moments: Moments, name: string): string[] {
	const children = [...moments].filter(([, xml]) => parentOf(xml) === name).map(([other]) => other);
	return children.flatMap(other => [other, ...descendantsOf(moments, other)]);
}

/** Its children get its parent. */
export function dropMoment(moments: Moments, name: string): void {
	const parent = child(moments.get(name), 'parent');
	moments.delete(name);
	for (const [other, xml] of moments) {
		if (parentOf(xml) === name) {
			moments.set(other, mapChildren(xml, part => part.name === 'parent' ? parent ?? [] : part));
		}
	}
}

/** What is wrong with a record that is given to be redefined, in libvirt's words. */
export function redefineProblem(kind: MomentKind, domain: DemoDomain, xml: XmlNode): string | undefined {
	const moments = momentsOf(kind, domain);
	const name = textAt(xml, 'name') ?? '';
	const above: string[] = [];
	for (let parent = parentOf(xml); parent !== undefined && !above.includes(name); parent = parentOf(moments.get(parent))) {
		above.push(parent);
	}

	const lost = above.find(parent => !moments.has(parent));
	return firstOf(
		[name === '', `XML error: a redefined ${kind} must have a name`],
		[textAt(xml, 'creationTime') === undefined, `XML error: missing creationTime from existing ${kind}`],
		[above.includes(name), `invalid argument: parent ${above[0]} would create cycle to ${name}`],
		[lost !== undefined, `invalid argument: parent ${lost} for ${kind} ${name} not found`],
	);
}
