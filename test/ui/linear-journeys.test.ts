import test, {type ExecutionContext} from 'ava';
import {linearPage, linearText} from '../../source/ui/content/linear.ts';
import {isStarted, requestOf} from '../helpers/press.ts';
import {
	atWeb, createBrain, plainTheme, type Brain,
} from '../helpers/screen-harness.ts';

const theme = plainTheme();

function textOf(brain: Brain): string {
	return linearText(linearPage(brain.state, theme), brain.state.notice, theme);
}

/** Answers the present page, by a part of a choice's words or by text. */
async function reply(t: ExecutionContext, brain: Brain, ...texts: string[]) {
	for (const text of texts) {
		const page = linearPage(brain.state, theme);
		const messages = page.takesText === undefined ? page.choices.find(({label}) => label.includes(text))?.messages : page.takesText.toMessages(text);
		t.truthy(messages, `"${text}" is no answer to: ${textOf(brain)}`);
		brain.send(...messages ?? []);
		await brain.answer();
	}
}

async function atDomain(name: string): Promise<Brain> {
	const brain = createBrain({isLinear: true, rows: 1000, start: {domain: name}});
	brain.send({kind: 'started'});
	await brain.answer();
	return brain;
}

test('a whole new snapshot goes by numbers, to an explicit start', async t => {
	const brain = await atDomain('web01');
	await reply(t, brain, 'NOW', 'Create a snapshot', 'before', 'of the upgrade');
	t.regex(textOf(brain), /What should be saved\?/);
	await reply(t, brain, 'The disks and the memory', 'External: new');
	t.regex(textOf(brain), /^new: \/var\/lib\/libvirt\/images\/web01\.before, needed by head vda, on \/var\/lib\/libvirt\/images\/web01\.s3$/m);
	t.regex(textOf(brain), /Nothing is lost/);
	await reply(t, brain, 'Read the 1 commands');
	t.regex(textOf(brain), /snapshot-create/);
	await reply(t, brain, 'Back');
	t.false(isStarted(brain));
	await reply(t, brain, 'Start now');
	t.true(isStarted(brain));
	t.like(requestOf(brain), {snapshot: 'before', description: 'of the upgrade', memory: {mode: 'external'}});
});

test('an empty line takes the proposed name, a wrong one is asked again with the reason', async t => {
	const brain = await atDomain('web01');
	await reply(t, brain, 'NOW', 'Create a snapshot');
	t.regex(textOf(brain), /Proposed: at-20261121-0200/);
	await reply(t, brain, 's1');
	t.regex(textOf(brain), /A snapshot "s1" exists already/);
	await reply(t, brain, 'good', '', 'The disks and', 'External: new');
	t.like(requestOf(brain), {snapshot: 'good'});
});

test('a point alone goes back to the question before, two leave', async t => {
	const brain = await atDomain('web01');
	await reply(t, brain, 'NOW', 'Create a snapshot', 'one', '.');
	t.regex(textOf(brain), /Proposed: one/);
	await reply(t, brain, 'two', '', 'Back to the question before', '.', 'three', '', 'The disks, as', 'Back to the question before', 'The disks and', 'External: new');
	t.like(requestOf(brain), {snapshot: 'three', memory: {mode: 'external'}});
	await reply(t, brain, 'Back to the question before', 'External: new', 'Cancel');
	t.is(brain.state.scene.kind, 'browse');
	await reply(t, brain, 'NOW', 'Create a snapshot', '..');
	t.is(brain.state.scene.kind, 'browse');
});

test('all that can be set goes by numbers too, and one answer is changed without the others', async t => {
	const brain = await atDomain('web01');
	await reply(t, brain, 'NOW', 'Create a snapshot', '', 'for the auditor', 'The disks, as', 'External: new', 'Yes, its file');
	await reply(t, brain, 'Change an answer', 'Power off: no', 'Yes');
	t.like(requestOf(brain), {description: 'for the auditor', isQuiesced: true, isHalted: true});
	await reply(t, brain, 'Change an answer', 'Description: for the auditor', 'for me', 'Start');
	t.like(requestOf(brain), {description: 'for me', isHalted: true});
});

test('a place that is not possible is read out with its reason, and is not taken', async t => {
	const brain = await atDomain('web01');
	await reply(t, brain, 'NOW', 'Create a snapshot', '', '', 'The disks, as');
	t.regex(textOf(brain), /Internal: in the qcow2 files \(not possible: the disks of a running guest cannot be frozen inside their images without its memory\)/);
	await reply(t, brain, 'Internal');
	t.regex(textOf(brain), /Not possible: internal/);
});

