/** Members of the group libvirt without root: what libvirt's pools tell is planned with, and what libvirt does with volumes is done, by bytes. */
import {readdir} from 'node:fs/promises';
import test, {type ExecutionContext} from 'ava';
import {openTerminal} from '../pty/terminal.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, stop,
} from './domains.ts';
import {
	closeFolder, expectListed, killingPath, makeMemberScene, mark, tell,
} from './members.ts';
import {startPage} from './lab-screen.ts';
import {runProgram} from './program.ts';
import {attemptVirsh, virsh, type Ran} from './run.ts';
import {isOwnLibvirt, labUri} from './settings.ts';
import {digestHeads} from './slots.ts';
import {readParents} from './snapshots.ts';

test.before(startLab);

for (const isRunning of [false, true]) {
	test.serial(`${isRunning ? 'running' : 'off'}: a member who may not touch a file creates, reverts, keeps, comes back and deletes`, async t => {
		const scene = await makeMemberScene(t);
		const {domain, act, good} = scene;
		if (isRunning) {
			await start(domain);
		}

		const tree = await act('tree', domain.name);
		t.is(tree.exitCode, 0, tell(tree));
		t.notRegex(tree.stdout, /may not be opened/);
		const held: Record<string, Record<string, string>> = {s1: await digestHeads(domain)};
		await good('create', 's1', '--disk-only');
		held.s2 = await mark(scene, 0x11);
		await good('create', 's2', '--disk-only');
		held.k1 = await mark(scene, 0x12);
		await good('revert', 's1', '--keep=k1');
		t.deepEqual(await digestHeads(domain), held.s1);
		await mark(scene, 0x13);
		for (const name of ['k1', 's1', 's2', 'k1']) {
			await good('revert', name, '--discard');
			t.deepEqual(await digestHeads(domain), held[name], name);
			const checked = await act('doctor', domain.name);
			t.is(checked.exitCode, 0, tell(checked));
		}

		if (await readState(domain) === 'shut off') {
			await start(domain);
		}

		const last = await mark(scene, 0x14);
		for (const gone of ['k1', 's1', 's2']) {
			await good('delete', gone);
			t.deepEqual(await digestHeads(domain), last, gone);
		}

		t.deepEqual(await readParents(domain), {});
		await stop(domain);
		t.deepEqual(await digestHeads(domain), last);
	});
}

test.serial('a member branches, and takes a revert back', async t => {
	const scene = await makeMemberScene(t, {diskCount: 1});
	const {domain, act, good} = scene;
	const first = await digestHeads(domain);
	await good('create', 's1', '--disk-only');
	const second = await mark(scene, 0x31);
	await good('revert', 's1', '--keep=k1');
	t.deepEqual(await digestHeads(domain), first);
	const undone = await act('undo', domain.name, '--yes');
	t.is(undone.exitCode, 0, tell(undone));
	t.deepEqual(await digestHeads(domain), second);
	await good('branch', 's1', '--keep=k2', 'b1');
	t.deepEqual(await digestHeads(domain), first);
	t.true('b1' in await readParents(domain));
	await expectListed(t, scene);
	await good('revert', 'k2', '--discard');
	t.deepEqual(await digestHeads(domain), second);
});

/** The blockers' texts and remedies. */
const refusalOf = (t: ExecutionContext, ran: Ran) => {
	t.is(ran.exitCode, 3, tell(ran));
	return ran.stderr;
};

