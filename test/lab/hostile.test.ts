/** Names and descriptions that mean something to shells, to virsh and to terminals are only text here. */
import {existsSync} from 'node:fs';
import path from 'node:path';
import {writeFile, rm} from 'node:fs/promises';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start} from './domains.ts';
import {expectReverted} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {run, virsh} from './run.ts';
import {imagesPath} from './settings.ts';
import {markLive, readParents, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

const touched = path.join(imagesPath, 'touched');
// U+009B starts an escape sequence like ESC [; U+202E turns the text round. XML cannot hold ESC itself.
const description = `line\tone\nline two \u009B31m red \u202Eturned & <b> 'q' "d" $(touch ${touched})`;
// A name is part of file names, so it has no slash in it.
const commandInName = '$(touch touched)`touch touched`';

function expectHarmless(t: {notRegex: (text: string, pattern: RegExp) => void}, text: string): void {
	t.notRegex(text, /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u200E\u200F\u202A-\u202E\u2066-\u2069]/);
}

test.serial('a hostile domain with hostile snapshots is listed, drawn and reverted, and runs nothing', async t => {
	t.teardown(async () => rm(touched, {force: true}));
	const domain = await makeDomain(t, {nameHead: '-', nameTail: ` a'b "c" ${commandInName}; # %s\\ é🙂\u009B`, description});
	const names = [`-s1 'x' "y" ${commandInName}`, '--discard', 'two  blanks, a comma; # and %s', '007', '🙂\u202Es\u009B31m', ' blank '];
	await start(domain);
	const digests = new Map<string, Record<string, string>>();
	for (const [index, name] of names.entries()) {
		digests.set(name, await markLive(domain, index + 1));
		await takeDiskSnapshot(domain, name, ['--description', description]);
	}

	for (const name of [names[4]!, names[0]!, names[1]!, names[5]!, names[2]!, names[3]!]) {
		await expectReverted(t, domain, await revert(domain, name), {digests: digests.get(name)!, current: name});
	}

	const kept = await revert(domain, names[0]!, {flags: [`--keep=-kept ${commandInName}\u202E`]});
	await expectReverted(t, domain, kept, {digests: digests.get(names[0]!)!, current: names[0]!});
	const parents = await readParents(domain);
	t.deepEqual(Object.keys(parents).sort(), [...names, `-kept ${commandInName}\u202E`].sort());

	const tree = await runProgram(domain, ['tree', '--json', '--', domain.name]);
	t.is(tree.exitCode, 0, report(tree));
	const told = JSON.parse(tree.stdout) as {domain: {name: string}; snapshots: Array<{name: string; description: string}>};
	t.is(told.domain.name, domain.name);
	t.deepEqual(told.snapshots.map(({name}) => name).sort(), [...names, `-kept ${commandInName}\u202E`].sort());
	t.is(told.snapshots.find(({name}) => name === names[0])!.description, description);

	const dryRun = ['revert', '--discard', '--dry-run', '--', domain.name];
	for (const args of [['tree', '--', domain.name], ['list'], [...dryRun, names[0]!], [...dryRun, '\u009Bnothing']]) {
		const result = await runProgram(domain, args);
		expectHarmless(t, result.stdout);
		expectHarmless(t, result.stderr);
	}

	const list = await runProgram(domain, ['list', '--json']);
	t.true(JSON.stringify(JSON.parse(list.stdout)).includes(JSON.stringify(domain.name)));
	t.false(existsSync(touched));
	t.false(existsSync('touched'));
	await virsh('dominfo', '--domain', domain.uuid);
});

test.serial('the exported script of a hostile revert runs nothing but the revert', async t => {
	t.teardown(async () => rm(touched, {force: true}));
	const domain = await makeDomain(t, {nameHead: '-', nameTail: ` a'b "c" ${commandInName}`, description});
	await start(domain);
	const name = `-s1 'x' "y" ${commandInName}`;
	const digests = await markLive(domain, 1);
	await takeDiskSnapshot(domain, name);
	await markLive(domain, 2);
	const script = await runProgram(domain, ['revert', '--keep', `it's ${commandInName}`, '--shutoff', '--dry-run', '--shell', '--', domain.name, name]);
	t.is(script.exitCode, 0, report(script));
	const scriptPath = path.join(domain.folder, 'revert.sh');
	await writeFile(scriptPath, script.stdout);
	await run('sh', [scriptPath]);
	await rm(scriptPath);
	await expectReverted(t, domain, script, {digests, current: name});
	t.false(existsSync(touched));
	t.false(existsSync('touched'));
});
