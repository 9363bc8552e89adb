import {execFile} from 'node:child_process';
import {mkdtemp, readFile, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {titleOfAction} from '../../../source/actions/registry.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import {formatShellScript} from '../../../source/planner/script/shell-script.ts';
import {formatCommandLine, quoteForShell} from '../../../source/model/text/shell-quote.ts';
import {hasHidden} from '../../../source/model/text/visible-text.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {argvOf} from '../../helpers/argv-of.ts';

const run = promisify(execFile);
const plan = unwrap(planRevert(
	{kind: 'revert', domain: {uuid, name: '-x $(touch /tmp/x)\n\u001B[31m'}, snapshot: 's1', currentState: {kind: 'keep', name: 'it\'s $HOME'}, endState: undefined},
	threeSnapshots({state: 'running'}),
	{id: 'p1', now, workPath: '/state/files/p1'},
));

const title = titleOfAction(plan.action);

for (const word of ['', 'plain', 'a b', '$(x)', '`x`', 'it\'s', '-x', '*', 'a\nb', 'ü', '!', '\\', '"', 'a\u009Bb', '\u00AD', '\u202Ex\u{E0041}', '\u001B[31m', 'tab\there', 'end\r', '\u200C\n', '\uFFF9%d\\n\'']) {
	test(`a shell reads ${JSON.stringify(word)} back as it was`, async t => {
		const {stdout} = await run('sh', ['-c', `printf %s ${quoteForShell(word)}`]);
		t.is(stdout, word);
		t.false(hasHidden(quoteForShell(word).replaceAll('\n', '')));
	});
}

test('the script holds every command of the plan, in its order', t => {
	const script = formatShellScript(plan, {remoteArgv: undefined, title});
	const positions = plan.steps.map(step => script.indexOf(`${step.command.onlyIf === undefined ? '\n' : '|| '}${formatCommandLine(argvOf(step.command))}`));
	t.false(positions.includes(-1));
	t.deepEqual([...positions].sort((a, b) => a - b), positions);
});

test('a shell accepts the script, here and for a host at the other end of ssh', async t => {
	for (const remoteArgv of [undefined, ['ssh', '-T', 'root@host']]) {
		const child = run('sh', ['-n']);
		child.child.stdin!.end(formatShellScript(plan, {remoteArgv, title}));
		await t.notThrowsAsync(child);
	}
});

test('a hostile name cannot leave its comment', t => {
	const lines = formatShellScript(plan, {remoteArgv: undefined, title}).split('\n');
	t.false(lines.some(line => line.includes('touch /tmp/x') && !line.startsWith('#')));
	t.false(lines.join('').includes('\u001B'));
});

test('nothing in a script is hidden, and the files that it writes hold the very bytes', async t => {
	const text = '<x>\n\t\u009B \u00AD it\'s \u202E\u{E0041} % \\ "$HOME" `id`\r\n\n</x>\n';
	const [first, ...rest] = plan.steps;
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-script-'));
	const name = path.join(folder, 'a\u200Bb.xml');
	const step = {...first!, command: {tool: 'file' as const, argv: ['test', '-e', name], files: [{path: name, text}]}};
	const script = formatShellScript({...plan, uri: 'qemu:///\u202E', steps: [step, ...rest]}, {remoteArgv: undefined, title});
	t.false(hasHidden(script.replaceAll(/[\n\t]/g, '')));
	const written = /^printf '%s' [^]*? > .*$/m.exec(script)![0];
	await run('sh', ['-c', written]);
	t.is(await readFile(name, 'utf8'), text);
	await rm(folder, {recursive: true});
});
