/**
A `<volume>` as libvirt takes it to make a new image in a pool that is a folder.
*/
import type {Layout} from '../../images/image.ts';
import {
	allOf, mapResult, succeed, type Result,
} from '../../result.ts';
import {checkText, escapeAttribute, escapeText} from '../change-xml.ts';

export type NewVolume = {
	name: string;
	sizeBytes: number;
	/** Undefined: it stands alone. */
	backing: {path: string; format: string} | undefined;
	layout: Layout;
	mode: number;
	/** Undefined: that of libvirt's daemon. */
	owner: {uid: number; gid: number} | undefined;
};

/** Fails with `unreadable` where a name cannot be expressed in XML. */
export function buildVolume({name, sizeBytes, backing, layout, mode, owner}: NewVolume): Result<string> {
	return mapResult(allOf([name, backing?.path ?? '', backing?.format ?? ''].map(text => mapResult(checkText('The name of an image', text), () => succeed(text)))), () => [
		'<volume>',
		`  <name>${escapeText(name)}</name>`,
		`  <capacity unit='bytes'>${sizeBytes}</capacity>`,
		'  <target>',
		'    <format type=\'qcow2\'/>',
		'    <permissions>',
		`      <mode>${mode.toString(8).padStart(4, '0')}</mode>`,
		...(owner === undefined ? [] : [`      <owner>${owner.uid}</owner>`, `      <group>${owner.gid}</group>`]),
		'    </permissions>',
		'    <compat>1.1</compat>',
		...(layout.clusterSizeBytes === undefined ? [] : [`    <clusterSize unit='B'>${layout.clusterSizeBytes}</clusterSize>`]),
		...(layout.hasSubclusters ? ['    <features><extended_l2/></features>'] : []),
		'  </target>',
		...(backing === undefined ? [] : ['  <backingStore>', `    <path>${escapeText(backing.path)}</path>`, `    <format type='${escapeAttribute(backing.format)}'/>`, '  </backingStore>']),
		'</volume>',
		'',
	].join('\n'));
}
