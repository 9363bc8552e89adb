/** The built program in a real terminal: a new snapshot, a deletion and the doctor's findings, by keys alone. */
import test from 'ava';
import {openTerminal, programPath} from './terminal.ts';

for (const {width, height} of [{width: 80, height: 24}, {width: 120, height: 40}]) {
	test.serial(`a new snapshot by keys alone at ${width}×${height}`, async t => {
		const terminal = await openTerminal(t, {width, height});
		await terminal.command(`node ${programPath} --demo web; echo code=$?`);
		await terminal.waitFor(/NOW /);
		await terminal.press('c');
		await terminal.waitFor(/Enter starts it/);
		await terminal.press('Tab');
		await terminal.press('C-u');
		await terminal.type('s1');
		await terminal.waitFor(/A snapshot "s1" exists already/);
		await terminal.type('-new');
		await terminal.waitFor(/○ s1-new +new/);
		await terminal.press('Enter');
		await terminal.waitFor(/^ Name +s1-new {3,}Description/m);
		await terminal.press('i');
		const images = await terminal.waitFor(/\+ web-vdb\.s1-new {2}head vdb {2,}new/);
		t.regex(images, /web-vdb\S* {2}s1-new {2,}stays/);
		await terminal.press('Escape');
		await terminal.waitFor(/Enter starts it/);
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

test.serial('a verb on the command line opens its page, and Escape leaves without a trace', async t => {
	const terminal = await openTerminal(t);
	await terminal.command(`node ${programPath} --demo delete web s1; echo code=$?`);
	await terminal.waitFor(/Type web to start/);
	await terminal.type('we');
	await terminal.waitFor(/start: we/);
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
