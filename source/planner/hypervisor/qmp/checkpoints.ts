/**
Checkpoints of a standalone QEMU: bitmaps that its monitor makes, and records of our own in libvirt's XML format.
*/
import {posix} from 'node:path';
import type {Command, Step} from '../../../model/plan/plan.ts';
import {parseCheckpointXml} from '../../../model/xml/parse-checkpoint.ts';
import {step} from '../../steps/step.ts';
import type {Hypervisor, RecordedDisk, Site} from '../hypervisor.ts';
import {ask, factsOf} from './monitor.ts';
import {moveInto} from './records.ts';

const whenStopped = 'Recover would remove the checkpoint; the guest is not touched.';

/** QEMU makes names of nodes up anew at each start, so the node is looked up once more when the command is sent. */
function removeBitmap(site: Site, {target, path, bitmap}: RecordedDisk): Command {
	return ask(site, 'block-dirty-bitmap-remove', {node: factsOf(site).nodes.get(target)?.nodeName ?? target, name: bitmap}, {
		nodes: {node: path}, onlyIf: {kind: 'disk-records', uuid: site.uuid, target, bitmap},
	});
}

const file = (...argv: string[]): Command => ({tool: 'file', argv, files: []});
const checkpointsFolder = (site: Site) => posix.join(factsOf(site).metadataPath, 'checkpoints');

/** `record`: of bitmaps that are there, as a step. */
export function checkpointsOf(site: Site): Hypervisor['checkpoints'] & {record: (name: string, xml: string) => Step} {
	const {uuid} = site;
	const replace = (fileName: string, xml: string): Command => {
		const parsed = parseCheckpointXml(xml);
		if (!parsed.ok) {
			throw new Error('A record without a name was to be written.');
		}

		return moveInto(checkpointsFolder(site), [{path: posix.join(site.workPath, fileName, `${parsed.value.name}.xml`), text: xml}]);
	};

	const deleteMetadata = (name: string): Command => (file('rm', '-f', '--', posix.join(checkpointsFolder(site), `${name}.xml`)));
	const record = (name: string, xml: string) => step('switch', {
		id: 'checkpoint',
		title: `Record checkpoint "${name}"`,
		command: replace('checkpoint', xml),
		undo: [deleteMetadata(name)],
		whenStopped,
	});
	return {
		record,
		replace,
		deleteMetadata,
		// Grouped completion is refused for this action (QEMU 10.0 and 11.1); without it the transaction is one moment all the same.
		createRunning: ({name, recordXml, disks}) => [
			step('switch', {
				id: 'bitmaps',
				title: `Record the guest's writes to ${disks.map(({target}) => target).join(', ')}, from one moment on`,
				command: ask(site, 'transaction', {
					actions: disks.map(({target, bitmap}) => ({type: 'block-dirty-bitmap-add', data: {node: factsOf(site).nodes.get(target)?.nodeName ?? target, name: bitmap, persistent: true}})),
				}),
				undo: disks.map(disk => removeBitmap(site, disk)),
				doneWhen: {kind: 'all', of: disks.map(({target, bitmap}) => ({kind: 'disk-records', uuid, target, bitmap}))},
				failureChangesNothing: true,
				whenStopped,
			}),
			record(name, recordXml),
		],
		deleteRunning: ({id, checkpoint, disks}) => [
			step('switch', {
				id,
				title: `Delete the record of checkpoint "${checkpoint.name}"`,
				command: deleteMetadata(checkpoint.name),
				undo: [replace(`${id}-before`, checkpoint.xml)],
				doneWhen: {kind: 'checkpoint-missing', uuid, name: checkpoint.name},
			}),
			...disks.map(disk => step('remove', {
				id: `${id}-${disk.target}`,
				title: `Remove its bitmap from ${disk.target}`,
				command: removeBitmap(site, disk),
			})),
		],
		within: steps => [
			step('create', {
				id: 'checkpoints',
				title: 'Create a folder for the records of checkpoints',
				command: file('mkdir', '-p', '--', checkpointsFolder(site)),
				undo: [file('rmdir', '--ignore-fail-on-non-empty', '--', checkpointsFolder(site))],
				whenStopped,
			}),
			...steps,
			step('switch', {id: 'checkpoints-sync', title: 'Flush the records of checkpoints to disk', command: file('sync', '--', checkpointsFolder(site))}),
		],
		validates: false,
	};
}
