/**
Whole frames of the guided actions, of the doctor and of a step that copies, against accepted ones. A changed frame is looked at, then accepted by name.
*/
import test, {type ExecutionContext} from 'ava';
import {hostileName, uuidOf} from '../helpers/fake-services.ts';
import {press} from '../helpers/press.ts';
import {
	acceptedFrame, atWeb, createBrain, frameOf, framesOf, keys, plainTheme, type Brain,
} from '../helpers/screen-harness.ts';

async function looks(t: ExecutionContext, name: string, brain: Brain, theme = plainTheme()) {
	const frame = await frameOf(brain.state, theme);
	t.is(frame, await acceptedFrame(name, frame));
}

const clear = '\u0015';

test('the page of a new snapshot', async t => {
	await looks(t, 'create-80x24', await press(await atWeb(), 'c'));
});

test('a description, beside the name that it is for, and longer than its place', async t => {
	t.regex(await frameOf((await press(await atWeb(), 'c', keys.tab, keys.tab, 'before the upgrade to 8.4, which the audit asks for')).state), /^ Name {9}at-\S+ {5,}▸Description {2}….*the audit asks for▏$/m);
});

test('the page of a revert says what its snapshot was taken for', async t => {
	const frame = await frameOf((await press(await atWeb(), 'g', 'r')).state, plainTheme());
	t.regex(frame, /^ Revert web01 to s1 .*\n before the upgrade · /u);
});

test('what is wrong with a name is said while it is typed', async t => {
	t.regex(await frameOf((await press(await atWeb(), 'c', keys.tab, clear, 'a/b')).state), /^▸Name {9}a\/b▏\n {14}This name contains "\/"\.$/m);
});

test('where it is saved, with the row of the table that refuses one of the places', async t => {
	await looks(t, 'create-place-80x24', await press(await atWeb(), 'c', keys.tab, keys.tab, keys.tab, keys.tab));
});

test('all that can be set of a new snapshot', async t => {
	await looks(t, 'create-options-80x24', await press(await atWeb(), 'c', 'o'));
});

test('all that can be set, in the smallest terminal and without UTF-8', async t => {
	const theme = plainTheme(true);
	await looks(t, 'create-options-60x16', await press(await atWeb({columns: 60, rows: 16, theme}), 'c', 'o', keys.up, keys.up), theme);
});

test('a command of libvirt with what it stands for', async t => {
	await looks(t, 'create-commands-80x24', await press(await atWeb(), 'c', '@'));
});

test('the page of a branch', async t => {
	t.regex(await frameOf((await press(await atWeb(), keys.up, 'b')).state), /^ Name {11}s3-branch$/m);
});

test('what shall be deleted: each scope with what it frees, what takes the least first', async t => {
	await looks(t, 'delete-80x24', await press(await atWeb(), 'g', 'd'));
});

test('until it is known what a choice frees, three dots stand for it; what cannot be planned says so', async t => {
	const brain = await press(await atWeb(), 'g');
	brain.type('d');
	const asking = brain.state;
	await brain.answer();
	const [waiting] = await framesOf([asking]);
	t.regex(waiting!, /only this snapshot {20,}…\n.*\n +\( \) only its record; no image is touched +…\n/);
	brain.world.refusal = {kind: 'refused', blockers: []};
	await press(brain, keys.escape, 'd');
	t.regex(await frameOf(brain.state), /only this snapshot {20,}not possible as it is\n/);
});

test('a merge draws what is written, removed and left, and why', async t => {
	await looks(t, 'merge-images-80x24', await press(await atWeb(), keys.up, keys.up, 'm', 'i'));
});

test('the same without UTF-8 and without colour says all of it', async t => {
	const theme = plainTheme(true);
	const frame = await frameOf((await press(await atWeb({theme}), keys.up, keys.up, 'm', 'i')).state, theme);
	t.regex(frame, /& web01\.s2 {2}into web01\.s1 +merged +96\.0 MiB/);
	t.regex(frame, /~ web01\.s1 {2}s3 +written +812 MiB/);
	t.regex(frame, /= web01\.qcow2 {2}s1 +stays +4\.2 GiB\n +web01\.try is backed by it/);
	t.regex(frame, /^[\n\u0020-\u007E]*$/);
});

async function atCopyingStep(): Promise<Brain> {
	const brain = await press(await atWeb(), keys.up, keys.up, 'm', 'web01', keys.enter);
	brain.send({
		kind: 'run-event', planId: 'plan-1', event: {
			kind: 'step-started', step: 'commit-vda', title: '', index: 0, of: 3,
		},
	});
	return brain;
}

/** The job counts in the size that the guest sees, which is twice what is copied. */
async function atCopying(): Promise<Brain> {
	const brain = await atCopyingStep();
	brain.pass(30_000);
	brain.send({
		kind: 'run-event', planId: 'plan-1', event: {
			kind: 'step-progress', step: 'commit-vda', doneBytes: 300 * (2 ** 20), totalBytes: 812 * (2 ** 20),
		},
	});
	return brain;
}

test('a step that copies shows how far it is, and what Ctrl-C would mean', async t => {
	const brain = await atCopying();
	brain.type(keys.ctrlC);
	await looks(t, 'copying-80x24', brain);
});

