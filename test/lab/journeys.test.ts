/**
The journeys of one domain by keys, in a real terminal on real libvirt: what the screen says is done is compared by bytes, and whatever comes in between (typos,
Escape at every point, pastes, other sizes, Ctrl-C, Ctrl-Z, a terminal that is lost) leaves all as before, or done.
*/
import {access, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import type {Terminal} from '../pty/terminal.ts';
import {startLab} from './daemons.ts';
import {
	makeDomain, readState, start, type LabDomain,
} from './domains.ts';
import {openScreen, startPage} from './lab-screen.ts';
import {waitFor} from './run.ts';
import {makeShims, readPlan} from './shims.ts';
import {digestHeads, readHeads} from './slots.ts';
import {
	markLive, readCurrent, readParents, takeChain, takeDiskSnapshot,
} from './snapshots.ts';
import {readStrays, readWorld} from './world.ts';

test.before(startLab);

const flags = ['--discard', '--running'];

const sizes = [[80, 24], [120, 40]] as const;

/** The tree of the domain, with the row NOW selected. */
async function openDomain(t: ExecutionContext, domain: LabDomain, [width, height]: readonly [number, number]): Promise<Terminal> {
	const terminal = await openScreen(t, {width, height, args: [domain.name]});
	await terminal.waitFor(/NOW running/);
	return terminal;
}

async function leaveResult(terminal: Terminal, result: RegExp): Promise<void> {
	await terminal.waitFor(result);
	await terminal.press('Enter');
	await terminal.waitFor(/NOW running[^]*q quit/);
}

type Held = {
	/** For the program's environment: its commands stop before the step. */
	env: Record<string, string>;
	untilHeld(): Promise<void>;
	letGo(): Promise<void>;
};

/** Holds the revert to `s1` that is asked for on the command line before the step of that name. */
async function holdAt(t: ExecutionContext, domain: LabDomain, step: string): Promise<Held> {
	const plan = await readPlan(domain, 's1', flags);
	const at = plan.steps.findIndex(({id}) => id === step);
	t.not(at, -1, step);
	const shims = await makeShims(t, plan, {at, script: ': > "$here/held"; while [ ! -e "$here/go" ]; do sleep 0.05; done; "$name" "$@"; exit'});
	shims.options.onStart(0);
	return {
		env: shims.options.env,
		untilHeld: async () => waitFor(`${step} is held`, async () => access(path.join(shims.folder, 'held')).then(() => true, () => false)),
		letGo: async () => writeFile(path.join(shims.folder, 'go'), ''),
	};
}

/** Starts that revert on its page, and waits until it is held. */
async function startHeld(t: ExecutionContext, domain: LabDomain, {step, size: [width, height]}: {step: string; size: readonly [number, number]}): Promise<{terminal: Terminal; held: Held; pid: number}> {
	const held = await holdAt(t, domain, step);
	const terminal = await openScreen(t, {width, height, args: ['revert', domain.name, 's1', ...flags], env: {...held.env, VSNAP_TUI_STATE: domain.statePath}, first: /Type \S+ to start:/});
	const [pid] = await terminal.readPrograms();
	await startPage(terminal, domain.name);
	await held.untilHeld();
	return {terminal, held, pid: pid!};
}

async function untilGone(pid: number): Promise<void> {
	await waitFor(`process ${pid} has ended`, async () => access(`/proc/${pid}`).then(() => false, () => true));
}

for (const size of sizes) {
	const at = size.join('x');

	test.serial(`revert, undo, undo of that, branch, create, merge and delete by keys, each by bytes, at ${at}`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		const terminal = await openDomain(t, domain, size);

		await terminal.press('g');
		await terminal.waitFor(/Snapshot s1|^.*s1 .*$/m);
		await terminal.press('r');
		await startPage(terminal, domain.name);
		await leaveResult(terminal, /Done and verified\. "\S+" is\s+back at "s1"/);
		t.deepEqual(await digestHeads(domain), digests.get('s1'));
		const kept = Object.keys(await readParents(domain)).find(name => name.startsWith('kept-'));
		t.truthy(kept, 'what was left is kept');

		const changed = await markLive(domain, 5);
		for (const wanted of [digests.get('')!, changed]) {
			await terminal.press('z');
			await terminal.waitFor(/^ undo +revert to/m);
			await terminal.press('Enter');
			await startPage(terminal, domain.name);
			await leaveResult(terminal, /Done and verified/);
			t.deepEqual(await digestHeads(domain), wanted);
		}

		await terminal.press('g');
		await terminal.press('b');
		await terminal.waitFor(/Branch/);
		await startPage(terminal, domain.name);
		await leaveResult(terminal, /Done and verified/);
		t.deepEqual(await digestHeads(domain), digests.get('s1'));

		const written = await markLive(domain, 6);
		await terminal.press('c');
		await terminal.waitFor(/Enter starts it/);
		await startPage(terminal, undefined);
		await leaveResult(terminal, /Done and verified\. The snapshot "\S+" of "\S+" is\s+created/);
		const created = await readCurrent(domain);
		t.deepEqual(await digestHeads(domain), written);

		await terminal.press('Up', 'm');
		await startPage(terminal, domain.name);
		await leaveResult(terminal, /Done and verified/);
		t.false(created in await readParents(domain));
		t.deepEqual(await digestHeads(domain), written);

		await terminal.press('g');
		await terminal.press('d');
		await terminal.waitFor(/Delete/);
		await startPage(terminal, domain.name);
		await leaveResult(terminal, /Done and verified/);
		t.false('s1' in await readParents(domain));
		t.deepEqual(await digestHeads(domain), written);
		t.deepEqual(await readStrays(domain), []);
		await terminal.press('q');
		await terminal.waitFor(/code=0/);
	});

	test.serial(`typos, pastes, other sizes, Ctrl-Z, and Escape at every point of each page change nothing, at ${at}`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		await takeChain(domain, ['s1', 's2']);
		const terminal = await openDomain(t, domain, size);
		const before = await readWorld(domain);
		const [width, height] = size;
		for (const [key, page] of [['r', /Revert/], ['b', /Branch/], ['d', /Delete/], ['m', /Merge|Delete/], ['c', /Create/], ['n', /Rename/]] as const) {
			await terminal.press('g');
			await terminal.press(key);
			const first = await terminal.waitFor(page);
			await terminal.waitFor(/Esc /);
			// Each field, by Tab: its choices turned round once, or a letter typed into it; and one step back from there.
			for (let tabs = 0; tabs < 4; tabs++) {
				await terminal.press('Tab', 'Space');
			}

			await terminal.resize(60, 16);
			await terminal.resize(width, height);
			await terminal.press('C-l', 'Escape');
			await terminal.waitForOther(first);
			for (let escapes = 0; escapes < 3; escapes++) {
				await terminal.press('Escape');
			}

			await terminal.waitFor(/NOW running[^]*q quit/);
			t.deepEqual(await readWorld(domain), before, `Escape from ${key}`);
		}

		await terminal.press('g');
		await terminal.press('r');
		await terminal.waitFor(/Type \S+ to start:/);
		await terminal.type(`${domain.name}x`);
		await terminal.waitFor(new RegExp(`to start: ${domain.name}x`));
		await terminal.press('Enter');
		await terminal.waitFor(/That is not the name/);
		await terminal.press('C-u');
		// The name and an Enter that were pasted, and what else stood in the clipboard.
		await terminal.paste(`${domain.name}\n`);
		await terminal.waitFor(new RegExp(`to start: ${domain.name}(?!x)`));
		await terminal.press('C-z');
		await terminal.waitFor(/READY>\s*$/);
		t.deepEqual(await readWorld(domain), before, 'pasted, and suspended');
		await terminal.command('fg');
		await terminal.waitFor(/Type \S+ to start:/);
		await terminal.press('C-c');
		await terminal.waitFor(/code=\d+|READY>\s*$/);
		t.deepEqual(await readWorld(domain), before, 'left by Ctrl-C');
	});

	test.serial(`Ctrl-C while overlays are made leaves all as before; after the switch, through other sizes and pages, the revert is completed, at ${at}`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		const before = await readWorld(domain);
		const early = await startHeld(t, domain, {step: 'create-vdb', size});
		await early.terminal.press('C-c');
		await early.terminal.waitFor(/Ctrl-C again/);
		await early.terminal.press('C-c');
		await early.held.letGo();
		await early.terminal.waitFor(/It was stopped; everything is as before/);
		t.deepEqual(await readWorld(domain), before);
		await early.terminal.press('Enter');
		await early.terminal.waitFor(/NOW running/);
		await early.terminal.press('q');
		await early.terminal.waitFor(/code=\d/);

		const {terminal, held} = await startHeld(t, domain, {step: 'define', size});
		await terminal.resize(60, 16);
		await terminal.waitFor(/\d+ of \d+/);
		await terminal.resize(200, 50);
		await terminal.waitFor(/(?:.*\n){45}/);
		await terminal.resize(size[0], size[1]);
		await terminal.press('Escape');
		await terminal.waitFor(/J open/);
		await terminal.press('J');
		await terminal.waitFor(/\d+ of \d+ steps/);
		await terminal.press('C-c', 'C-c');
		await held.letGo();
		await terminal.waitFor(/Done and verified\. "\S+" is\s+back at "s1"/);
		t.deepEqual(await digestHeads(domain), digests.get('s1'));
		t.is(await readState(domain), 'running');
		t.deepEqual(await readStrays(domain), []);
	});

	test.serial(`a terminal that is lost while overlays are made leaves all as before, and after the switch the revert is completed, from ${at}`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		const before = await readWorld(domain);
		const loseAt = async (step: string) => {
			const {terminal, held, pid} = await startHeld(t, domain, {step, size});
			await terminal.lose();
			await held.letGo();
			await untilGone(pid);
		};

		await loseAt('create-vdb');
		t.deepEqual(await readWorld(domain), before);
		await loseAt('define');
		t.deepEqual(await digestHeads(domain), digests.get('s1'));
		t.is(await readState(domain), 'running');
		t.deepEqual(await readStrays(domain), []);
	});

	test.serial(`what was killed after the switch is in sight on the first screen, and x leads to its end, at ${at}`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		const digests = await takeChain(domain, ['s1', 's2']);
		const {held, pid} = await startHeld(t, domain, {step: 'define', size});
		process.kill(pid, 'SIGKILL');
		await held.letGo();
		await untilGone(pid);
		const [width, height] = size;
		const terminal = await openScreen(t, {width, height, env: {VSNAP_TUI_STATE: domain.statePath}, first: /Finish|interrupted/});
		await terminal.waitFor(/Its journal is complete/);
		await terminal.press('Escape');
		await terminal.waitFor(/interrupted just now .* x open/);
		await terminal.press('x');
		await terminal.waitFor(/Its journal is complete/);
		await terminal.press('Enter');
		await terminal.waitFor(/Finished and verified\. "\S+" is\s+back at "s1"/);
		t.deepEqual(await digestHeads(domain), digests.get('s1'));
		t.deepEqual(await readStrays(domain), []);
	});

	test.serial(`D tells of a layer that a backup script left, Enter leads to the plan that folds it, and D has nothing to say then, at ${at}`, async t => {
		const domain = await makeDomain(t);
		await start(domain);
		await markLive(domain, 1);
		await takeDiskSnapshot(domain, 'backup', ['--no-metadata']);
		const written = await markLive(domain, 2);
		const terminal = await openDomain(t, domain, size);
		await terminal.press('D');
		await terminal.waitFor(/unrecorded|without a record|no record/i);
		await terminal.press('Enter');
		await terminal.waitFor(/\(\*\) record it as a snapshot/);
		await terminal.press('Tab', 'Space');
		await terminal.waitFor(/\(\*\) fold it into its base/);
		await terminal.press('Tab');
		await startPage(terminal, domain.name);
		await terminal.waitFor(/Done and verified/);
		t.deepEqual(await digestHeads(domain), written);
		t.deepEqual([...(await readHeads(domain)).values()].map(file => path.basename(file)), ['vda.qcow2', 'vdb.qcow2']);
		await terminal.press('Enter');
		await terminal.waitFor(/no problems|nothing|healthy/i);
		t.deepEqual(await readStrays(domain), []);
	});
}
