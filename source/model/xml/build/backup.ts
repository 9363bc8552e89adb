/**
A `<domainbackup>` as libvirt takes it: to push disks into files, or to let others read them over NBD.
*/
import {succeed, type Result} from '../../result.ts';
import {checkText, escapeAttribute} from '../change-xml.ts';

/** `since`: the checkpoint that the changes are copied from; undefined: the whole disk. */
export type PushedDisk = {target: string; path: string; since: string | undefined};

/** `leftOut`: every other disk of the domain, for libvirt takes those that are not named. Fails with `unreadable` where a text cannot be expressed in XML. */
export function buildBackupXml(disks: readonly PushedDisk[], leftOut: readonly string[]): Result<string> {
	for (const text of [...disks.flatMap(({target, path, since}) => [target, path, since ?? '']), ...leftOut]) {
		const checked = checkText('A name or path for the XML of a backup', text);
		if (!checked.ok) {
			return checked;
		}
	}

	return succeed([
		'<domainbackup mode=\'push\'>',
		'  <disks>',
		...disks.map(({target, path, since}) => [
			`    <disk name='${escapeAttribute(target)}' backup='yes' type='file' backupmode='${since === undefined ? 'full\'' : `incremental' incremental='${escapeAttribute(since)}'`}>`,
			`      <target file='${escapeAttribute(path)}'/>`,
			'      <driver type=\'qcow2\'/>',
			'    </disk>',
		].join('\n')),
		...leftOut.map(target => `    <disk name='${escapeAttribute(target)}' backup='no'/>`),
		'  </disks>',
		'</domainbackup>',
		'',
	].join('\n'));
}

/** `scratchPath`: what the guest writes over is kept there while the export lasts. */
export type ExportedDisk = {target: string; scratchPath: string; since: string | undefined};

/** As above, for whoever connects to the socket. */
export function buildExportXml(socketPath: string, disks: readonly ExportedDisk[], leftOut: readonly string[]): Result<string> {
	for (const text of [socketPath, ...disks.flatMap(({target, scratchPath, since}) => [target, scratchPath, since ?? '']), ...leftOut]) {
		const checked = checkText('A name or path for the XML of a backup', text);
		if (!checked.ok) {
			return checked;
		}
	}

	return succeed([
		'<domainbackup mode=\'pull\'>',
		`  <server transport='unix' socket='${escapeAttribute(socketPath)}'/>`,
		'  <disks>',
		...disks.map(({target, scratchPath, since}) => [
			`    <disk name='${escapeAttribute(target)}' backup='yes' type='file' exportname='${escapeAttribute(target)}' backupmode='${since === undefined ? 'full\'' : `incremental' incremental='${escapeAttribute(since)}'`}>`,
			'      <driver type=\'qcow2\'/>',
			`      <scratch file='${escapeAttribute(scratchPath)}'/>`,
			'    </disk>',
		].join('\n')),
		...leftOut.map(target => `    <disk name='${escapeAttribute(target)}' backup='no'/>`),
		'  </disks>',
		'</domainbackup>',
		'',
	].join('\n'));
}
