/** A backup by libvirt: a limit is one of the jobs of the disks, each has its own, and begins when they have. */
import test from 'ava';
import {argvOf} from '../../../helpers/argv-of.ts';
import {twoDisks} from '../../../helpers/create-scene.ts';
import {now, uuid} from '../../../helpers/inventory.ts';
import {unwrap} from '../../../helpers/unwrap.ts';
import type {Step} from '../../../../source/model/plan/plan.ts';
import {planContext} from '../../../../source/planner/plan-context.ts';

/** With what stands against it. */
function plan(rateBytes: number | undefined): {steps: Step[]; blockers: unknown[]} {
	const context = planContext(twoDisks({state: 'running'}), {id: 'plan', now, workPath: '/w/plan'});
	const disks = ['vda', 'vdb'].map(target => ({target, headPath: `/d/${target}.qcow2`, path: `/b/p.${target}.qcow2`, since: undefined, atMostBytes: 10}));
	const steps = unwrap(context.hypervisor.backup.running(context, {disks, since: undefined, checkpoint: undefined, isQuiesced: false, rateBytes, stamp: 'st'}));
	return {steps, blockers: context.blockers};
}

test('each disk\'s job gets its limit, in bytes, once it has begun', t => {
	t.is(plan(undefined).steps.map(({id}) => id).join(' '), 'backup copy');
	const {steps, blockers} = plan(5_242_880);
	t.deepEqual(blockers, []);
	t.is(steps.map(({id}) => id).join(' '), 'backup limit-vda limit-vdb copy');
	t.deepEqual(argvOf(steps[1]!.command).slice(4), ['blockjob', '--domain', uuid, '--path', 'vda', '--bandwidth', '5242880', '--bytes']);
	t.is(steps[2]!.title, 'Limit the copy of vdb to 5.0 MiB a second');
});
