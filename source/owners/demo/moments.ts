/**
What snapshots and checkpoints have in common as records (libvirt calls both moments): names, parents, and who inherits when one is dropped.
*/
import {say, virshError, type Answer} from './answer.ts';
import {child, textAt, type XmlNode} from './xml-node.ts';

/** Records by name. */
export type Moments = Map<string, XmlNode>;

export type MomentKind = 'snapshot' | 'checkpoint';

export function listMoments(moments: Moments): Answer {
	return say([...moments.keys()].sort().map(name => `${name}\n`).join(''));
}

export function onMoment(kind: MomentKind, moments: Moments, name: string, act: (xml: XmlNode) => Answer): Answer {
	const xml = moments.get(name);
	return xml ? act(xml) : virshError(`Domain ${kind} not found: no domain ${kind} with matching name '${name}'`);
}

export function parentOf(xml: XmlNode | undefined): string | undefined {
	return xml && textAt(xml, 'parent', 'name');
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
			moments.set(other, {...xml, children: xml.children.flatMap(part => part.name === 'parent' ? (parent ? [parent] : []) : [part])});
		}
	}
}

/** What is wrong with a record that is given to be redefined, in libvirt's words. */
export function redefineProblem(kind: MomentKind, moments: Moments, xml: XmlNode): string | undefined {
	const name = textAt(xml, 'name');
	const parent = parentOf(xml);
	if (name === undefined || name === '') {
		return `XML error: a redefined ${kind} must have a name`;
	}

	if (textAt(xml, 'creationTime') === undefined) {
		return `XML error: missing creationTime from existing ${kind}`;
	}

	for (let above = parent; above !== undefined; above = parentOf(moments.get(above))) {
		if (above === name) {
			return `invalid argument: parent ${parent} would create cycle to ${name}`;
		}

		if (!moments.has(above)) {
			return `invalid argument: parent ${above} for ${kind} ${name} not found`;
		}
	}

	return undefined;
}
