/**
Domains with UEFI firmware: their variables (NVRAM) stand in a file of their own, which libvirt's snapshots of disks do not hold (L13). Ours come with a
copy of that file, which goes back with them.
*/
import type {Buffer} from 'node:buffer';
import {
	open, readdir, readFile, rm, stat, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {change, digestSnapshots} from './change.ts';
import {startLab} from './daemons.ts';
import {makeDomain, readState, stop, type LabDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {recover, report, revert, runProgram} from './program.ts';
import {refused, succeeds} from './remedies.ts';
import {virsh} from './run.ts';
import {killMoments, makeShims, readPlan} from './shims.ts';
import {digestHeads} from './slots.ts';
import {
	markLive, markOffline, takeDiskSnapshot, takeMemorySnapshot,
} from './snapshots.ts';

test.before(startLab);

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const variables = '/usr/share/OVMF/OVMF_VARS_4M.fd';
/** Beside the folder of the images, and removed with the definition. */
const nvramOf = (folder: string) => `${folder}-nvram.fd`;

async function makeUefiDomain(t: ExecutionContext): Promise<LabDomain> {
	const domain = await makeDomain(t, {
		diskCount: 1,
		osXml: folder => `<loader readonly='yes' type='pflash'>${firmware}</loader><nvram template='${variables}'>${nvramOf(folder)}</nvram>`,
	});
	t.teardown(async () => {
		for (const name of await readBeside(domain)) {
			await rm(`${nvramOf(domain.folder)}${name}`, {force: true});
		}
	});
	// The firmware needs no time here: nothing of it has to run.
	await virsh('start', '--domain', domain.uuid, '--paused');
	return domain;
}

const setSince = 'set since the snapshot';

/** As if the guest had set a variable since. */
async function changeVariables(domain: LabDomain, text = setSince): Promise<Buffer> {
	const file = await open(nvramOf(domain.folder), 'r+');
	try {
		await file.write(text, 64 * 1024);
	} finally {
		await file.close();
	}

	return readFile(nvramOf(domain.folder));
}

test.serial('from a snapshot of virsh the disks go back, the firmware variables stay as they are, and the plan says so', async t => {
	const domain = await makeUefiDomain(t);
	const digests = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markLive(domain, 2);
	await stop(domain);
	const changed = await changeVariables(domain);
	const shown = await runProgram(domain, ['revert', '--discard', '--dry-run', '--', domain.name, 's1']);
	t.regex(shown.stdout, /Warning: The firmware variables \(.*nvram\.fd\) stay as they are: the snapshot has no copy of them\./, report(shown));
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
	t.true(changed.equals(await readFile(nvramOf(domain.folder))));
	await virsh('start', '--domain', domain.uuid, '--paused');
	t.is(await readState(domain), 'paused');
});

test.serial('with memory the domain goes on with its firmware, and its variables come back', async t => {
	const domain = await makeUefiDomain(t);
	const digests = await markLive(domain, 1);
	await takeMemorySnapshot(domain, 'm1');
	await stop(domain);
	await markOffline(domain, 2);
	await changeVariables(domain);
	await expectReverted(t, domain, await revert(domain, 'm1', {flags: ['--running']}), {digests, current: 'm1', state: 'running'});
	await stop(domain);
	t.false((await readFile(nvramOf(domain.folder))).includes(setSince));
});

/** What lies beside the variables: copies for snapshots, and whatever was forgotten. */
async function readBeside(domain: LabDomain): Promise<string[]> {
	const base = path.basename(nvramOf(domain.folder));
	const names = await readdir(path.dirname(nvramOf(domain.folder)));
	return names.filter(name => name.startsWith(`${base}.`)).map(name => name.slice(base.length)).sort();
}

async function create(t: ExecutionContext, domain: LabDomain, name: string): Promise<void> {
	const result = await runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, name]);
	t.is(result.exitCode, 0, report(result));
}

