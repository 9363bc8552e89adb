/** The built program in a real terminal: a new snapshot, a deletion and the doctor's findings, by keys alone. */
import test from 'ava';
import {openTerminal, programPath, type Terminal} from './terminal.ts';

/** Presses Enter until this page has come; the screen must change each time. Gives the page. */
async function enterUntil(terminal: Terminal, page: RegExp): Promise<string> {
	let screen = (await terminal.read()).join('\n').trimEnd();
	for (let pressed = 0; pressed < 20 && !page.test(screen); pressed++) {
		await terminal.press('Enter');
		screen = await terminal.waitForOther(screen);
		if (screen.includes('Reading the host and making the plan')) {
			screen = await terminal.waitFor(/\[Effects][\s\S]*(?:Nothing is lost|You will lose|Refused)/);
		}
	}

	return terminal.waitFor(page);
}

for (const {width, height} of [{width: 80, height: 24}, {width: 120, height: 40}]) {
	test.serial(`a new snapshot by keys alone at ${width}×${height}`, async t => {
		const terminal = await openTerminal(t, {width, height});
		await terminal.command(`node ${programPath} --demo web; echo code=$?`);
		await terminal.waitFor(/NOW /);
		await terminal.press('c');
		await terminal.waitFor(/What should the snapshot be called\?/);
		await terminal.press('C-u');
		await terminal.type('s1');
		await terminal.waitFor(/A snapshot "s1" exists already/);
		await terminal.type('-new');
		await terminal.waitFor(/Enter accepts both/);
		await terminal.press('Enter');
		await terminal.waitFor(/What should be saved\?/);
		const images = await enterUntil(terminal, /\+ web-vdb\.s1-new {2}head vdb {2,}new/);
		t.regex(images, /web-vdb\S* {2}s1-new {2,}stays/);
		await enterUntil(terminal, /Enter starts/);
		// A key that is held down does not start: the page must have been there for a moment.
		await new Promise(resolve => {
			setTimeout(resolve, 500);
		});
		await terminal.press('Enter');
		await terminal.waitFor(/Done and verified\. The snapshot "s1-new" of "web" is created/);
		await terminal.press('Enter');
		await terminal.waitFor(/s1-new[\s\S]*NOW /);
		await terminal.press('q');
		await terminal.waitFor(/code=0/);
	});
}

test.serial('a verb on the command line opens at its question, and Escape leaves without a trace', async t => {
	const terminal = await openTerminal(t);
	await terminal.command(`node ${programPath} --demo delete web s1; echo code=$?`);
	await terminal.waitFor(/What should be deleted\?/);
	await enterUntil(terminal, /Type the domain's name to start/);
	await terminal.type('we');
	await terminal.press('Enter');
	await terminal.waitFor(/That is not the name/);
	await terminal.press('Escape');
	const screen = await terminal.waitFor(/Cancelled; nothing was changed/);
	t.regex(screen, /Snapshots 6/);
	await terminal.press('q');
	await terminal.waitFor(/code=130/);
});

test.serial('the doctor of the command line shows its findings, and its exit code tells of them', async t => {
	const terminal = await openTerminal(t);
	await terminal.command(`node ${programPath} --demo doctor; echo code=$?`);
	const screen = await terminal.waitFor(/Doctor: all domains: \d+ problem/);
	t.regex(screen, / found /);
	await terminal.press('Escape');
	await terminal.waitFor(/Domains \d+/);
	await terminal.press('q');
	await terminal.waitFor(/code=10/);
});
