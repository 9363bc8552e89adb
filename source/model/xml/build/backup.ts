/**
A `<domainbackup>` as libvirt takes it: to push disks into files, or to let others read them over NBD.
*/
import {succeed, type Result} from '../../result.ts';
import {checkText, escapeAttribute} from '../change-xml.ts';

/** `since`: the checkpoint that the changes are copied from; undefined: the whole disk. */
type CopiedDisk = {target: string; since: string | undefined};

export type PushedDisk = CopiedDisk & {path: string};

type Document = {
	mode: 'push' | 'pull';
	server?: string;
	/** Of each disk: more attributes, and its content, a line each. */
	attributes?: (target: string) => string;
	content: string[][];
	/** Every other disk of the domain, for libvirt takes those that are not named. */
	leftOut: readonly string[];
};

/** Fails with `unreadable` where a text cannot be expressed in XML. */
function buildDocument(disks: readonly CopiedDisk[], texts: readonly string[], {mode, server, attributes = () => '', content, leftOut}: Document): Result<string> {
	for (const text of [...texts, ...disks.flatMap(({target, since}) => [target, since ?? '']), ...leftOut]) {
		const checked = checkText('A name or path for the XML of a backup', text);
		if (!checked.ok) {
			return checked;
		}
	}

	return succeed([
		`<domainbackup mode='${mode}'>`,
		...(server === undefined ? [] : [`  ${server}`]),
		'  <disks>',
		...disks.flatMap(({target, since}, index) => [
			`    <disk name='${escapeAttribute(target)}' backup='yes' type='file'${attributes(target)} backupmode='${since === undefined ? 'full\'' : `incremental' incremental='${escapeAttribute(since)}'`}>`,
			...content[index]!.map(line => `      ${line}`),
			'    </disk>',
		]),
		...leftOut.map(target => `    <disk name='${escapeAttribute(target)}' backup='no'/>`),
		'  </disks>',
		'</domainbackup>',
		'',
	].join('\n'));
}

const driver = '<driver type=\'qcow2\'/>';

/** Fails with `unreadable`. */
export const buildBackupXml = (disks: readonly PushedDisk[], leftOut: readonly string[]): Result<string> => buildDocument(disks, disks.map(({path}) => path), {
	mode: 'push', content: disks.map(({path}) => [`<target file='${escapeAttribute(path)}'/>`, driver]), leftOut,
});

/** `scratchPath`: what the guest writes over is kept there while the export lasts. */
type ExportedDisk = CopiedDisk & {scratchPath: string};

/** For whoever connects to the socket. Fails with `unreadable`. */
export const buildExportXml = (socketPath: string, disks: readonly ExportedDisk[], leftOut: readonly string[]): Result<string> => buildDocument(disks, [socketPath, ...disks.map(({scratchPath}) => scratchPath)], {
	mode: 'pull',
	server: `<server transport='unix' socket='${escapeAttribute(socketPath)}'/>`,
	attributes: target => ` exportname='${escapeAttribute(target)}'`,
	content: disks.map(({scratchPath}) => [driver, `<scratch file='${escapeAttribute(scratchPath)}'/>`]),
	leftOut,
});
