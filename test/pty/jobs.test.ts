/** The built program in a real terminal: two actions at once while one browses, and what the shell keeps of them. */
import test from 'ava';
import {openTerminal, programPath} from './terminal.ts';

/** Of the oldest snapshot of nextcloud, which takes a while. */
async function startMerge(terminal: Awaited<ReturnType<typeof openTerminal>>): Promise<void> {
	await terminal.press('g', 'm');
	await terminal.waitFor(/Type nextcloud to start/);
	await terminal.type('nextcloud');
	await terminal.waitFor(/start: nextcloud/);
	await terminal.press('Enter');
	await terminal.waitFor(/\d+ of 16 steps/);
}

test.serial('an action goes on while another one is started on another domain, both end, and the shell keeps a line for each', async t => {
	const terminal = await openTerminal(t, {width: 100, height: 30});
	await terminal.command(`node ${programPath} --demo nextcloud; echo code=$?`);
	await terminal.waitFor(/NOW /);
	const title = await terminal.readFlag('pane_title');
	await startMerge(terminal);
	t.regex(await terminal.readFlag('pane_title'), /^\d+ % merge before-29 of nextcloud$/);
	await terminal.press('Escape');
	await terminal.waitFor(/↻ merge before-29 of nextcloud {2}\d+ %.* J open/);
	await terminal.press('c');
	await terminal.waitFor(/Create.*: the merge of "before-29" is at work on it \(J\)/);
	await terminal.press('Tab', '/');
	await terminal.type('vpn');
	await terminal.press('Enter');
	await terminal.waitFor(/1 Snapshots 1\b[\s\S]*before-patches/);
	await terminal.press('c');
	await terminal.waitFor(/Enter starts it\./);
	// So that Enter does not come before the page could be read.
	await new Promise(resolve => {
		setTimeout(resolve, 500);
	});
	await terminal.press('Enter');
	await terminal.waitFor(/Create .*vpn {4}\d+ of \d+ steps|Done and verified/);
	await terminal.waitFor(/Done and verified\. The snapshot .* of "vpn" is created/);
	await terminal.press('Enter');
	await terminal.waitFor(/nextcloud: .* done/);
	await terminal.press('z');
	await terminal.waitFor(/nextcloud: merge "before-29" +✗ not possible/);
	await terminal.press('Escape', '@');
	await terminal.waitFor(/Command log[\s\S]*virsh/);
	await terminal.press('Escape', 'q');
	await terminal.waitFor(/code=0/);
	const history = await terminal.readHistory();
	t.regex(history, /✓ merge before-29 of nextcloud, \d\d:\d\d: done and verified/);
	t.regex(history, /✓ create .* of vpn, \d\d:\d\d: done and verified/);
	t.is(await terminal.readFlag('pane_title'), title);
});

test.serial('to quit while something is at work asks; whoever waits leaves with its end', async t => {
	const terminal = await openTerminal(t);
	await terminal.command(`node ${programPath} --demo nextcloud; echo code=$?`);
	await terminal.waitFor(/NOW /);
	await startMerge(terminal);
	await terminal.press('Escape', 'q');
	await terminal.waitFor(/Quit\? An action is at work/);
	await terminal.press('Enter');
	await terminal.waitFor(/Quits after: merge before-29/);
	await terminal.waitFor(/✓ merge before-29 of nextcloud, \d\d:\d\d: done and verified\n.*code=0/);
	t.is(await terminal.readFlag('alternate_on'), '0');
});
