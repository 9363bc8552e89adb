/**
Domains that are marked on the screen, in a real terminal on real libvirt: a snapshot of all, all reverted to it, and that taken back, by keys alone.
*/
import process from 'node:process';
import {setTimeout as wait} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {openTerminal, type Terminal} from '../pty/terminal.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {labEnvironment, labUri} from './settings.ts';
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

/** Reads the page to its end, and starts it. */
async function startAll(terminal: Terminal, name: string | undefined): Promise<void> {
	await terminal.waitFor(name === undefined ? /Enter starts it\./ : /Type \S+ to start:/);
	await terminal.press('End');
	if (name !== undefined) {
		await terminal.type(name);
		await terminal.waitFor(new RegExp(`to start: ${name}`));
	}

	for (let isStarted = false; !isStarted;) {
		// Enters that follow one another faster than this are those of a key that is held down, and start nothing.
		await wait(500);
		await terminal.press('Enter');
		isStarted = /\d of \d+ steps|Done and verified/.test(await terminal.waitFor(/Press it again|press Enter again|\d of \d+ steps|Done and verified/));
	}

	await terminal.waitFor(/Done and verified on all 2 domains/);
	await terminal.press('Enter');
	await terminal.waitFor(/Snapshots/);
}

async function openScreen(t: ExecutionContext, width: number, height: number): Promise<Terminal> {
	const terminal = await openTerminal(t, {width, height, env: Object.fromEntries(Object.entries(labEnvironment()).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[0] !== 'HOME'))});
	await terminal.command(`node ${process.cwd()}/dist/vsnap-tui.mjs -c ${labUri} --no-check`);
	await terminal.waitFor(/Domains \d/);
	return terminal;
}

for (const [width, height] of [[80, 24], [120, 40]] as const) {
	test.serial(`two marked domains are snapshotted, reverted, and that is undone, at ${width}x${height}`, async t => {
		const domains = [await makeDomain(t), await makeDomain(t)] as const;
		for (const domain of domains) {
			await start(domain);
			await markLive(domain, 1);
		}

		const before = await digests(domains);
		const terminal = await openScreen(t, width, height);
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
