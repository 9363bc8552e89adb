/**
What planners ask of a standalone QEMU, through its monitor and with records of our own.
*/
import {quoteAsIs} from '../../../model/text/shell-quote.ts';
import {step} from '../../steps/step.ts';
import type {Hypervisor, Site} from '../hypervisor.ts';
import {ask, relaunch, startProblems} from './monitor.ts';
import {backupRunning} from './backup.ts';
import {checkpointsOf} from './checkpoints.ts';
import {blocksOf} from './blocks.ts';
import {exportsByMonitor} from './export.ts';
import {define, recordsOf, withRecords} from './records.ts';
import {snapshotRunning} from './snapshot.ts';

function domainOf(site: Site): Hypervisor['domain'] {
	return {
		// QEMU writes out what it holds, and goes.
		stop: () => ask(site, 'quit', {}, {until: {kind: 'gone'}}),
		startProblems: definitionXml => startProblems(site, definitionXml),
		start: (isPaused, definitionXml) => relaunch(definitionXml, {isPaused}),
		define: (fileName, xml) => define(site, fileName, xml),
		resume({memoryPath, definitionXml, isPaused}) {
			const whenStopped = 'Recover would finish the rest; the domain is on its new disks.';
			return {
				start: {title: 'Start QEMU, waiting for the saved memory', command: relaunch(definitionXml, {isPaused: true, memory: {kind: 'incoming'}})},
				after: [
					step('switch', {
						id: 'memory',
						title: 'Read the saved memory',
						command: ask(site, 'migrate-incoming', {
							uri: site.can.migratesToFile && !memoryPath.includes(',offset=') ? `file:${memoryPath}` : `exec:cat -- ${quoteAsIs(memoryPath)}`,
						}, {until: {kind: 'incoming'}}),
						doneWhen: {kind: 'memory-loaded', uuid: site.uuid},
						whenStopped,
						timeoutMs: 3_600_000,
					}),
					...(isPaused ? [] : [step('switch', {id: 'resume', title: 'Resume the guest', command: ask(site, 'cont'), guest: 'resumed', whenStopped})]),
				],
			};
		},
		resumeInside: ({snapshot, definitionXml, isPaused}) => ({
			title: `Start QEMU from the memory of "${snapshot}", which also restores the disks`,
			command: relaunch(definitionXml, {isPaused, memory: {kind: 'tag', tag: snapshot}}),
			switchesToo: false,
		}),
	};
}

export function qmpOf(site: Site): Hypervisor {
	return {
		snapshotRunning,
		domain: domainOf(site),
		records: recordsOf(site),
		checkpoints: checkpointsOf(site),
		backup: {running: backupRunning},
		exports: exportsByMonitor,
		blocks: blocksOf(site),
		complete: plan => withRecords(site, plan),
	};
}
