/**
A backup by libvirt: it pushes the disks of a running domain into images that were made beforehand. Handed such a target, libvirt leaves its header alone, so that no
incremental names the live disk as its backing file.
*/
import {mapResult, type Result} from '../../../model/result.ts';
import type {Command, Probe, Step} from '../../../model/plan/plan.ts';
import {headDisks} from '../../../model/domain/domain.ts';
import {formatBytes} from '../../../model/text/format.ts';
import {buildBackupXml} from '../../../model/xml/build/backup.ts';
import {step} from '../../steps/step.ts';
import type {PlanContext, Backup} from '../hypervisor.ts';
import {requireAgent} from './agent.ts';
import {onDomain, virsh} from './virsh.ts';

const whenStopped = 'Recover would end the backup and remove its files; the guest is not touched.';

/** A backup begins without a limit; its jobs are those of the disks, and take one like other block jobs (9.0, 11.3, 12.8). */
function limitSteps(context: PlanContext, {disks, rateBytes}: Backup): Step[] {
	return rateBytes === undefined
		? []
		: disks.map(({target}) => step('create', {
			id: `limit-${target}`,
			title: `Limit the copy of ${target} to ${formatBytes(rateBytes)} a second`,
			command: {...onDomain(context, 'blockjob', '--path', target, '--bandwidth', String(rateBytes), '--bytes'), until: {kind: 'disk-job'}},
			whenStopped,
		}));
}

export function backupRunning(context: PlanContext, backup: Backup): Result<Step[]> {
	const {uuid, workPath, inventory: {details}} = context;
	const {disks, checkpoint, isQuiesced} = backup;
	if (isQuiesced) {
		requireAgent(context);
	}

	const named = new Set(disks.map(({target}) => target));
	const leftOut = headDisks(details.domain).filter(({target, sourcePath}) => !named.has(target) && sourcePath !== undefined).map(({target}) => target);
	return mapResult(buildBackupXml(disks.map(({target, path, since}) => ({target, path, since: since && backup.since})), leftOut), xml => {
		const files = [{path: `${workPath}/backup.xml`, text: xml}, ...(checkpoint === undefined ? [] : [{path: `${workPath}/checkpoint.xml`, text: checkpoint.requestXml}])];
		const atWork = {kind: 'backup-active', uuid} as const;
		const abort = onDomain(context, 'domjobabort');
		const exists: Probe = {kind: 'checkpoint-exists', uuid, name: checkpoint?.name ?? ''};
		const deleteRecord = onDomain(context, 'checkpoint-delete', '--checkpointname', checkpoint?.name ?? '');
		return [
			...(isQuiesced
				? [step('create', {
					id: 'freeze',
					title: 'Freeze the guest\'s file systems',
					command: onDomain(context, 'domfsfreeze'),
					undo: [{...onDomain(context, 'domfsthaw'), onlyIf: {kind: 'domain-active', uuid}}],
					whenStopped: 'Recover would thaw the guest\'s file systems.',
				})]
				: []),
			step('create', {
				id: 'backup',
				title: `Begin the backup${checkpoint === undefined ? '' : `, and checkpoint "${checkpoint.name}" at the same moment`}`,
				command: virsh(context, ['backup-begin', '--domain', uuid, '--backupxml', files[0]!.path, ...(checkpoint === undefined ? [] : ['--checkpointxml', files[1]!.path]), '--reuse-external'], files),
				undo: [
					{...abort, onlyIf: atWork},
					// Where QEMU has gone its new bitmaps, which were in its memory alone, have gone with it.
					...(checkpoint === undefined
						? []
						: [{...deleteRecord, onlyIf: {kind: 'all', of: [exists, {kind: 'domain-active', uuid}]}}, {...deleteRecord, argv: [...deleteRecord.argv, '--metadata'], onlyIf: exists}] satisfies Command[]),
				],
				whenStopped,
			}),
			...(isQuiesced ? [step('create', {id: 'thaw', title: 'Thaw the guest\'s file systems', command: onDomain(context, 'domfsthaw'), whenStopped})] : []),
			...limitSteps(context, backup),
			step('create', {
				id: 'copy',
				title: `Copy ${disks.map(({target}) => target).join(', ')}`,
				command: {...onDomain(context, 'domjobinfo'), until: {kind: 'backup', uuid}},
				progress: {kind: 'domain-job', uuid},
				copyBytes: disks.reduce((sum, {atMostBytes}) => sum + atMostBytes, 0),
				cancel: [{...abort, onlyIf: atWork}],
				timeoutMs: 7 * 24 * 3_600_000,
				whenStopped,
			}),
		];
	});
}