test('cancelling what cannot be undone is left for recover, and that is said beforehand', async t => {
	const brain = await atCopying();
	const {scene} = brain.state;
	if (scene.kind !== 'running') {
		throw new Error(`the screen is at ${scene.kind}`);
	}

	const run = brain.state.runs[scene.planId]!;
	const plan = {...run.plan, steps: run.plan.steps.map(step => ({...step, undo: null}))};
	brain.state = {...brain.state, runs: {[plan.id]: {...run, plan}}};

	brain.type(keys.ctrlC);
	t.regex((await frameOf(brain.state)).replaceAll(/\s+/g, ' '), /cancel this step cleanly: the images stay intact, and vsnap-tui recover finishes the rest/);
});

test('once the switch has begun it is said that it is too late to stop', async t => {
	const brain = await atCopying();
	brain.send({
		kind: 'run-event', planId: 'plan-1', event: {
			kind: 'step-started', step: 'delete-record', title: '', index: 1, of: 3,
		},
	});
	brain.type(keys.ctrlC);
	t.regex(await frameOf(brain.state), /Too late to stop/);
});

test('a copying step says no time before its speed is known, and 100 percent at its end', async t => {
	const brain = await atCopyingStep();
	brain.send({
		kind: 'run-event', planId: 'plan-1', event: {
			kind: 'step-progress', step: 'commit-vda', doneBytes: 1, totalBytes: 2,
		},
	});
	t.notRegex(await frameOf(brain.state), /left/);
	brain.pass(10_000);
	brain.send({
		kind: 'run-event', planId: 'plan-1', event: {
			kind: 'step-progress', step: 'commit-vda', doneBytes: 5, totalBytes: 2,
		},
	});
	t.regex(await frameOf(brain.state), /100 % {2}406 of 406 MiB$/m);
});

test('the findings of a domain', async t => {
	await looks(t, 'doctor-80x24', await press(await atWeb(), 'D'));
});

test('the findings of all domains', async t => {
	const brain = createBrain({columns: 120, rows: 40});
	brain.send({kind: 'started'});
	await brain.answer();
	await press(brain, 'D', keys.down, keys.down);
	await looks(t, 'doctor-all-120x40', brain);
});

test('all the words of a finding', async t => {
	await looks(t, 'finding-80x24', await press(await atWeb(), 'D', 'i'));
});

test('while the doctor looks it says how far it is, and can be left', async t => {
	const brain = await atWeb();
	brain.type('D');
	brain.send({kind: 'diagnosing', number: brain.state.diagnosis!.findings.waiting!.number, progress: {done: 3, total: 200, domain: 'x'}});
	brain.pass(5000);
	t.regex(await frameOf(brain.state), /Checking: 3 of 200 domains, 5 s/);
	t.deepEqual(brain.type(keys.escape), [{kind: 'stop-diagnosis'}]);
	t.is(brain.state.scene.kind, 'browse');
});

test('a hostile name shows harmlessly on every page of a guided action', async t => {
	for (const reads of [['c'], ['c', keys.tab], ['c', 'o'], ['c', '@'], [keys.up, 'd'], [keys.up, 'd', keys.tab], [keys.up, 'b'], ['D']]) {
		const brain = createBrain({start: {domain: hostileName}});
		brain.send({kind: 'started'});
		await brain.answer();
		brain.world.findings = brain.world.findings.map(finding => ({...finding, domain: {uuid: uuidOf(4), name: hostileName}, text: `\u001B]0;title\u0007${hostileName}`}));
		await press(brain, ...reads);
		t.notRegex(await frameOf(brain.state), /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/, reads.join(' '));
	}
});

test('every page of a guided action is as large as the terminal, the smallest one too, and says how to leave', async t => {
	for (const reads of [['c'], ['c', keys.tab], ['c', 'o'], ['c', '@'], ['c', 'w'], ['g', 'd'], ['g', 'd', keys.tab], [keys.up, 'b', 'i'], ['D']]) {
		for (const [columns, rows] of [[60, 16], [80, 24], [200, 50]] as const) {
			const brain = await press(await atWeb({columns, rows}), ...reads);
			const lines = (await frameOf(brain.state)).split('\n');
			t.is(lines.length, rows);
			t.true(lines.every(line => line.length <= columns), reads.join(' '));
			t.regex(lines.at(-1)!, /Esc (cancel|back)/, `${reads.join(' ')} ${columns}`);
		}
	}
});

test('without UTF-8 no page of a guided action holds a character beyond ASCII', async t => {
	const theme = plainTheme(true);
	for (const reads of [['c'], ['c', keys.tab], ['c', 'o'], ['c', '@'], ['g', 'd'], ['g', 'd', 'i'], [keys.up, 'b'], ['D'], ['D', 'i']]) {
		const brain = await press(await atWeb({theme}), ...reads);
		t.regex(await frameOf(brain.state, theme), /^[\n\u0020-\u007E]*$/, reads.join(' '));
	}
});

test('what goes with each scope of the deletion of a checkpoint', async t => {
	const brain = createBrain({start: {domain: 'db01'}});
	brain.send({kind: 'started'});
	await brain.answer();
	await looks(t, 'delete-checkpoint-80x24', await press(brain, '2', 'd', keys.tab, keys.down, keys.down, keys.down));
});

test('the page of a backup, whose folder is asked for', async t => {
	await looks(t, 'backup-80x24', await press(await atWeb(), 'B', ...'/backup/web01'));
});

test('the page of a restore as a new domain', async t => {
	await looks(t, 'restore-80x24', await press(await atWeb(), 'F', ...'/backup/web01', keys.tab, keys.tab, keys.tab, keys.right));
});
