/**
The program is killed after a step of a create, a delete or a merge, and then the domain is not in the power that the action was planned for: its guest has died, or
somebody has started it and written to its disks. Both ways out are open as far as the images allow it, and keep every byte.
*/
import test, {type ExecutionContext} from 'ava';
import type {Plan, Step} from '../../source/model/plan/plan.ts';
import {change, digestSnapshots, readChangePlan, type Verb} from './change.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop, type LabDomain,
} from './domains.ts';
import {
	readLeftSecrets, recover, report, runProgram,
} from './program.ts';
import {expectRecovered, recoverKilled} from './recover-killed.ts';
import {attempt, run, waitFor} from './run.ts';
import {labUri} from './settings.ts';
import {killMoments, makeShims, type KillMoment} from './shims.ts';
import {readHeads, readTags} from './slots.ts';
import {
	markLive, markOffline, takeDiskSnapshot, takeInternalSnapshot,
} from './snapshots.ts';
import {makeTemplate} from './template.ts';
import {readStrays} from './world.ts';

test.before(startLab);

/** s1, s2 … one after the other; the image that holds what was written after `fat` holds more than the others. */
async function makeChain(t: ExecutionContext, names: string[], fat: string): Promise<LabDomain> {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
	for (const [index, name] of names.entries()) {
		await markOffline(domain, index + 1);
		await takeDiskSnapshot(domain, name);
		if (name === fat) {
			await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 4M 2M', `${domain.folder}/vda.${name}`]);
		}
	}

	return domain;
}

/** As a crash: what QEMU held in its own memory is lost. */
async function killGuest(domain: LabDomain): Promise<void> {
	await attempt('pkill', ['-9', '-f', '--', `-[u]uid ${domain.uuid}`]);
	await waitFor('the guest has ended', async () => await readState(domain) === 'shut off');
}

const writes = (step: Step) => /^(?:pull|commit|rebase|define|flush|delete-record|sync-commit)-?/.test(step.id);

for (const {verb, names, fat, name, wanted} of [
	{verb: 'delete', names: ['s1', 's2'], fat: 's2', name: 's2', wanted: 'pull-1'},
	{verb: 'merge', names: ['s1', 's2'], fat: 's1', name: 's2', wanted: 'commit-1'},
	{verb: 'merge', names: ['s1', 's2', 's3'], fat: 's1', name: 's2', wanted: 'commit-1'},
] as Array<{verb: Verb; names: string[]; fat: string; name: string; wanted: string}>) {
	for (const planned of ['off', 'on'] as const) {
		test.serial(`a ${verb} of ${name} among ${names.length}, planned while the domain was ${planned} (${wanted})`, async t => {
			const domain = await makeChain(t, names, fat);
			await markOffline(domain, 5);
			const template = await makeTemplate(t, domain);
			const before = await digestSnapshots(domain);
			if (planned === 'on') {
				await start(domain);
			}

			const plan = await readChangePlan(domain, verb, [name]);
			t.true(plan.steps.some(step => step.id === wanted && (step.command.tool === 'virsh') === (planned === 'on')), JSON.stringify(plan.steps.map(step => step.id)));
			await stop(domain);
			for (const [at, step] of plan.steps.entries()) {
				const moments: KillMoment[] = writes(step) ? (step.progress === undefined ? ['after'] : ['after', 'during', 'before']) : [];
				for (const [turn, moment] of moments.entries()) {
					for (const direction of ['--roll-back', '--roll-forward'] as const) {
						await template.restore();
						if (planned === 'on') {
							await start(domain);
						}

						const shims = await makeShims(t, await readChangePlan(domain, verb, [name]), {at, script: killMoments[moment]});
						const killed = await change(domain, verb, [name], shims.options);
						t.is(killed.signal, 'SIGKILL', report(killed));
						await shims.settle();
						let written = before['']!;
						if (planned === 'on') {
							await killGuest(domain);
						} else {
							await start(domain);
							written = await markLive(domain, 6);
							// Somebody may also have stopped it again.
							if (turn === 1 || direction === '--roll-back') {
								await stop(domain);
							}
						}

						const {isBack, where} = await recoverKilled(t, domain, {plan, at, moment, direction});
						await stop(domain);
						await expectRecovered(t, domain, {before, gone: name, written, isBack}, where);
					}
				}
			}
		});
	}
}