test.serial('what a member is refused names what helps, and that does', async t => {
	const {domain, pool, act, good} = await makeMemberScene(t, {diskCount: 1});
	await good('create', 's1', '--disk-only');
	t.regex(refusalOf(t, await act('create', domain.name, 'i1', '--memory=no', '--disk=vda=internal', '--dry-run')), /Make the snapshot external: --disk-only\./);

	const merge = refusalOf(t, await act('delete', domain.name, 's1', '--dry-run'));
	t.regex(merge, /Files are out of your reach\. libvirt creates and deletes them, as volumes of the pool/);
	// Of a socket elsewhere nobody can say what root's is.
	const [, command] = isOwnLibvirt ? /As root: sudo vsnap-tui (.*)/.exec(merge)! : ['', `delete -- ${domain.name} s1`];
	const asRoot = await runProgram(domain, ['--dry-run', ...command.trim().replaceAll('\'', '').split(' ')]);
	t.is(asRoot.exitCode, 0, asRoot.stderr);

	await start(domain);
	const other = await makeDomain(t, {diskCount: 1, sizeMiB: 4});
	await closeFolder(other.folder);
	t.regex(refusalOf(t, await act('delete', domain.name, 's1', '--dry-run')), /virsh pool-create-as NAME dir --target FOLDER/);
	await virsh('pool-create-as', `${pool} 2`, 'dir', '--target', other.folder);
	t.teardown(async () => attemptVirsh('pool-destroy', `${pool} 2`));
	const held = await digestHeads(domain);
	await good('delete', 's1');
	t.deepEqual(await digestHeads(domain), held);
});

for (const at of [1, 2, 3, 4]) {
	test.serial(`killed after command ${at} of a revert with the state kept, a member puts it back and goes on`, async t => {
		const scene = await makeMemberScene(t, {diskCount: 1});
		const {domain, act, good, member} = scene;
		const first = await digestHeads(domain);
		await good('create', 's1', '--disk-only');
		const kept = await mark(scene, 0x21);
		const killed = await member.runProgram(['-c', labUri, 'revert', domain.name, 's1', '--keep=k1', '--yes', '--json'], {env: {PATH: await killingPath(member, at)}});
		t.not(killed.exitCode, 0, tell(killed));
		const back = await act('recover', '--roll-back', '--yes');
		t.is(back.exitCode, 0, tell(back));
		t.deepEqual(await digestHeads(domain), kept);
		t.deepEqual(Object.keys(await readParents(domain)), ['s1']);
		await expectListed(t, scene);
		t.deepEqual((await readdir(domain.folder)).sort(), ['vda.qcow2', 'vda.s1']);

		const again = await member.runProgram(['-c', labUri, 'revert', domain.name, 's1', '--keep=k1', '--yes', '--json'], {env: {PATH: await killingPath(member, at)}});
		t.not(again.exitCode, 0, tell(again));
		const forward = await act('recover', '--roll-forward', '--yes');
		t.is(forward.exitCode, 0, tell(forward));
		t.deepEqual(await digestHeads(domain), first);
		await good('revert', 'k1', '--discard');
		t.deepEqual(await digestHeads(domain), kept);
	});
}

for (const [width, height] of [[80, 24], [120, 40]] as const) {
	test.serial(`by keys at ${width}x${height}: a member creates, reverts with the state kept, comes back and deletes`, async t => {
		const scene = await makeMemberScene(t, {diskCount: 1});
		const {domain, member} = scene;
		await start(domain);
		const terminal = await openTerminal(t, {width, height, env: {}});
		const page = async (name: string | undefined, ...words: string[]) => {
			await terminal.command(`clear; ${member.line(['-c', labUri, '--no-check', ...words])}; echo code=$?`);
			await startPage(terminal, name);
			await terminal.waitFor(/Done and verified/);
			await terminal.press('Enter');
			await terminal.waitFor(/q quit/);
			await terminal.press('q');
			await terminal.waitFor(/code=0/);
			await expectListed(t, scene);
		};

		const first = await digestHeads(domain);
		await page(undefined, 'create', domain.name, 's1', '--disk-only');
		const second = await mark(scene, 0x31);
		await page(domain.name, 'revert', domain.name, 's1', '--keep=k1', '--running');
		t.deepEqual(await digestHeads(domain), first);
		await page(domain.name, 'revert', domain.name, 'k1', '--discard', '--running');
		t.deepEqual(await digestHeads(domain), second);
		await page(domain.name, 'delete', domain.name, 's1');
		await page(domain.name, 'delete', domain.name, 'k1');
		t.deepEqual(await digestHeads(domain), second);
		t.deepEqual(await readParents(domain), {});
		t.deepEqual(await readdir(domain.folder), ['vda.qcow2']);
	});
}