test.serial('our snapshots keep the variables, whether the guest runs or is off; every revert brings them back, and deletes take their copies along', async t => {
	const domain = await makeUefiDomain(t);
	const s1 = {disks: await markLive(domain, 1), variables: await readFile(nvramOf(domain.folder))};
	await create(t, domain, 's1');
	await stop(domain);
	const s2 = {disks: await markOffline(domain, 2), variables: await changeVariables(domain, 'as of s2')};
	await create(t, domain, 's2');
	t.deepEqual(await readBeside(domain), ['.vsnap-s1', '.vsnap-s2']);
	t.is((await stat(`${nvramOf(domain.folder)}.vsnap-s1`)).mode % 0o1000, 0o600);
	const left = {disks: await markOffline(domain, 3), variables: await changeVariables(domain)};
	for (const [name, flags, expected] of [
		['s1', ['--keep', 'left'], s1], ['s2', [], s2], ['left', [], left], ['s1', ['--running'], s1],
	] as const) {
		const result = await revert(domain, name, {flags: [...flags]});
		t.is(result.exitCode, 0, report(result));
		t.deepEqual(await digestHeads(domain), expected.disks, name);
		// A guest that runs works with its variables as soon as it can.
		t.true(expected.variables.equals(await readFile(nvramOf(domain.folder))) || flags[0] === '--running', `variables of ${name}`);
		t.deepEqual(await readBeside(domain), ['.vsnap-left', '.vsnap-s1', '.vsnap-s2'], name);
	}

	await stop(domain);
	const branched = await change(domain, 'branch', ['s2', 'b1'], {flags: ['--discard']});
	t.is(branched.exitCode, 0, report(branched));
	t.true(s2.variables.equals(await readFile(nvramOf(domain.folder))));
	t.true(s2.variables.equals(await readFile(`${nvramOf(domain.folder)}.vsnap-b1`)));
	const before = await digestSnapshots(domain);
	for (const name of ['s2', 'left', 's1', 'b1']) {
		const deleted = await change(domain, 'delete', [name]);
		t.is(deleted.exitCode, 0, report(deleted));
	}

	t.deepEqual(await readBeside(domain), []);
	t.deepEqual(await digestSnapshots(domain), {'': before['']});
	await virsh('start', '--domain', domain.uuid, '--paused');
});

for (const {step, moment, direction} of [
	{step: 'nvram', moment: 'before', direction: '--roll-back'},
	{step: 'nvram', moment: 'after', direction: '--roll-back'},
	{step: 'hold-nvram', moment: 'after', direction: '--roll-forward'},
	{step: 'nvram', moment: 'after', direction: '--roll-forward'},
] as const) {
	test.serial(`killed ${moment} "${step}", recover ${direction} leaves the variables that belong to the disks`, async t => {
		const domain = await makeUefiDomain(t);
		await stop(domain);
		const then = {disks: await markOffline(domain, 1), variables: await readFile(nvramOf(domain.folder))};
		await create(t, domain, 's1');
		const present = {disks: await markOffline(domain, 2), variables: await changeVariables(domain)};
		const plan = await readPlan(domain, 's1');
		const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === step), script: killMoments[moment]});
		const killed = await revert(domain, 's1', shims.options);
		t.is(killed.signal, 'SIGKILL', report(killed));
		const recovered = await recover(domain, direction);
		await shims.settle();
		t.is(recovered.exitCode, 0, report(recovered));
		const expected = direction === '--roll-back' ? present : then;
		t.deepEqual(await digestHeads(domain), expected.disks);
		t.true(expected.variables.equals(await readFile(nvramOf(domain.folder))), 'the variables');
		t.deepEqual(await readBeside(domain), ['.vsnap-s1']);
	});
}

test.serial('variables are not put back under a guest that somebody has started since', async t => {
	const domain = await makeUefiDomain(t);
	await stop(domain);
	await create(t, domain, 's1');
	const present = await changeVariables(domain);
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === 'nvram'), script: killMoments.after});
	const killed = await revert(domain, 's1', shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
	await shims.settle();
	await virsh('start', '--domain', domain.uuid, '--paused');
	const refused = await recover(domain, '--roll-back');
	t.not(refused.exitCode, 0, report(refused));
	t.regex(refused.stderr, /was started since/);
	t.false(present.equals(await readFile(nvramOf(domain.folder))), 'nothing was written');
	await stop(domain);
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	t.true(present.equals(await readFile(nvramOf(domain.folder))));
});

