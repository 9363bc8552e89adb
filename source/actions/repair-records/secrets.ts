/**
The secrets of encrypted layers in the definition, where they have been lost: libvirt's own snapshot of a domain that is off drops them, and it then starts no more (L21). The records of
the snapshots, or the chains that were recorded, still name them.
*/
import type {RepairRecordsAction} from '../../model/plan/request.ts';
import {layersWithoutSecret} from '../../model/domain/recorded-chain.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Plan} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {requireSecrets, secretRemedy} from '../../planner/checks/recorded-chains.ts';
import type {PlanArguments} from '../../planner/context.ts';
import {keysOf} from '../../planner/encryption/keys.ts';
import {planContext} from '../../planner/plan-context.ts';
import {assembleRepair, emptyRepair, refuseRepair} from '../../planner/records/repair-plan.ts';
import {step} from '../../planner/steps/step.ts';
import {describeSecrets} from './words.ts';

/** The chains themselves are recorded where the plan is completed (planner/encryption/). Fails with `refused`, or with `unreadable` where the definition cannot be changed. */
export function planRecordSecrets(action: RepairRecordsAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const context = planContext(inventory, given);
	const {domain} = inventory.details;
	refuseRepair(context);
	const lacking = domain.definition.disks.filter(disk => layersWithoutSecret(context.graph, disk).length > 0);
	for (const {target, sourcePath} of lacking) {
		requireSecrets(context, target, sourcePath!, () => secretRemedy(domain.name, target));
	}

	if (lacking.length === 0) {
		context.blockers.push({kind: 'not-supported', text: 'The definition names the secret of every encrypted image: there is nothing to repair.'});
	}

	const xml = changeDomainXml(inventory.definitionXml, {sources: new Map()});
	const keys = keysOf(context);
	return xml.ok
		? assembleRepair(context, action, given, {
			...emptyRepair(context),
			basis: lacking.map(({sourcePath}) => sourcePath!),
			consequences: describeSecrets(
				lacking.flatMap(disk => layersWithoutSecret(context.graph, disk)),
				lacking.flatMap(({sourcePath}) => keys.layersOf(sourcePath!).filter(({encryption}) => encryption === undefined).map(({path}) => path)),
			),
			steps: [step('switch', {
				id: 'define',
				title: 'Record the secrets in the VM definition',
				command: context.hypervisor.domain.define('definition-new', xml.value),
				undo: [context.hypervisor.domain.define('definition-before', inventory.definitionXml)],
			})],
		})
		: xml;
}
