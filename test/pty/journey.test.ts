/** The built program in a real terminal: the guided revert by keys, from the first screen to the result. */
import test from 'ava';
import {openTerminal, programPath, type Terminal} from './terminal.ts';

/** Presses Enter, and gives the screen as soon as it has changed. */
async function pressAndRead(terminal: Terminal, press: (key: string) => Promise<void>): Promise<string> {
	const before = (await terminal.read()).join('\n').trimEnd();
	await press('Enter');
	return terminal.waitForOther(before);
}

/** Everything that is pressed on the way, besides the typed name. */
const keysOnTheWay = 12;

for (const {width, height} of [{width: 80, height: 24}, {width: 120, height: 40}]) {
	test.serial(`a revert by keys alone at ${width}×${height}, in at most ${keysOnTheWay} keys besides the typed name`, async t => {
		const terminal = await openTerminal(t, {width, height});
		let pressed = 0;
		const press = async (key: string) => {
			pressed++;
			await terminal.press(key);
		};

		await terminal.command(`node ${programPath} --demo; echo code=$?`);
		await terminal.waitFor(/NOW /);
		await press('/');
		await terminal.type('web');
		await press('Enter');
		await terminal.waitFor(/hotfix/);
		await press('Tab');
		await press('g');
		await terminal.waitFor(/clean install/);
		await press('r');
		await terminal.waitFor(/What should happen to the current state?/);
		await press('Enter');
		await terminal.waitFor(/Power state afterwards\?/);
		await press('Enter');
		await terminal.waitFor(/You will lose/);
		// Enter goes on only once the end of a text was seen.
		while (!(await pressAndRead(terminal, press)).includes('Type the domain\'s name')) {
			t.true(pressed < 30, (await terminal.read()).join('\n'));
		}

		await terminal.type('web');
		// The typed name has arrived: an Enter together with text would count as a paste.
		await terminal.waitFor(/^ \S web\S?$/m);
		await press('Enter');
		const screen = await terminal.waitFor(/Done and verified\. "web" is back at "s1"/);
		t.regex(screen, /kept as snapshot/);
		t.true(pressed <= keysOnTheWay, `${pressed} keys`);
		await press('Enter');
		const tree = await terminal.waitFor(/NOW /);
		t.regex(tree, /kept-/);
		await terminal.press('q');
		await terminal.waitFor(/code=0/);
	});
}

test.serial('a wrong name starts nothing, and Escape leaves without a trace', async t => {
	const terminal = await openTerminal(t);
	await terminal.command(`node ${programPath} --demo web; echo code=$?`);
	await terminal.waitFor(/NOW /);
	await terminal.press('g');
	await terminal.waitFor(/clean install/);
	await terminal.press('r');
	await terminal.waitFor(/What should happen to the current state?/);
	await terminal.press('Enter');
	await terminal.waitFor(/Power state afterwards\?/);
	await terminal.press('Enter');
	await terminal.waitFor(/You will lose/);
	for (let pressed = 0; !(await pressAndRead(terminal, terminal.press)).includes('Type the domain\'s name'); pressed++) {
		t.true(pressed < 30);
	}

	await terminal.type('wab');
	await terminal.press('Enter');
	await terminal.waitFor(/That is not the name/);
	await terminal.press('Escape');
	const screen = await terminal.waitFor(/Cancelled; nothing was changed/);
	t.regex(screen, /NOW /);
	t.notRegex(screen, /kept-/);
	await terminal.press('q');
	await terminal.waitFor(/code=0/);
});
