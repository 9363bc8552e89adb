/**
A `<domainbackup>` as libvirt takes it to push disks into files.
*/
import {succeed, type Result} from '../result.ts';
import {checkText, escapeAttribute} from './change-xml.ts';

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
