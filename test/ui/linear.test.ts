import test, {type ExecutionContext} from 'ava';
import {linearPage, linearText} from '../../source/ui/content/linear.ts';
import {atWeb, createBrain, plainTheme, type Brain} from '../helpers/screen-harness.ts';

const theme = plainTheme();

/** Answers the present page, by a part of a choice's words or by text. */
async function reply(t: ExecutionContext, brain: Brain, text: string) {
	const page = linearPage(brain.state, theme);
	const choice = page.choices.find(({label}) => label.includes(text));
	const messages = page.takesText === undefined ? choice?.messages : page.takesText.toMessages(text);
	t.truthy(messages, `"${text}" is no answer to: ${linearText(page, undefined, theme)}`);
	brain.send(...messages ?? []);
	await brain.answer();
}

test('a whole revert goes by numbers and the name, to an explicit start', async t => {
	const brain = createBrain({isLinear: true, rows: 1000});
	brain.send({kind: 'started'});
	await brain.answer();
	await reply(t, brain, 'web01');
	await reply(t, brain, 's2');
	await reply(t, brain, 'Revert to this snapshot');
	for (const answer of ['Keep', '', '', 'Lose', 'Running']) {
		await reply(t, brain, answer);
	}

	t.regex(linearText(linearPage(brain.state, theme), undefined, theme), /You will lose: the guest's memory/);
	await reply(t, brain, 'Read the 4 commands');
	t.regex(linearText(linearPage(brain.state, theme), undefined, theme), /qemu-img create/);
	await reply(t, brain, 'Back');
	await reply(t, brain, 'Start: the name');
	await reply(t, brain, 'web01');
	t.false(brain.effects.some(({kind}) => kind === 'execute'));
	await reply(t, brain, 'Start now');
	t.like(brain.effects.find(effect => effect.kind === 'execute'), {plan: {action: {snapshot: 's2', endState: 'running'}}});
});

test('a wrong name starts nothing, and an empty one leads back to the plan', async t => {
	const brain = createBrain({isLinear: true, rows: 1000, start: {domain: 'web01', action: {kind: 'revert', snapshot: 's2', currentState: {kind: 'discard'}, endState: 'shutoff'}}});
	brain.send({kind: 'started'});
	await brain.answer();
	await reply(t, brain, 'Start: the name');
	await reply(t, brain, 'web02');
	t.regex(linearText(linearPage(brain.state, theme), undefined, theme), /That is not the name/);
	await reply(t, brain, '');
	await reply(t, brain, 'Cancel');
	t.is(brain.state.scene.kind, 'browse');
	t.false(brain.effects.some(({kind}) => kind === 'execute'));
});

test('an action that is not possible is read out with its reason', async t => {
	const brain = await atWeb({isLinear: true, isReadOnly: true});
	await reply(t, brain, 's3');
	t.regex(linearText(linearPage(brain.state, theme), undefined, theme), /1\. Revert to this snapshot … \(not possible: this session is read-only\)/);
});

test('every domain is in the list, not only those of a window', async t => {
	const brain = createBrain({isLinear: true, rows: 24});
	brain.send({kind: 'started'});
	await brain.answer();
	t.true(linearPage(brain.state, theme).choices.length >= 34);
});

test('host text is harmless in the linear mode too', async t => {
	const brain = createBrain({isLinear: true});
	brain.send({kind: 'started'});
	await brain.answer();
	t.notRegex(linearText(linearPage(brain.state, theme), undefined, theme), /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);
});

test('no page names a key that there is none of, the files of a plan are read out on demand, and a question leads back', async t => {
	const keys = /\b(?:Enter|Esc|Escape|Tab|Space)\b|\(x |press (?:[a-zA-Z]\b|it)/;
	const brain = createBrain({isLinear: true, rows: 1000});
	const text = () => linearText(linearPage(brain.state, theme), brain.state.notice, theme);
	const look = (what: string) => {
		t.notRegex(text().replace('Number and Enter:', ''), keys, what);
	};

	brain.send({kind: 'started'});
	await brain.answer();
	look('domains');
	for (const answer of ['web01', 's2', 'Revert to', 'Keep', '', '']) {
		await reply(t, brain, answer);
		look(answer);
	}

	t.true(linearPage(brain.state, theme).choices.some(({label}) => label === 'Back to the question before'));
	await reply(t, brain, 'Back to the question before');
	t.regex(text(), /Its description/);
	for (const answer of ['', 'Lose', 'Running', 'Read the']) {
		await reply(t, brain, answer);
		look(answer);
	}

	t.regex(text(), /\$ qemu-img/);
	t.notRegex(text(), /^\s*<domain/m);
	await reply(t, brain, 'Back');
	await reply(t, brain, 'Start: the name');
	look('name');
});
