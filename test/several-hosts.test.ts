import test from 'ava';
import {parseArguments} from '../source/arguments.ts';
import {askEach, looksOnly} from '../source/several-hosts.ts';
import {unwrap} from './helpers/unwrap.ts';

async function ask(isJson: boolean) {
	const said = {out: '', error: ''};
	const asked: Parameters<typeof askEach>[1] = {
		isJson,
		writeOut(text) {
			said.out += text;
		},
		writeError(text) {
			said.error += text;
		},
	};
	let answerSlow: (() => void) | undefined;
	const slow = new Promise<void>(resolve => {
		answerSlow = resolve;
	});
	const exitCode = await askEach(['slow', 'fast', 'gone'], asked, async (name, {writeOut, writeError}) => {
		if (name === 'gone') {
			writeError(isJson ? '{"error":{"kind":"host-unreachable"}}\n' : 'no answer\n');
			answerSlow!();
			return 5;
		}

		await (name === 'slow' ? slow : undefined);
		writeOut(isJson ? `["${name}"]\n` : `domain of ${name}\n`);
		return 0;
	});
	return {...said, exitCode};
}

test('each host answers under its name, whoever answers first is not held up, and the exit code is the worst', async t => {
	const {out, error, exitCode} = await ask(false);
	t.is(out, 'gone\n\nfast\ndomain of fast\n\nslow\ndomain of slow\n\n');
	t.is(error, 'gone: no answer\n');
	t.is(exitCode, 5);
});

test('in JSON all answers are one list, in the order in which the hosts were named', async t => {
	const {out, error} = await ask(true);
	t.deepEqual(JSON.parse(out), [
		{host: 'slow', exitCode: 0, answer: ['slow']}, {host: 'fast', exitCode: 0, answer: ['fast']}, {host: 'gone', exitCode: 5, answer: null, errors: {error: {kind: 'host-unreachable'}}},
	]);
	t.is(error, '');
});

test('-c may be given again, before the verb and behind it; what changes something is for one host', t => {
	const read = (...argv: string[]) => {
		const parsed = unwrap(parseArguments(argv, '0'));
		return parsed.kind === 'print' ? undefined : {connects: parsed.options.connects, connect: parsed.options.connect, looks: looksOnly(parsed.invocation)};
	};

	t.deepEqual(read('-c', 'a', 'list', '-c', 'b', '-c', 'a'), {connects: ['a', 'b'], connect: 'a', looks: true});
	t.deepEqual(read('-c', 'a'), {connects: ['a'], connect: 'a', looks: false});
	t.deepEqual(read('list'), {connects: [], connect: undefined, looks: true});
	t.false(read('create', 'web')!.looks);
	t.false(read('doctor', 'web', '--repair', 'orphan', '--dry-run')!.looks);
});
