import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import test from 'ava';
import {planRevert} from '../../../source/engine/plan/revert.ts';
import {formatShellScript} from '../../../source/engine/plan/shell-script.ts';
import {formatCommandLine, quoteForShell} from '../../../source/model/shell-quote.ts';
import {must, now, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {argvOf} from '../../helpers/argv-of.ts';

const run = promisify(execFile);
const plan = must(planRevert(
	{kind: 'revert', domain: {uuid, name: '-x $(touch /tmp/x)\n\u001B[31m'}, snapshot: 's1', fate: {kind: 'keep', name: 'it\'s $HOME'}, endState: undefined},
	threeSnapshots({state: 'running'}),
	{id: 'p1', now, workPath: '/state/files/p1'},
));

for (const word of ['', 'plain', 'a b', '$(x)', '`x`', 'it\'s', '-x', '*', 'a\nb', 'ü', '!', '\\', '"']) {
	test(`a shell reads ${JSON.stringify(word)} back as it was`, async t => {
		const {stdout} = await run('sh', ['-c', `printf %s ${quoteForShell(word)}`]);
		t.is(stdout, word);
	});
}

test('the script holds every command of the plan, in its order', t => {
	const script = formatShellScript(plan, {remoteArgv: undefined});
	const positions = plan.steps.map(step => script.indexOf(`${step.command.onlyIf === undefined ? '\n' : '|| '}${formatCommandLine(argvOf(step.command))}`));
	t.false(positions.includes(-1));
	t.deepEqual([...positions].sort((a, b) => a - b), positions);
});

test('a shell accepts the script, here and for a host at the other end of ssh', async t => {
	for (const remoteArgv of [undefined, ['ssh', '-T', 'root@host']]) {
		const child = run('sh', ['-n']);
		child.child.stdin!.end(formatShellScript(plan, {remoteArgv}));
		await t.notThrowsAsync(child);
	}
});

test('a hostile name cannot leave its comment', t => {
	const lines = formatShellScript(plan, {remoteArgv: undefined}).split('\n');
	t.false(lines.some(line => line.includes('touch /tmp/x') && !line.startsWith('#')));
	t.false(lines.join('').includes('\u001B'));
});
