/**
A backup of a running domain, killed after each of its steps: put back, nothing of it is left; gone on with, it is made anew and right. The increment after that is
right in both cases.
*/
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {
	backUp, digestPoint, makeTarget, readBackupPlan, readCheckpointNames, readManifests,
} from './backups.ts';
import {startLab} from './daemons.ts';
import {makeDomain, readState, start} from './domains.ts';
import {recover, report} from './program.ts';
import {virsh} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {digestHeads} from './slots.ts';
import {markLive} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

/** The steps that programs are started for. The end of the copy is only asked for; and the last step is this program's own, which at last moves the manifest to its name. */
function startedIn(plan: Plan): Plan {
	const manifest = plan.steps.at(-1)!.command as {argv: string[]};
	const name = manifest.argv.at(-1)!;
	return {...plan, steps: [...plan.steps.slice(0, -1).filter(({id}) => id !== 'copy'), {...plan.steps.at(-1)!, command: {tool: 'file', argv: ['mv', '-f', '-T', '--', `${name}.partial`, name], files: []}}]};
}

const killAfter = (step: string) => (text: string, kill: () => void) => {
	if (text.replaceAll(' ', '').includes(`"step-done","step":"${step}"`)) {
		kill();
	}
};

test.serial('after each step, both ways', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	const folder = await makeTarget(t, domain);
	await start(domain);
	await markLive(domain, 1);
	const first = await backUp(domain, folder);
	t.is(first.exitCode, 0, report(first));
	const steps = (await readBackupPlan(domain, folder)).steps.map(({id}) => id);
	t.deepEqual(steps, ['reserve-vda', 'create-vda', 'backup', 'copy', 'rebase-vda', 'own-vda', 'allow-vda', 'check-vda', 'sync', 'seal']);
	for (const [at, id] of steps.entries()) {
		for (const direction of ['--roll-back', '--roll-forward'] as const) {
			const where = `killed after ${id}, then ${direction}`;
			const held = await markLive(domain, 2 + ((at * 2) % 5));
			const before = {files: (await readdir(folder)).sort(), checkpoints: await readCheckpointNames(domain)};
			const started = startedIn(await readBackupPlan(domain, folder));
			const shims = await makeShims(t, started, {at: started.steps.findIndex(step => step.id === id), script: killMoments.after});
			const killed = await backUp(domain, folder, [], id === 'copy' ? {onOutput: killAfter('copy')} : shims.options);
			t.is(killed.signal, 'SIGKILL', `${where}\n${report(killed)}`);
			const recovered = await recover(domain, direction);
			await shims.settle();
			t.is(recovered.exitCode, 0, `${where}\n${report(recovered)}`);
			t.true((await virsh('domjobinfo', domain.uuid)).includes('None'), where);
			t.is(await readState(domain), 'running', where);
			if (direction === '--roll-back') {
				t.deepEqual({files: (await readdir(folder)).sort(), checkpoints: await readCheckpointNames(domain)}, before, where);
			} else {
				const manifests = await readManifests(folder);
				t.deepEqual(await digestPoint(folder, manifests.at(-1)!), held, where);
				t.is(manifests.length * 2, (await readdir(folder)).length, `${where}: a manifest for each file`);
				t.is((await readCheckpointNames(domain)).length, before.checkpoints.length + 1, where);
			}
		}
	}

	const held = await digestHeads(domain);
	const last = await backUp(domain, folder);
	t.is(last.exitCode, 0, report(last));
	t.deepEqual(await digestPoint(folder, (await readManifests(folder)).at(-1)!), held);
	t.true((await readManifests(folder)).every(({disks}) => disks.every(({file}) => path.basename(file) === file)));
	t.deepEqual(await readStrays(domain), []);
});
