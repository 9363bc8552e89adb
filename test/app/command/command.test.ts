import test from 'ava';
import {selectedDomain} from '../../../source/app/browse/rows.ts';
import {splitWords} from '../../../source/model/text/split-words.ts';
import {withLast} from '../../../source/app/command/complete.ts';
import {atWeb, createBrain, frameOf, keys, type Brain} from '../../helpers/screen-harness.ts';
import {journeyOf, requestOf} from '../../helpers/press.ts';

const [enter, tab, back] = [keys.enter, keys.tab, '\u001B[Z'];

async function typed(brain: Brain, ...reads: string[]): Promise<Brain> {
	brain.type(':');
	await brain.answer();
	for (const read of reads) {
		brain.type(read);
		await brain.answer();
	}

	return brain;
}

const textOf = ({state}: Brain) => state.commandLine?.text;
const problemOf = ({state}: Brain) => state.commandLine?.problem;

test('a verb opens its page with the answers that were given, and starts nothing', async t => {
	const brain = await typed(await atWeb(), 'revert web01 s1 --keep "my state"', enter);
	t.is(journeyOf(brain)?.domain, 'web01');
	t.like(requestOf(brain), {kind: 'revert', snapshot: 's1', currentState: {kind: 'keep', name: 'my state'}});
	t.false(brain.effects.some(({kind}) => kind === 'execute'));
});

test('a domain is gone to, also past the filter; its page comes when it was read', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type('/', 'node', enter);
	await typed(brain, 'web01', enter);
	t.is(selectedDomain(brain.state)?.name, 'web01');
	t.is(brain.state.pane, 'tree');
	await typed(brain, 'delete db01 nightly', enter);
	t.is(journeyOf(brain)?.domain, 'db01');
});

test('what goes on to another domain meanwhile opens nothing there', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	await brain.answer();
	await typed(brain);
	brain.type('create db01');
	brain.type(enter);
	const asked = brain.effects.findLast(effect => effect.kind === 'read-command')!;
	brain.send({kind: 'command-read', number: (asked as {number: number}).number, result: {ok: true, value: {kind: 'open', start: {domain: 'db01', action: {kind: 'create'}}}}});
	brain.type(keys.tab, 'G');
	await brain.answer();
	t.is(brain.state.scene.kind, 'browse');
});

test('what is wrong is said beside the line, with what may have been meant', async t => {
	const brain = await typed(await atWeb(), 'revert web1 s1 --keep k', enter);
	t.regex(problemOf(brain)!, /There is no domain "web1" on this host\. Did you mean "web01"/);
	t.is(textOf(brain), 'revert web1 s1 --keep k');
	t.regex(await frameOf(brain.state), /There is no domain "web1"[\s\S]*\n :revert web1 s1 --keep k▏/);
	brain.type('\u0015', 'revert web01 s9 --keep k', enter);
	await brain.answer();
	t.regex(problemOf(brain)!, /has no snapshot "s9"\. Did you mean "s1"/);
	brain.type('\u0015', 'rever web01', enter);
	await brain.answer();
	t.regex(problemOf(brain)!, /Did you mean "revert"/);
	brain.type('\u0015', 'revert web01 "s', enter);
	await brain.answer();
	t.is(problemOf(brain), 'A quote is not closed.');
	t.is(brain.state.scene.kind, 'browse');
});

test('nothing that runs without a page is accepted', async t => {
	for (const [line, reason] of [
		['delete web01 s1 --yes', /^--yes is not accepted here: the page shows the plan, and starts it\.$/],
		['revert web01 s1 --keep k --dry-run', /^--dry-run is not accepted/],
		['recover web01 --roll-back', /asks for the direction/],
		['doctor web01 --repair orphan', /has no page here/],
		['--demo list', /when the program starts/],
		['man', /has no page here/],
	] as const) {
		const brain = await typed(await atWeb(), line, enter); // eslint-disable-line no-await-in-loop -- One line after the other.
		t.regex(problemOf(brain) ?? '', reason, line);
		t.false(brain.effects.some(({kind}) => kind === 'execute' || kind === 'recover'), line);
	}
});

test('Tab completes verbs, domains, snapshots and options, as far as they are known', async t => {
	const brain = await typed(await atWeb(), 'rev', tab);
	t.is(textOf(brain), 'revert ');
	brain.type('web', tab);
	t.is(textOf(brain), 'revert web01 ');
	brain.type('t', tab, '--ke', tab);
	t.is(textOf(brain), 'revert web01 try-php8 --keep ');
	brain.type('\u0015', 'revert web01 s', tab);
	t.is(textOf(brain), 'revert web01 s1');
	brain.type(tab);
	t.is(textOf(brain), 'revert web01 s2');
	brain.type(back);
	t.is(textOf(brain), 'revert web01 s1');
	t.regex(await frameOf(brain.state), /^ s1 s2 s3$/m);
	brain.type('\u0015', 'checkpoint de', tab);
	t.is(textOf(brain), 'checkpoint delete ');
	brain.type('\u0015', 'zzz', tab);
	t.is(problemOf(brain), 'Nothing known begins so.');
});

test('names that a shell would quote are quoted', async t => {
	const brain = await typed(createBrain());
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type('tree -e', tab);
	t.regex(textOf(brain)!, /^tree -e/);
	brain.type('\u0015', 'delete \'my d', '\u0015');
	t.is(withLast('delete \'my d', '\'my domain\''), 'delete \'my domain\'');
	t.is(withLast('delete ', 'web'), 'delete web');
});

test('earlier lines come back, and what was being typed after them', async t => {
	const brain = await typed(await atWeb(), 'nonsense', enter, keys.escape);
	await typed(brain, 'db01', enter);
	await typed(brain, 'new', keys.up);
	t.is(textOf(brain), 'db01');
	brain.type(keys.up, keys.up);
	t.is(textOf(brain), 'nonsense');
	brain.type(keys.down, keys.down);
	t.is(textOf(brain), 'new');
});

test('keys have names, Escape and a backspace too many close it, and letters are text', async t => {
	const brain = await typed(await atWeb(), 'help', enter);
	t.is(brain.state.scene.kind, 'help');
	brain.type(keys.escape);
	await typed(brain, 'qdr');
	t.is(textOf(brain), 'qdr');
	brain.type(keys.escape);
	await typed(brain, 'a', '\u007F', '\u007F');
	t.is(brain.state.commandLine, undefined);
	await typed(brain, 'doctor web01', enter);
	t.is(brain.state.diagnosis?.name, 'web01');
	brain.type(keys.escape);
	await typed(brain, 'q', enter);
	t.true(brain.effects.some(effect => effect.kind === 'quit' && effect.exitCode === 0));
});

test('words are split as in a shell', t => {
	t.deepEqual(splitWords(String.raw`a  "b c" 'd"e' f\ g ""`).words, ['a', 'b c', 'd"e', 'f g', '']);
	t.true(splitWords('a "b').isOpen);
	t.is(splitWords('a b ').last, '');
});

test('what a key opens is opened by its verb as well', async t => {
	const undo = await typed(await atWeb(), 'undo', enter);
	t.is(undo.state.scene.kind, 'undo');
	const log = await typed(await atWeb(), 'log', enter);
	t.is(log.state.scene.kind, 'log');
	const completed = await typed(await atWeb(), 'und', tab);
	t.is(textOf(completed)?.trim(), 'undo');
});
