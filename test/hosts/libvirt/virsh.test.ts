import test from 'ava';
import fc from 'fast-check';
import {unwrap} from '../../helpers/unwrap.ts';
import {createVirsh, hasNoCurrentSnapshot, isMissingDomain, isMissingSnapshot, isNotRunning, isNotSupported, isUnreachable, partQuestions, quoteForVirsh} from '../../../source/hosts/libvirt/virsh.ts';
import {reasonOf} from '../../../source/hosts/shared/read-answers.ts';
import {parseVirshCommands} from '../../../source/hosts/demo/simulator/virsh/words.ts';
import {createLocalRunner} from '../../../source/tools/run/run.ts';
import {fakeRunner, fixture, toolFailure} from './fixture.ts';

const driver = createVirsh({runner: createLocalRunner(), uri: 'test:///default', isReadOnly: false});
const uuid = '6695eb01-f6a4-8304-79aa-97f2502e193f';

test('each question of a batch gets its own answer, in one process', async t => {
	const answers = unwrap(await driver.ask([['hostname'], ['list', '--all', '--uuid', '--name'], ['snapshot-list', '--domain', uuid, '--name'], ['uri']]));
	t.deepEqual(answers.slice(1).map(answer => answer.ok ? answer.value : answer), [`${uuid} test\n`, '', 'test:///default\n']);
});

test('a question that fails gets its own error, and the others their answers', async t => {
	const answers = unwrap(await driver.ask([['uri'], ['dumpxml', '--domain', 'nope'], ['snapshot-list', '--domain', uuid, '--name'], ['uri']]));
	t.deepEqual(answers.map(answer => answer.ok), [true, false, true, true]);
	const failed = answers[1]!;
	t.true(!failed.ok && isMissingDomain(failed.failure));
	t.true(!failed.ok && failed.failure.kind === 'tool-failed' && failed.failure.cause.stderr.includes('\'nope\''));
});

test('an error of syntax in one question leaves the others their answers', async t => {
	const answers = unwrap(await driver.ask([['uri'], ['dumpxml', '--bogus'], ['uri']]));
	t.deepEqual(answers.map(answer => answer.ok), [true, false, true]);
});

test('names arrive in libvirt as they are, whatever they hold', async t => {
	const name = '-x $(touch pwn) \'q\' "d" ; # é😀 \\';
	const answers = unwrap(await driver.ask([
		['snapshot-create-as', '--domain', 'test', '--name', name],
		['snapshot-list', '--domain', 'test', '--name'],
		['snapshot-current', '--domain', 'test', '--name'],
	]));
	t.deepEqual(answers.slice(1).map(answer => answer.ok ? answer.value : answer), [`${name}\n`, name]);
});

test('any words are read by virsh\'s rules as the words that they are', t => {
	t.notThrows(() => {
		fc.assert(fc.property(fc.array(fc.string({unit: 'grapheme', maxLength: 12}), {minLength: 1, maxLength: 5}), words => {
			const parsed = parseVirshCommands(words.map(word => quoteForVirsh(word)).join(' '));
			return 'commands' in parsed && JSON.stringify(parsed.commands) === JSON.stringify([words]);
		}));
	});
});

test('a host that is not there is unreachable, not empty', async t => {
	const nowhere = createVirsh({runner: createLocalRunner(), uri: 'qemu+unix:///system?socket=/run/none.sock', isReadOnly: false});
	t.like(await nowhere.ask([['uri'], ['list']]), {ok: false, failure: {kind: 'host-unreachable', uri: 'qemu+unix:///system?socket=/run/none.sock'}});
});

test('batches stay below the limit of one argument, and lose no question', t => {
	const questions = Array.from({length: 3000}, (_, index) => ['snapshot-dumpxml', '--domain', uuid, '--snapshotname', `name ${index}`]);
	const batches = partQuestions(questions, 'MARK');
	t.true(batches.length > 1);
	t.true(batches.every(batch => batch.text.length <= 96_000));
	t.deepEqual(batches.flatMap(batch => batch.questions), questions);
});