for (const flags of [['--disk', 'vda=external', '--disk', 'vdb=external'], []]) {
	test.serial(`a create of a domain that was off (${flags.length > 0 ? 'new overlays' : 'inside'}), and that somebody starts, and stops again or not`, async t => {
		const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 2});
		await markOffline(domain, 1);
		await takeDiskSnapshot(domain, 's1');
		await markOffline(domain, 2);
		const template = await makeTemplate(t, domain);
		const before = await digestSnapshots(domain);
		const words = ['create', ...flags];
		const readPlan = async () => JSON.parse((await runProgram(domain, [...words, '--dry-run', '--json', '--', domain.name, 'n1'])).stdout) as Plan;
		const moments = (await readPlan()).steps.flatMap(({id}, at) => /^(?:create-vda|tag-vda|define|record|sync)$/.test(id) ? [at] : []);
		for (const [turn, at] of moments.entries()) {
			for (const direction of ['--roll-back', '--roll-forward'] as const) {
				await template.restore();
				const plan = await readPlan();
				const shims = await makeShims(t, plan, {at, script: killMoments.after});
				const killed = await runProgram(domain, [...words, '--yes', '--json', '--', domain.name, 'n1'], shims.options);
				t.is(killed.signal, 'SIGKILL', report(killed));
				await shims.settle();
				await start(domain);
				const written = await markLive(domain, 6);
				if ((turn % 2 === 0) === (direction === '--roll-back')) {
					await stop(domain);
				}

				const where = `killed after ${plan.steps[at]!.id}, then ${direction}, ${await readState(domain)}\n`;
				const recovered = await recover(domain, direction);
				t.is(recovered.exitCode, 0, where + report(recovered));
				await stop(domain);
				const after = await digestSnapshots(domain);
				t.deepEqual(after[''], written, where + report(recovered));
				t.deepEqual(after.s1, before.s1, where);
				t.is('n1' in after, direction === '--roll-forward', where + report(recovered));
				t.deepEqual(await readStrays(domain), [], where);
				t.deepEqual(await readLeftSecrets(domain), [], where);
			}
		}
	});
}

test.serial('the state inside the images goes although somebody has started the domain just before, on images that were merged meanwhile', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 2});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 'e1');
	// One disk has more above and the other one more below, so one is merged downwards and one upwards.
	const heads = await readHeads(domain);
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 4M 2M', domain.disks[0]!.path]);
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 4M 2M', heads.get('vdb')!]);
	await takeInternalSnapshot(domain, 'i1');
	const written = await markOffline(domain, 2);
	const plan = await readChangePlan(domain, 'delete', ['e1'], ['--children']);
	const at = plan.steps.findIndex(({id}) => id === 'untag-1');
	t.true(at !== -1, JSON.stringify(plan.steps.map(({id}) => id)));
	const shims = await makeShims(t, plan, {at: at - 1, script: `"$name" "$@"; code=$?; virsh -q -c '${labUri}' start --domain ${domain.uuid} >/dev/null; exit $code`});
	const result = await change(domain, 'delete', ['e1'], {...shims.options, flags: ['--children']});
	t.is(result.exitCode, 0, report(result));
	await stop(domain);
	t.deepEqual(await digestSnapshots(domain), {'': written});
	for (const path of (await readHeads(domain)).values()) {
		t.deepEqual(await readTags(path), []);
	}

	t.deepEqual(await readStrays(domain), []);
});
