/**
The state of an emulated TPM that goes and comes with a restore onto the domain and with a revert: killed in and after each step that has to do with it, one way leads to the
state of then with the left one beside it, the other to the left one with nothing beside it. A rename takes the copy along.
*/
import {readdir, readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {backUp, makeTarget} from './backups.ts';
import {change} from './change.ts';
import {startLab} from './daemons.ts';
import {makeDomain, stop, type LabDomain} from './domains.ts';
import {recover, report, revert, runProgram} from './program.ts';
import {virsh} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {digestHeads} from './slots.ts';
import {markOffline, type Digests} from './snapshots.ts';

test.before(startLab);

const tpmOf = ({uuid}: {uuid: string}) => `/var/lib/libvirt/swtpm/${uuid}/tpm2/tpm2-00.permall`;

type State = {tpm: string; disks: Digests};

const readTpm = async (file: string): Promise<string> => (await readFile(file)).toString('base64');
const stateNow = async (domain: LabDomain): Promise<State> => ({tpm: await readTpm(tpmOf(domain)), disks: await digestHeads(domain)});
const namesBeside = async (domain: LabDomain): Promise<string[]> => (await readdir(path.dirname(tpmOf(domain)))).filter(name => name.startsWith('tpm2-00.permall')).sort();

/** Off, with a state of its TPM in a backup and another one since. */
async function makeTwoStates(t: ExecutionContext): Promise<{domain: LabDomain; folder: string; former: State; later: State}> {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8, devicesXml: '<tpm model=\'tpm-tis\'><backend type=\'emulator\' version=\'2.0\'/></tpm>'});
	const folder = await makeTarget(t, domain);
	const beginTpm = async () => {
		await rm(tpmOf(domain), {force: true});
		await virsh('start', '--domain', domain.uuid, '--paused');
		await stop(domain);
	};

	await beginTpm();
	await markOffline(domain, 1);
	const former = await stateNow(domain);
	const made = await backUp(domain, folder);
	t.is(made.exitCode, 0, report(made));
	await beginTpm();
	await markOffline(domain, 2);
	const later = await stateNow(domain);
	t.not(former.tpm, later.tpm);
	return {domain, folder, former, later};
}

type Way = {
	domain: LabDomain;
	args: string[];
	from: State;
	to: State;
	/** The name under which the left state is kept. */
	kept: string;
	/** What is beside the state of the TPM before. */
	beside: string[];
	takeBack: () => Promise<void>;
};

async function killAtEach(t: ExecutionContext, {domain, args, from, to, kept, beside, takeBack}: Way): Promise<void> {
	const readPlan = async (): Promise<Plan> => {
		const shown = await runProgram(domain, [...args, '--dry-run', '--json']);
		t.is(shown.exitCode, 0, report(shown));
		const plan = JSON.parse(shown.stdout) as Plan;
		// Its own work is no program that a shim could stand before.
		return {...plan, steps: plan.steps.filter(({command: {tool}}) => tool !== 'verify')};
	};

	const steps = (await readPlan()).steps.filter(({id}) => /tpm|define/.test(id));
	t.true(steps.length > 4, steps.map(({id}) => id).join(' '));
	for (const {id, phase} of steps) {
		// Once something is removed there is no way back.
		const ways = [['after', '--roll-forward'], ...(phase === 'remove' ? [] : [['during', '--roll-back'] as const])] as const;
		for (const [moment, direction] of ways) {
			const where = `${args[0]}, killed ${moment} ${id}, then ${direction}`;
			const plan = await readPlan();
			const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === id), script: killMoments[moment]});
			const killed = await runProgram(domain, [...args, '--yes', '--json'], shims.options);
			await shims.settle();
			t.is(killed.signal, 'SIGKILL', `${where}\n${report(killed)}`);
			const recovered = await recover(domain, direction);
			t.is(recovered.exitCode, 0, `${where}\n${report(recovered)}`);
			const isForward = direction === '--roll-forward';
			t.deepEqual(await stateNow(domain), isForward ? to : from, where);
			t.deepEqual(await namesBeside(domain), isForward ? [...beside, `tpm2-00.permall.vsnap-${kept}`].sort() : beside, where);
			await (isForward && takeBack());
		}
	}
}

async function removeSnapshot(t: ExecutionContext, domain: LabDomain, name: string): Promise<void> {
	const deleted = await change(domain, 'delete', [name]);
	t.is(deleted.exitCode, 0, report(deleted));
}

const takingBack = (t: ExecutionContext, domain: LabDomain, name: string) => async () => {
	const back = await revert(domain, name, {flags: ['--discard']});
	t.is(back.exitCode, 0, report(back));
	await removeSnapshot(t, domain, name);
};

test.serial('restored onto the domain', async t => {
	const {domain, folder, former, later} = await makeTwoStates(t);
	await killAtEach(t, {
		domain, args: ['restore', folder, '--onto', domain.name, '--keep', 'before'], from: later, to: former, kept: 'before', beside: ['tpm2-00.permall'], takeBack: takingBack(t, domain, 'before'),
	});
});

test.serial('reverted to what was kept, under another name', async t => {
	const {domain, folder, former, later} = await makeTwoStates(t);
	const done = await runProgram(domain, ['restore', folder, '--onto', domain.name, '--keep', 'before', '--yes', '--json']);
	t.is(done.exitCode, 0, report(done));
	const renamed = await change(domain, 'rename', ['before', 'kept']);
	t.is(renamed.exitCode, 0, report(renamed));
	const beside = ['tpm2-00.permall', 'tpm2-00.permall.vsnap-kept'];
	t.deepEqual(await namesBeside(domain), beside);
	t.is(await readTpm(`${tpmOf(domain)}.vsnap-kept`), later.tpm);
	await killAtEach(t, {
		domain, args: ['revert', domain.name, 'kept', '--keep', 'k', '--shutoff'], from: former, to: later, kept: 'k', beside, takeBack: takingBack(t, domain, 'k'),
	});
});