test('a thousand questions are asked in few processes', async t => {
	const runner = fakeRunner(argv => ({stdout: [...argv[4]!.matchAll(/'n(\d+)'; echo (\w+);/g)].map(([, number, mark]) => `xml ${number}${mark}`).join('')}));
	const virsh = createVirsh({runner, uri: 'x', isReadOnly: false, makeMark: () => 'MARK'});
	const answers = unwrap(await virsh.ask(Array.from({length: 1000}, (_, index) => ['snapshot-dumpxml', '--snapshotname', `n${index}`])));
	t.deepEqual(answers.map(answer => answer.ok && answer.value), Array.from({length: 1000}, (_, index) => `xml ${index}`));
	t.true(runner.requests.length <= 2);
});

test('where one answer is missing and virsh complained, only that question is asked again', async t => {
	const runner = fakeRunner(argv => argv.length === 6
		? {stdout: '1MARKMARK3MARK', stderr: 'error: something\n'}
		: {stderr: fixture('libvirt-9.0/messages/no-snapshot.txt'), exitCode: 1});
	const virsh = createVirsh({runner, uri: 'x', isReadOnly: true, makeMark: () => 'MARK'});
	const answers = unwrap(await virsh.ask([['uri'], ['snapshot-dumpxml', '--snapshotname', 'nope'], ['uri']]));
	t.deepEqual(answers.map(answer => answer.ok && answer.value), ['1', false, '3']);
	t.deepEqual(runner.requests.map(request => request.argv), [
		['virsh', '-q', '-r', '-c', 'x', 'uri; echo MARK; snapshot-dumpxml \'--snapshotname\' \'nope\'; echo MARK; uri; echo MARK; '],
		['virsh', '-q', '-r', '-c', 'x', 'snapshot-dumpxml', '--snapshotname', 'nope'],
	]);
});

test('an empty answer without a complaint is an answer', async t => {
	const virsh = createVirsh({runner: fakeRunner(() => ({stdout: 'MARK'})), uri: undefined, isReadOnly: false, makeMark: () => 'MARK'});
	t.deepEqual(await virsh.ask([['snapshot-list', '--name']]), {ok: true, value: [{ok: true, value: ''}]});
});

for (const [message, known] of [
	['no-domain', isMissingDomain],
	['no-snapshot', isMissingSnapshot],
	['no-current', hasNoCurrentSnapshot],
	['no-connection', isUnreachable],
	['not-supported', isNotSupported],
	['not-running', isNotRunning],
] as const) {
	test(`libvirt's message "${message}" is told from all others`, t => {
		const matchers = [isMissingDomain, isMissingSnapshot, hasNoCurrentSnapshot, isUnreachable, isNotSupported, isNotRunning];
		const failure = toolFailure(fixture(`libvirt-9.0/messages/${message}.txt`));
		t.deepEqual(matchers.filter(matches => matches(failure)), [known]);
	});
}

test('messages that mean none of these match nothing', t => {
	for (const message of ['syntax', 'forbidden', 'no-memory-file']) {
		const failure = toolFailure(fixture(`libvirt-9.0/messages/${message}.txt`));
		t.false([isMissingDomain, isMissingSnapshot, hasNoCurrentSnapshot, isUnreachable, isNotSupported, isNotRunning].some(matches => matches(failure)));
	}
});

test('a reason for people comes without virsh\'s own prefix', t => {
	t.is(reasonOf(toolFailure(fixture('libvirt-9.0/messages/no-connection.txt'))), 'failed to connect to the hypervisor\nFailed to connect socket to \'/run/none.sock\': No such file or directory');
});

test('a thousand snapshots are asked of two processes, about as many of each', t => {
	const questions = Array.from({length: 1000}, (_, index) => ['snapshot-dumpxml', '--domain', '6695eb01-f6a4-8304-79aa-97f2502e193f', '--snapshotname', `b${index}`]);
	const counts = partQuestions(questions, `vsnap-${'0'.repeat(24)}`).map(batch => batch.questions.length);
	t.is(counts.length, 2);
	t.true(Math.abs(counts[0]! - counts[1]!) < 10, String(counts));
});
