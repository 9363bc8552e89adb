/**
Domains that are marked on the screen, in a real terminal on real libvirt: a snapshot of all, all reverted to it, and that taken back, by keys alone.
*/
import test from 'ava';
import type {Terminal} from '../pty/terminal.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {openScreen, startPage} from './lab-screen.ts';
import {digestHeads} from './slots.ts';
import {markLive, readParents} from './snapshots.ts';

test.before(startLab);

const digests = async (domains: readonly LabDomain[]) => Promise.all(domains.map(async domain => digestHeads(domain)));

/** Finds each by its name, and marks it. */
async function mark(terminal: Terminal, domains: readonly LabDomain[]): Promise<void> {
	for (const {name} of domains) {
		await terminal.press('/', 'C-u');
		await terminal.type(name);
		await terminal.waitFor(new RegExp(` ${name} now `));
		await terminal.press('Enter');
		await terminal.waitFor(/Enter actions/);
		await terminal.press('Space');
		await terminal.waitFor(/^> ?.?\+/m);
		// It has been read by then: until that no action begins.
		await terminal.waitFor(/NOW running/);
	}
}

/** Starts it, and leaves the result of both. */
async function startAll(terminal: Terminal, name: string | undefined): Promise<void> {
	await startPage(terminal, name);
	await terminal.waitFor(/Done and verified on all 2 domains/);
	await terminal.press('Enter');
	await terminal.waitFor(/Snapshots/);
}

for (const [width, height] of [[80, 24], [120, 40]] as const) {
	test.serial(`two marked domains are snapshotted, reverted, and that is undone, at ${width}x${height}`, async t => {
		const domains = [await makeDomain(t), await makeDomain(t)] as const;
		for (const domain of domains) {
			await start(domain);
			await markLive(domain, 1);
		}

		const before = await digests(domains);
		const terminal = await openScreen(t, {width, height});
		await mark(terminal, domains);
		await terminal.press('c');
		await terminal.waitFor(/If one fails/);
		await startAll(terminal, undefined);
		const parents = await Promise.all(domains.map(async domain => readParents(domain)));
		t.deepEqual(parents.map(each => Object.keys(each).length), [1, 1]);

		for (const domain of domains) {
			await markLive(domain, 2);
		}

		const changed = await digests(domains);
		t.notDeepEqual(changed, before);
		await mark(terminal, domains);
		await terminal.press('r');
		await terminal.waitFor(/Choose the snapshot to revert to/);
		await terminal.press('r');
		await terminal.waitFor(/If one fails/);
		const [, asked] = /Type (\S+) to start/.exec(await terminal.waitFor(/Type \S+ to start/))!;
		await startAll(terminal, asked);
		t.deepEqual(await digests(domains), before);

		await terminal.press('z');
		await terminal.waitFor(/revert to "kept-/);
		await terminal.press('Enter');
		await terminal.waitFor(/If one fails/);
		const [, again] = /Type (\S+) to start/.exec(await terminal.waitFor(/Type \S+ to start/))!;
		await startAll(terminal, again);
		t.deepEqual(await digests(domains), changed);
	});
}
