/**
An export by libvirt: a backup in pull mode.
*/
import {mapResult} from '../../../model/result.ts';
import {buildExportXml} from '../../../model/xml/build/backup.ts';
import type {Hypervisor} from '../hypervisor.ts';
import {onDomain, virsh} from './virsh.ts';

export const exportsByLibvirt: Hypervisor['exports'] = {
	begin: (context, {disks, leftOut, socketPath, since, checkpoint}) =>
		mapResult(buildExportXml(socketPath, disks.map(disk => ({...disk, since: disk.since && since})), leftOut), xml => {
			const {workPath, uuid} = context;
			const files = [{path: `${workPath}/export.xml`, text: xml}, ...(checkpoint === undefined ? [] : [{path: `${workPath}/checkpoint.xml`, text: checkpoint.requestXml}])];
			return [{
				command: virsh(context, ['backup-begin', '--domain', uuid, '--backupxml', files[0]!.path, ...(checkpoint === undefined ? [] : ['--checkpointxml', files[1]!.path])], files),
				end: [onDomain(context, 'domjobabort')],
			}];
		}),
	bitmapOf: target => `backup-${target}`,
};
