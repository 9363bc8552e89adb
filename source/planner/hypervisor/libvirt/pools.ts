/**
Pools of libvirt's. What is made in their folders, or removed there, they know only once they have looked.
*/
import {posix} from 'node:path';
import type {Plan, Step} from '../../../model/plan/plan.ts';
import {step} from '../../steps/step.ts';
import {volumesOf} from '../../storage/storage.ts';
import type {Site} from '../hypervisor.ts';
import {virsh} from './virsh.ts';

/** The plan, with a look of each pool of the domain's volumes, and of each that its files are made by, at the end, if files come or go in its folder. A pool that is off looks when it is started. */
export function withPoolsRefreshed(site: Site, plan: Plan): Plan {
	const folders = new Set([...plan.images.created.map(({path}) => path), ...plan.images.removed].map(path => posix.dirname(path)));
	const {details, folders: facts} = site.inventory;
	const pools = [...new Set([
		...volumesOf(details).filter(({path}) => folders.has(posix.dirname(path))).map(({pool}) => pool),
		...[...folders].flatMap(folder => facts.get(folder)?.pool ?? []),
	])];
	const phase = plan.steps.at(-1)?.phase ?? 'switch';
	const refreshes = pools.map((pool, index): Step => step(phase, {
		id: `refresh-pool-${index + 1}`,
		title: `Have libvirt look at the pool "${pool}" again`,
		command: {...virsh(site, ['pool-refresh', '--pool', pool]), onlyIf: {kind: 'pool-active', uuid: site.uuid, pool}},
		skippedNote: 'The pool is off, and looks when it is started.',
		whenStopped: 'Only the list of the pool\'s volumes would be an old one.',
	}));
	return pools.length === 0 ? plan : {...plan, steps: [...plan.steps, ...refreshes]};
}
