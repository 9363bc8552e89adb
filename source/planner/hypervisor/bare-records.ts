/**
What every plan for a bare QEMU needs beside its own steps: the folder of its records, the domain recorded before anything changes (so that it is known
while it is off), and the records safely on disk before anything is removed.
*/
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan, Step} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {step} from '../steps/step.ts';
import {bareCommands, isBare} from './bare-commands.ts';

const ifStopped = 'Nothing but the record of the domain has been made.';

function asksLibvirt(step: Step): boolean {
	return [step.command, ...step.undo ?? [], ...step.cancel ?? []].some(command => command.tool === 'virsh');
}

/**
The plan as it is where the domain is libvirt's. Fails with `refused` where a step asks libvirt for something that a bare QEMU is not asked for by other
words: nobody could do that step.
*/
export function withRecords(plan: Plan, inventory: Inventory, workPath: string): Result<Plan> {
	const context = {host: inventory.host, uuid: inventory.picture.domain.uuid, workPath, inventory};
	if (!isBare(context)) {
		return succeed(plan);
	}

	const {steps} = plan;
	const foreign = steps.find(step => asksLibvirt(step));
	if (foreign !== undefined) {
		return fail({
			kind: 'refused',
			blockers: [{kind: 'not-supported', text: `"${foreign.title}" cannot be done while this QEMU runs without libvirt.`, remedy: 'Shut the domain down, then try again.'}],
		});
	}

	const before: Step[] = [step('create', {
		id: 'records',
		title: 'Have a folder for the records of the domain',
		command: bareCommands.makeFolder(context),
		undo: [bareCommands.removeEmptyFolder(context)],
		ifStopped,
	})];
	if (!inventory.bare!.isRecorded) {
		before.push(step('create', {
			id: 'record',
			title: 'Record the domain as it is',
			command: bareCommands.define(context, 'definition-first', inventory.definitionXml),
			undo: [bareCommands.removeDefinition(context)],
			ifStopped,
		}));
	}

	const synced: Step = step('switch', {
		id: 'records-sync',
		title: 'Have the records safely on disk',
		command: bareCommands.sync(context),
		ifStopped: 'The rest would be finished: the domain is on its new disks.',
	});
	const firstChange = steps.findIndex(step => step.phase !== 'check');
	const firstRemoval = steps.findIndex(step => step.phase === 'remove');
	const [changeAt, removalAt] = [firstChange, firstRemoval].map(at => at === -1 ? steps.length : at) as [number, number];
	return succeed({...plan, steps: [...steps.slice(0, changeAt), ...before, ...steps.slice(changeAt, removalAt), synced, ...steps.slice(removalAt)]});
}
