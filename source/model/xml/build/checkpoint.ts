/**
A `<domaincheckpoint>`: to have one made, or, with its time and parent, to have it recorded.
*/
import {allOf, succeed, type Result} from '../../result.ts';
import {checkText, escapeAttribute, escapeText} from '../change-xml.ts';

export type NewCheckpoint = {
	name: string;
	description: string | undefined;
	/** Of a record; Unix seconds. */
	recorded?: {parent: string | undefined; createdAt: number};
	/** All disks of the domain; `bitmap` undefined: it is left out. */
	disks: Array<{target: string; bitmap: string | undefined}>;
};

/** Fails with `unreadable` where a text cannot be expressed in XML. */
export function buildCheckpointXml({name, description, recorded, disks}: NewCheckpoint): Result<string> {
	const checked = allOf([name, description ?? '', ...disks.flatMap(({target, bitmap}) => [target, bitmap ?? ''])].map(text => checkText('A name or description for the XML of a checkpoint', text)));
	if (!checked.ok) {
		return checked;
	}

	return succeed([
		'<domaincheckpoint>',
		`  <name>${escapeText(name)}</name>`,
		...(description === undefined ? [] : [`  <description>${escapeText(description)}</description>`]),
		...(recorded?.parent === undefined ? [] : [`  <parent>\n    <name>${escapeText(recorded.parent)}</name>\n  </parent>`]),
		...(recorded === undefined ? [] : [`  <creationTime>${recorded.createdAt}</creationTime>`]),
		'  <disks>',
		...disks.map(({target, bitmap}) => `    <disk name='${escapeAttribute(target)}' checkpoint='${bitmap === undefined ? 'no' : 'bitmap'}'${bitmap === undefined ? '' : ` bitmap='${escapeAttribute(bitmap)}'`}/>`),
		'  </disks>',
		'</domaincheckpoint>',
		'',
	].join('\n'));
}
