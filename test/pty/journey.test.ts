/** The built program in a real terminal: the guided revert by keys, from the first screen to the result. */
import {
	mkdtemp, readFile, rm, stat,
} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test from 'ava';
import {openTerminal, programPath} from './terminal.ts';

/** Everything that is pressed on the way, besides the typed names: to the domain, to the snapshot, the revert. */
const keysOnTheWay = 7;

for (const {width, height} of [{width: 60, height: 16}, {width: 80, height: 24}, {width: 120, height: 40}]) {
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
		await terminal.waitFor(/on s3|since s3/);
		await press('Tab');
		await press('g');
		await terminal.waitFor(/clean install/);
		await press('r');
		await terminal.waitFor(/Type web to start/);
		await terminal.type('web');
		// The typed name has arrived: an Enter together with text would count as a paste.
		await terminal.waitFor(/^ Type web to start: web\S?/m);
		await press('Enter');
		if (height < 24) {
			// What is lost has to be in sight first.
			await terminal.waitFor(/Read on/);
			await press('Enter');
		}

		const screen = await terminal.waitFor(/Done and verified\. "web" is back at "s1"/);
		t.regex(screen, /kept as snapshot/);
		t.true(pressed <= keysOnTheWay + (height < 24 ? 1 : 0), `${pressed} keys`);
		await press('Enter');
		const tree = await terminal.waitFor(/NOW /);
		t.regex(tree, /Snapshots 7/);
		await terminal.press('q');
		await terminal.waitFor(/code=0/);
	});
}

test.serial('a wrong name starts nothing, an answer is changed, and Escape leaves without a trace', async t => {
	const terminal = await openTerminal(t);
	await terminal.command(`node ${programPath} --demo web; echo code=$?`);
	await terminal.waitFor(/NOW /);
	await terminal.press('g');
	await terminal.waitFor(/clean install/);
	await terminal.press('r');
	await terminal.waitFor(/Type web to start/);
	await terminal.type('wab');
	await terminal.waitFor(/start: wab/);
	await terminal.press('Enter');
	await terminal.waitFor(/That is not the name/);
	await terminal.press('Tab');
	await terminal.press('Space');
	await terminal.waitFor(/\(•\) discard[\s\S]*Everything written since/);
	await terminal.press('Escape');
	const screen = await terminal.waitFor(/Cancelled; nothing was changed/);
	t.regex(screen, /NOW /);
	t.notRegex(screen, /kept-/);
	await terminal.press('q');
	await terminal.waitFor(/code=0/);
});

test.serial('the script of a plan is saved for its owner alone, and is no plan that was started', async t => {
	const terminal = await openTerminal(t);
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-script-'));
	t.teardown(async () => rm(folder, {recursive: true}));
	await terminal.command(`cd ${folder} && node ${programPath} --demo web; echo code=$?`);
	await terminal.waitFor(/NOW running/);
	await terminal.press('c');
	await terminal.waitFor(/Enter starts it/);
	await terminal.press('w');
	await terminal.waitFor(/Save the script as: create-web\.sh/);
	await terminal.press('Enter');
	await terminal.waitFor(/Saved as /);
	const file = path.join(folder, 'create-web.sh');
	t.is((await stat(file)).mode & 0o777, 0o700);
	const text = await readFile(file, 'utf8');
	t.regex(text, /^#!\/bin\/sh/);
	await terminal.press('w');
	await terminal.waitFor(/Save the script as/);
	await terminal.press('Enter');
	await terminal.waitFor(/is there already/);
	t.is(await readFile(file, 'utf8'), text);
	await terminal.press('Escape');
	await terminal.press('Escape');
	await terminal.waitFor(/Cancelled; nothing was changed/);
	await terminal.press('q');
	await terminal.waitFor(/code=0/);
});
