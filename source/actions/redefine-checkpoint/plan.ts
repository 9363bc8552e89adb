/**
The planner for `checkpoint redefine`: a record for bitmaps that are there, from a document that somebody kept. libvirt believes such a document; whether the bitmaps
are there and good is proven here, in the images, or by libvirt where the domain runs.
*/
import type {RedefineCheckpointAction} from '../../model/plan/request.ts';
import {checkpointNameProblem} from '../../model/domain/checkpoint-name.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Checkpoint} from '../../model/domain/snapshot.ts';
import {imageAt} from '../../model/images/image-graph.ts';
import type {Command, Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {parseCheckpointXml} from '../../model/xml/parse-checkpoint.ts';
import {refuseJobs, refuseReadOnly} from '../../planner/checks/blockers.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {assembleCheckpointPlan, isOff} from '../../planner/records/checkpoint-plan.ts';
import {writtenHeads} from '../../planner/records/lineage.ts';
import {step} from '../../planner/steps/step.ts';
import {describeRedefinition} from './words.ts';

function refuseRecord(context: PlanContext, {name, parent, createdAt, disks}: Checkpoint): void {
	const {checkpoints} = context.inventory.details;
	const heads = new Map(writtenHeads(context).map(head => [head.target, head.path]));
	const refuse = (text: string, remedy: string) => {
		context.blockers.push({kind: 'checkpoint', text, remedy});
	};

	const problem = checkpointNameProblem(name);
	if (problem !== undefined) {
		context.blockers.push({kind: 'name', text: `The name of the checkpoint ${problem}.`, remedy: 'Change its <name>.'});
	}

	if (parent !== undefined && !checkpoints.some(checkpoint => checkpoint.name === parent)) {
		refuse(`Its parent "${parent}" is not there.`, 'Redefine that one first, or take <parent> out of the document.');
	}

	if (createdAt === 0) {
		refuse('It has no <creationTime>, which the record of a checkpoint needs.', 'Add <creationTime>SECONDS</creationTime>, since 1970.');
	}

	const recorded = disks.filter(({bitmap}) => bitmap !== undefined);
	if (recorded.length === 0) {
		refuse('It names no disk with a bitmap.', 'Add <disks> with <disk name=\'…\' checkpoint=\'bitmap\'/>.');
	}

	for (const {target, bitmap} of recorded) {
		const path = heads.get(target);
		const found = path === undefined ? undefined : imageAt(context.graph, path)?.bitmaps.find(candidate => candidate.name === bitmap);
		if (path === undefined) {
			refuse(`The domain writes to no disk "${target}".`, 'Take that disk out of the document.');
		} else if (isOff(context) && !found?.isUsable) {
			refuse(`${path} has ${found === undefined ? 'no bitmap' : 'only a broken bitmap'} "${bitmap!}".`, `Take ${target} out of the document (checkpoint='no'): a backup then copies that disk whole.`);
		} else if (!isOff(context) && context.inventory.bare !== undefined && !context.inventory.bare.nodes.get(target)?.bitmaps.some(candidate => candidate.name === bitmap)) {
			refuse(`QEMU records no bitmap "${bitmap!}" for ${target}.`, `Take ${target} out of the document (checkpoint='no'): a backup then copies that disk whole.`);
		}
	}
}

/** While the domain runs, libvirt asks QEMU for the bitmaps. */
function validating(context: PlanContext, command: Command): Command {
	return !isOff(context) && context.hypervisor.checkpoints.validates && command.tool === 'virsh' ? {...command, argv: [...command.argv, '--redefine-validate']} : command;
}

/** Fails with `unreadable`, or with `refused` and every reason at once. */
export function planRedefineCheckpoint(action: RedefineCheckpointAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const parsed = parseCheckpointXml(action.xml);
	if (!parsed.ok) {
		return parsed;
	}

	const {name, parent} = parsed.value;
	const context = planContext(inventory, given);
	refuseReadOnly(context);
	refuseJobs(context);
	refuseRecord(context, parsed.value);
	const {checkpoints} = inventory.details;
	const {hypervisor, uuid} = context;
	const old = checkpoints.find(checkpoint => checkpoint.name === name);
	return assembleCheckpointPlan(context, {
		action,
		arguments: given,
		proof: {checkpoints: [...checkpoints.filter(checkpoint => checkpoint !== old).map(checkpoint => ({name: checkpoint.name, parent: checkpoint.parent})), {name, parent}]},
	}, {
		steps: context.blockers.length > 0
			? []
			: [step('switch', {
				id: 'checkpoint',
				title: `Record checkpoint "${name}"`,
				command: validating(context, hypervisor.checkpoints.replace('checkpoint', action.xml)),
				undo: old === undefined
					? [{...hypervisor.checkpoints.deleteMetadata(name), onlyIf: {kind: 'checkpoint-exists', uuid, name}}]
					: [hypervisor.checkpoints.replace('checkpoint-before', old.xml)],
				whenStopped: 'Recover would put the records back; no image is touched.',
			})],
		basis: writtenHeads(context).map(({path}) => path),
		consequences: describeRedefinition(name, old !== undefined),
	});
}