test('the script is saved by a name that is asked for', async t => {
	const brain = await atDomain('web01');
	await reply(t, brain, 's2, disks', 'Delete it', 'Save them', '.', 'Save them', '');
	t.deepEqual(brain.world.saved, ['merge-web01-s2.sh']);
	t.regex(textOf(brain), /Saved as \/home\/me\/merge-web01-s2\.sh/);
});

test('a refusal is read out, and leads back to the questions', async t => {
	const brain = await atDomain('web01');
	brain.world.refusal = {kind: 'refused', blockers: [{kind: 'managed-save', text: 'A managed save stands in the way.'}]};
	await reply(t, brain, 's2, disks', 'Delete …', 'Only this');
	t.regex(textOf(brain), /A managed save stands in the way/);
	await reply(t, brain, 'Back to the question before');
	t.regex(textOf(brain), /What should be deleted\?/);
});

test('a wrong name starts nothing, and is asked again', async t => {
	const brain = await atDomain('web01');
	await reply(t, brain, 's2, disks', 'Delete it', 'Start: the name', 'web');
	t.regex(textOf(brain), /That is not the name/);
	await reply(t, brain, '', 'Start: the name', 'web01');
	t.false(isStarted(brain));
	await reply(t, brain, 'Start now');
	t.true(isStarted(brain));
});

test('branch, merge and delete are in the menu of a snapshot, and each comes to its plan', async t => {
	for (const [label, answers, request] of [
		['Branch from', ['b1', 'Discard', 'Paused'], {kind: 'branch', name: 'b1', currentState: {kind: 'discard'}, endState: 'paused'}],
		['Delete it', [], {kind: 'merge', snapshot: 's2'}],
		['Delete …', ['Only its record'], {kind: 'delete', isMetadataOnly: true}],
	] as const) {
		const brain = await atDomain('web01');
		await reply(t, brain, 's2, disks', label, ...answers);
		t.like(requestOf(brain), request);
		await reply(t, brain, 'Start: the name', 'web01');
		t.false(isStarted(brain));
		await reply(t, brain, 'Start now');
		t.true(isStarted(brain));
	}
});

test('findings are read out whole, and a number opens the plan that mends one', async t => {
	const brain = await atWeb({isLinear: true, rows: 1000});
	await reply(t, brain, 'NOW', 'Check this');
	t.regex(textOf(brain), /1\. warning, web01: web01\.old .* A plan can fix it\./);
	await reply(t, brain, 'web01.old');
	t.like(requestOf(brain), {kind: 'remove-orphans'});
	await reply(t, brain, 'Cancel; nothing is changed');
	t.is(brain.state.scene.kind, 'doctor');
	await reply(t, brain, 'Back');
	t.is(brain.state.scene.kind, 'browse');
});

test('what each scope of a deletion frees is read out with it, or that it is being worked out', async t => {
	const brain = await atDomain('web01');
	await reply(t, brain, 's1');
	brain.send(...linearPage(brain.state, theme).choices.find(({label}) => label.startsWith('Delete …'))!.messages);
	t.regex(textOf(brain), /^What each frees is being worked out; an empty line reads this page again\.\n1\. Only this snapshot, as proposed\. /m);
	await brain.answer();
	t.regex(textOf(brain), /^1\. Only this snapshot, as proposed \(frees 96\.0 MiB\)\. /m);
	t.notRegex(textOf(brain), /worked out/);
});

test('a restore asks where to, and then what that needs alone', async t => {
	const brain = await atDomain('web01');
	await reply(t, brain, 'NOW', 'Restore from a backup', '/srv/web01', '', 'Yes, with');
	t.regex(textOf(brain), /Where should the backup be restored to\?/);
	await reply(t, brain, 'As a new domain');
	t.regex(textOf(brain), /Proposed: web01-restored\nThe name of the new domain/);
	await reply(t, brain, 'copy');
	t.regex(textOf(brain), /Left empty[^]*The folder for its images/);
	await reply(t, brain, '');
	t.regex(textOf(brain), /Restore the newest backup of \/srv\/web01 as "copy"/);
	t.like(requestOf(brain), {from: '/srv/web01', elsewhere: {kind: 'new', name: 'copy', path: undefined}});
});