for (const currentState of ['--discard', '--keep=left']) {
	test.serial(`killed after the guest went on with its memory (${currentState}), going back brings the present variables back as well`, async t => {
		const domain = await makeUefiDomain(t);
		await markLive(domain, 1);
		await takeMemorySnapshot(domain, 'm1');
		await stop(domain);
		const present = {disks: await markOffline(domain, 2), variables: await changeVariables(domain)};
		const plan = await readPlan(domain, 'm1', [currentState, '--running']);
		const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === 'start'), script: killMoments.after});
		const killed = await revert(domain, 'm1', {...shims.options, flags: [currentState, '--running']});
		t.is(killed.signal, 'SIGKILL', report(killed));
		await shims.settle();
		t.false(present.variables.equals(await readFile(nvramOf(domain.folder))), 'QEMU has written those of then');
		const recovered = await recover(domain, '--roll-back');
		t.is(recovered.exitCode, 0, report(recovered));
		t.deepEqual(await digestHeads(domain), present.disks);
		t.true(present.variables.equals(await readFile(nvramOf(domain.folder))));
		t.deepEqual(await readBeside(domain), []);
	});
}

test.serial('what is advised about the copies of firmware variables, and about memory beside them, helps', async t => {
	const domain = await makeUefiDomain(t);
	const memory = ['create', '--memory', 'internal', '--yes', '--json', '--', domain.name, 'm1'];
	await refused(t, domain, memory, 'Ask for --memory external, or for the disks alone (--disk-only).');
	await succeeds(t, domain, memory.map(word => word === 'internal' ? 'external' : word));
	await stop(domain);
	const copy = (name: string) => `${nvramOf(domain.folder)}.vsnap-${name}`;
	await writeFile(copy('s1'), 'left');
	const create = ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's1'];
	await refused(t, domain, create, 'Choose another name, or remove that file if it is not needed (vsnap-tui doctor).');
	await rm(copy('s1'));
	await succeeds(t, domain, create);
	const rename = (name: string) => ['rename', '--yes', '--json', '--', domain.name, 's1', name];
	await writeFile(copy('n1'), 'left');
	await refused(t, domain, rename('n1'), 'Choose another name, or remove that file if nobody needs it (vsnap-tui doctor).');
	await rm(copy('n1'));
	await refused(t, domain, rename('n'.repeat(225)), 'Choose a shorter name.');
	await succeeds(t, domain, rename('n1'));
});

test.serial('variables that another domain uses, too, are neither copied nor replaced', async t => {
	const domain = await makeUefiDomain(t);
	await stop(domain);
	await create(t, domain, 's1');
	const other = await makeDomain(t, {diskCount: 1, osXml: () => `<loader readonly='yes' type='pflash'>${firmware}</loader><nvram>${nvramOf(domain.folder)}</nvram>`});
	const changed = await changeVariables(domain);
	const shown = await runProgram(domain, ['revert', '--discard', '--dry-run', '--', domain.name, 's1']);
	t.regex(shown.stdout, /stay as they are: another domain uses the same file/);
	const reverted = await revert(domain, 's1');
	t.is(reverted.exitCode, 0, report(reverted));
	t.true(changed.equals(await readFile(nvramOf(domain.folder))));
	const found = await runProgram(other, ['doctor', '--json', '--', other.name]);
	t.notRegex(found.stdout, /unused-nvram/);
	await virsh('undefine', '--domain', other.uuid, '--keep-nvram');
});

test.serial('the doctor names a copy whose snapshot virsh has deleted, and takes it away', async t => {
	const domain = await makeUefiDomain(t);
	await stop(domain);
	await create(t, domain, 's1');
	await virsh('snapshot-delete', '--domain', domain.uuid, '--snapshotname', 's1', '--metadata');
	const found = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.is(found.exitCode, 10, report(found));
	t.regex(found.stdout, /"unused-nvram"/);
	const mended = await runProgram(domain, ['doctor', '--repair', 'unused-nvram', '--yes', '--json', '--', domain.name]);
	t.is(mended.exitCode, 0, report(mended));
	t.deepEqual(await readBeside(domain), []);
});
