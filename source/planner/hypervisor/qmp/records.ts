/**
The records of a standalone QEMU: files of our own, in libvirt's XML format. A new one is written elsewhere and moved to its place, so that no crash leaves
half of one. All commands can be run again.
*/
import {posix} from 'node:path';
import {digest} from '../../../model/plan/fingerprint.ts';
import type {Command, CommandFile, Plan, Step} from '../../../model/plan/plan.ts';
import {parseSnapshotXml} from '../../../model/xml/parse-snapshot.ts';
import {step} from '../../steps/step.ts';
import type {Hypervisor, Site} from '../hypervisor.ts';
import {factsOf} from './monitor.ts';

const file = (...argv: string[]): Command => ({tool: 'file', argv, files: []});

/** Over what is there, at one moment. */
export function moveInto(folder: string, files: CommandFile[]): Command {
	return {tool: 'file', argv: ['mv', '-f', '-t', folder, '--', ...files.map(({path}) => path)], files};
}

const snapshotsFolder = (site: Site) => posix.join(factsOf(site).metadataPath, 'snapshots');

export function define(site: Site, fileName: string, xml: string): Command {
	return moveInto(factsOf(site).metadataPath, [{path: posix.join(site.workPath, fileName, 'domain.xml'), text: xml}]);
}

export function recordsOf(site: Site): Hypervisor['records'] {
	return {
		replace({fileName, xml, makeCurrent}) {
			const parsed = parseSnapshotXml(xml);
			if (!parsed.ok) {
				throw new Error('A record without a name was to be written.');
			}

			const {name} = parsed.value;
			const folder = posix.join(site.workPath, fileName);
			return moveInto(snapshotsFolder(site), [
				{path: posix.join(folder, `${name}.xml`), text: xml},
				...(makeCurrent ? [{path: posix.join(folder, 'current'), text: name}] : []),
			]);
		},
		makeCurrent: name => moveInto(snapshotsFolder(site), [{path: posix.join(site.workPath, `current-${digest(name)}`, 'current'), text: name}]),
		deleteMetadata: name => file('rm', '-f', '--', posix.join(snapshotsFolder(site), `${name}.xml`)),
	};
}

/** The folders for records of those kinds. */
export const recordFolders = (site: Site, kinds: readonly string[]): Command[] => [
	file('mkdir', '-p', '--', ...['snapshots', ...kinds].map(kind => posix.join(factsOf(site).metadataPath, kind))),
	...(factsOf(site).isRecorded ? [] : [define(site, 'definition-first', site.inventory.definitionXml)]),
];

/**
The folder of the records, the domain recorded before anything changes (so that it is known while it is off), and the records on disk before anything is
removed.
*/
export function withRecords(site: Site, plan: Plan): Plan {
	const {metadataPath, isRecorded} = factsOf(site);
	const snapshots = snapshotsFolder(site);
	const whenStopped = 'Only the record of the domain has been created.';
	const before: Step[] = [step('create', {
		id: 'records',
		title: 'Create a folder for the records of the domain',
		command: file('mkdir', '-p', '--', snapshots),
		undo: [file('rmdir', '--ignore-fail-on-non-empty', '--', snapshots, metadataPath)],
		whenStopped,
	})];
	if (!isRecorded) {
		before.push(step('create', {
			id: 'record',
			title: 'Record the current state of the domain',
			command: define(site, 'definition-first', site.inventory.definitionXml),
			undo: [file('rm', '-f', '--', posix.join(metadataPath, 'domain.xml'))],
			whenStopped,
		}));
	}

	const synced = step('switch', {
		id: 'records-sync',
		title: 'Flush the records to disk',
		command: file('sync', '--', snapshots, metadataPath),
		whenStopped: 'Recover would finish the rest; the domain is on its new disks.',
	});
	const {steps} = plan;
	const [changeAt, removalAt] = [steps.findIndex(({phase}) => phase !== 'check'), steps.findIndex(({phase}) => phase === 'remove')].map(at => at === -1 ? steps.length : at) as [number, number];
	return {...plan, steps: [...steps.slice(0, changeAt), ...before, ...steps.slice(changeAt, removalAt), synced, ...steps.slice(removalAt)]};
}
