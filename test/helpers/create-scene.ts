/** Wishes for a new snapshot and the plans they come to, for tests of the planner. */
import type {CreateAction} from '../../source/model/plan/request.ts';
import type {Inventory} from '../../source/model/domain/inventory.ts';
import type {Plan, Step} from '../../source/model/plan/plan.ts';
import {planCreate} from '../../source/actions/create/plan.ts';
import {unwrap} from './unwrap.ts';
import {image} from './images.ts';
import {inventory, now, uuid, type Scene} from './inventory.ts';

export type Asked = Partial<Omit<CreateAction, 'kind' | 'domain'>>;

export function createAction(asked: Asked = {}): CreateAction {
	return {
		kind: 'create',
		domain: {uuid, name: 'web'},
		snapshot: 's1',
		description: undefined,
		memory: undefined,
		disks: [],
		isDiskOnly: false,
		isQuiesced: false,
		isLive: false,
		isHalted: false,
		hasNoMetadata: false,
		...asked,
	};
}

/** Two qcow2 disks on images of their own, no snapshot yet. */
export function twoDisks(more: Partial<Scene> = {}): Inventory {
	return inventory({
		heads: {vda: '/d/vda.qcow2', vdb: '/d/vdb.qcow2'},
		snapshots: [],
		images: [image('/d/vda.qcow2'), image('/d/vdb.qcow2')],
		...more,
	});
}

const given = {id: 'plan-1', now, workPath: '/w'};

export function planOf(world: Inventory, asked: Asked = {}): Plan {
	return unwrap(planCreate(createAction(asked), world, given));
}

/** What it is refused for, reasons and remedies in one text; empty where it is not. */
export function refusalOf(world: Inventory, asked: Asked = {}): string {
	const planned = planCreate(createAction(asked), world, given);
	if (planned.ok) {
		return '';
	}

	return planned.failure.kind === 'refused'
		? planned.failure.blockers.map(({text, remedy}) => `${text} ${remedy ?? ''}`).join('\n')
		: JSON.stringify(planned.failure);
}

export function stepOf(plan: Plan, id: string): Step {
	const step = plan.steps.find(candidate => candidate.id === id);
	if (step === undefined) {
		throw new Error(`no step ${id} in ${plan.steps.map(candidate => candidate.id).join(' ')}`);
	}

	return step;
}

export function idsOf(plan: Plan): string {
	return plan.steps.map(step => step.id).join(' ');
}

export function textsOf(plan: Plan): string {
	return plan.consequences.map(({severity, text}) => `${severity}: ${text}`).join('\n');
}
