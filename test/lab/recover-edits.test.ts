/** What others edited in the definition since a crash is not overwritten by going back, and what a way back leaves larger is told to the byte. */
import {stat} from 'node:fs/promises';
import test from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {change, readChangePlan} from './change.ts';
import {makeCrashed} from './crash.ts';
import {startLab} from './daemons.ts';
import {defineXml, makeDomain} from './domains.ts';
import {
	readError, readLeftSecrets, recover, report, runProgram,
} from './program.ts';
import {run, virsh} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {digestHeads, readHeads} from './slots.ts';
import {markOffline, readParents, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

const readDefinition = async (domain: {uuid: string}) => virsh('dumpxml', '--domain', domain.uuid, '--inactive');
const withMoreMemory = (xml: string) => xml.replaceAll(/(<(?:memory|currentMemory) unit='KiB'>)\d+/g, '$1131072');

test.serial('going back from a snapshot keeps what somebody edited since beside the disks, and says so', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const words = ['create', '--disk', 'vda=external', '--disk', 'vdb=external'];
	const before = await readDefinition(domain);
	const plan = JSON.parse((await runProgram(domain, [...words, '--dry-run', '--json', '--', domain.name, 'n1'])).stdout) as Plan;
	for (const at of ['define', 'record']) {
		await defineXml(before);
		const written = await digestHeads(domain);
		const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === at), script: killMoments.after});
		const killed = await runProgram(domain, [...words, '--yes', '--json', '--', domain.name, 'n1'], shims.options);
		t.is(killed.signal, 'SIGKILL', report(killed));
		await defineXml(withMoreMemory(await readDefinition(domain)));
		const recovered = await recover(domain, '--roll-back');
		t.is(recovered.exitCode, 0, at + report(recovered));
		t.regex(recovered.stdout, /later edits of the definition are kept.*<memory>/, at);
		t.is(await readDefinition(domain), withMoreMemory(before), at);
		t.deepEqual(await digestHeads(domain), written, at);
		t.deepEqual(await readParents(domain), {}, at);
		t.deepEqual(await readLeftSecrets(domain), [], at);
	}
});

test.serial('going back from a revert, which changes more than the disks, stops at an edit of somebody, names it and touches nothing', async t => {
	const {domain} = await makeCrashed(t, 'define', {diskCount: 1});
	const edited = withMoreMemory(await readDefinition(domain));
	await defineXml(edited);
	const written = await digestHeads(domain);
	const refused = await recover(domain, '--roll-back');
	t.true(refused.exitCode === 3 || refused.exitCode === 4, report(refused));
	t.regex(readError(refused).message, /definition was edited since.*<memory>/s);
	t.is(await readDefinition(domain), edited);
	t.deepEqual(await digestHeads(domain), written);
	await defineXml(edited.replaceAll('131072', '65536'));
	const back = await recover(domain, '--roll-back');
	t.is(back.exitCode, 0, report(back));
});

test.serial('a pull that is taken back tells what stays larger, to the byte', async t => {
	const domain = await makeDomain(t, {sizeMiB: 16, diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 9 1M 3M', (await readHeads(domain)).get('vda')!]);
	await takeDiskSnapshot(domain, 's2');
	const head = (await readHeads(domain)).get('vda')!;
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 8 8M 6M', head]);
	const written = await markOffline(domain, 5);
	const plan = await readChangePlan(domain, 'merge', ['s2']);
	const at = plan.steps.findIndex(({id}) => id === 'pull-1');
	t.not(at, -1, JSON.stringify(plan.steps.map(({id}) => id)));
	const {blocks: before} = await stat(head);
	const shims = await makeShims(t, plan, {at, script: killMoments.after});
	const killed = await change(domain, 'merge', ['s2'], shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
	await shims.settle();
	const recovered = await runProgram(domain, ['recover', '--roll-back', '--yes']);
	t.is(recovered.exitCode, 0, report(recovered));
	const more = ((await stat(head)).blocks - before) * 512;
	t.true(more > 2 * 1024 ** 2, String(more));
	t.true(recovered.stdout.includes(`${head} stays`) && recovered.stdout.includes(`(${more} bytes)`), report(recovered));
	t.false(recovered.stdout.includes('as it was before'), report(recovered));
	t.deepEqual(await digestHeads(domain), written);
});
