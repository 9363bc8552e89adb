/**
A backup of a running domain while QEMU or libvirtd is killed after one of its steps. Either it is a whole point, or, put back, nothing of it is left; and the backup after that
is right in both cases.
*/
import {existsSync} from 'node:fs';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {
	backUp, digestPoint, makeTarget, readBackupPlan, readCheckpointNames, readManifests,
} from './backups.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, type LabDomain,
} from './domains.ts';
import {
	readEvents, recover, report, runProgram, type ProgramResult,
} from './program.ts';
import {
	attemptVirsh, run, virsh, waitFor,
} from './run.ts';
import {makeShims} from './shims.ts';
import {markLive} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

const libvirtdPid = '/run/libvirtd.pid';

/** The steps that programs are started for. The end of the copy is only asked for; the last step is this program's own, which at last moves the manifest to its name. */
function startedIn(plan: Plan): Plan {
	const last = plan.steps.at(-1)!;
	const name = (last.command as {argv: string[]}).argv.at(-1)!;
	return {...plan, steps: [...plan.steps.slice(0, -1).filter(({id}) => id !== 'copy'), {...last, command: {tool: 'file', argv: ['mv', '-f', '-T', '--', `${name}.partial`, name], files: []}}]};
}

type Victim = {pidFile: (domain: LabDomain) => string; comeBack: (domain: LabDomain, argv: string[]) => Promise<unknown>};

const victims: Record<string, Victim> = {
	QEMU: {pidFile: ({name}) => `/run/libvirt/qemu/${name}.pid`, comeBack: async () => undefined},
	libvirtd: {pidFile: () => libvirtdPid, comeBack: async (_domain, [program = '', ...words]) => run(program, words)},
};

async function backUpAndKill(t: ExecutionContext, {domain, folder, victim, step}: {domain: LabDomain; folder: string; victim: Victim; step: string}): Promise<ProgramResult> {
	const plan = startedIn(await readBackupPlan(domain, folder));
	const pidFile = victim.pidFile(domain);
	const argv = (await readFile(`/proc/${(await readFile(pidFile, 'utf8')).trim()}/cmdline`, 'utf8')).split('\0').filter(word => word !== '');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === step), script: `"$name" "$@"; code=$?; kill -9 $(cat ${pidFile}); : >"$here/killed"; exit $code`});
	const comeBack = async () => {
		await waitFor('it is killed', () => existsSync(path.join(shims.folder, 'killed')));
		await victim.comeBack(domain, argv);
	};

	const [made] = await Promise.all([backUp(domain, folder, [], shims.options), comeBack()]);
	await shims.settle();
	return made;
}

/** A libvirtd that is killed as soon as the job has begun does not know it afterwards, and QEMU has the target open until it ends: that is said, and recovery goes on then. */
async function putBack(domain: LabDomain): Promise<ProgramResult> {
	const recovered = await recover(domain, '--roll-back');
	if (recovered.exitCode === 0 || !report(recovered).includes('it is needed by pid')) {
		return recovered;
	}

	await virsh('destroy', '--domain', domain.uuid);
	return recover(domain, '--roll-back');
}

const isReachable = async () => (await attemptVirsh('uri')).exitCode === 0;

for (const [name, victim] of Object.entries(victims)) {
	test.serial(`${name} is killed after each step`, async t => {
		const domain = await makeDomain(t, {sizeMiB: 32, diskCount: 1});
		const folder = await makeTarget(t, domain);
		await start(domain);
		await markLive(domain, 1);
		const first = await backUp(domain, folder);
		t.is(first.exitCode, 0, report(first));
		const steps = startedIn(await readBackupPlan(domain, folder)).steps.map(({id}) => id);
		t.true(steps.length > 7);
		for (const [at, step] of steps.entries()) {
			const held = await markLive(domain, 2 + (2 * at));
			const before = {files: (await readdir(folder)).sort(), checkpoints: await readCheckpointNames(domain)};
			const made = await backUpAndKill(t, {domain, folder, victim, step});
			const where = `${name} killed after ${step}\n${report(made)}`;
			await waitFor('libvirt answers', isReachable);
			const ended = readEvents(made).at(-1) as {outcome?: {kind?: string}} | undefined;
			const unfinished = JSON.parse((await runProgram(domain, ['recover', '--json'])).stdout) as unknown[];
			const recovered = unfinished.length > 0 ? await putBack(domain) : undefined;
			t.true(recovered === undefined || recovered.exitCode === 0, `${where}\n${recovered && report(recovered)}`);
			const manifests = await readManifests(folder);
			const isWhole = manifests.length * 2 > before.files.length;
			t.is(isWhole, ended?.outcome?.kind === 'done', where);
			t.is(manifests.length * 2, (await readdir(folder)).length, `${where}: a manifest for each file`);
			if (isWhole) {
				t.deepEqual(await digestPoint(folder, manifests.at(-1)!), held, where);
			} else {
				t.deepEqual({files: (await readdir(folder)).sort(), checkpoints: await readCheckpointNames(domain)}, before, where);
			}

			if (await readState(domain) !== 'running') {
				await start(domain);
			}

			t.true((await virsh('domjobinfo', domain.uuid)).includes('None'), where);
			const heldAfter = await markLive(domain, 3 + (2 * at));
			const next = await backUp(domain, folder);
			t.is(next.exitCode, 0, `${where}\n${report(next)}`);
			const newest = (await readManifests(folder)).at(-1)!;
			t.deepEqual(await digestPoint(folder, newest), heldAfter, where);
			t.is(newest.disks[0]!.kind, name === 'QEMU' ? 'full' : 'incremental', where);
		}

		t.deepEqual(await readStrays(domain), []);
	});
}
