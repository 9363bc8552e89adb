/**
Whole frames against accepted ones. A changed frame is looked at, then accepted by name: ACCEPT_FRAME=browse-80x24 npx ava test/ui/frames.test.ts.
*/
import test, {type ExecutionContext} from 'ava';
import {fakePlan} from '../helpers/fake-plans.ts';
import {press} from '../helpers/press.ts';
import {hostileName, uuidOf} from '../helpers/fake-services.ts';
import {
	acceptedFrame, atWeb, createBrain, frameOf, keys, plainTheme, type Brain,
} from '../helpers/screen-harness.ts';

async function looks(t: ExecutionContext, name: string, brain: Brain, theme = plainTheme()) {
	const frame = await frameOf(brain.state, theme);
	t.is(frame, await acceptedFrame(name, frame));
}

/** From the tree to the page of a revert, and on by these keys. */
const atStage = async (reads: string[], facts: Parameters<typeof atWeb>[0] = {}): Promise<Brain> => press(await atWeb(facts), keys.up, keys.up, 'r', ...reads);

test('browsing at 80 by 24', async t => {
	await looks(t, 'browse-80x24', await atWeb());
});

test('browsing at 120 by 40', async t => {
	await looks(t, 'browse-120x40', await atWeb({columns: 120, rows: 40}));
});

/** The first snapshot, after the doctor has looked. */
async function atFirst(facts: Parameters<typeof atWeb>[0]): Promise<Brain> {
	const brain = await atWeb({checks: true, ...facts});
	brain.type('g');
	await brain.answer();
	return brain;
}

test('a snapshot and what could be done with it, beside what is wrong on the host, at 80 by 24', async t => {
	await looks(t, 'snapshot-80x24', await atFirst({}));
});

test('a snapshot with a column for each disk, and its files beside it, at 120 by 40', async t => {
	const brain = await atFirst({columns: 120, rows: 40, start: {domain: 'db01'}});
	await looks(t, 'snapshot-120x40', brain);
});

test('a snapshot in the smallest terminal, without UTF-8', async t => {
	const theme = plainTheme(true);
	await looks(t, 'snapshot-60x16', await atFirst({columns: 60, rows: 16, theme}), theme);
});

test('what is refused, before any question', async t => {
	const brain = await atWeb();
	brain.world.refusal = {kind: 'refused', blockers: [{kind: 'image-missing', text: '/var/lib/libvirt/images/web01.s1 is missing.', remedy: 'Bring it back from a backup.'}]};
	brain.type('g');
	await brain.answer();
	await looks(t, 'snapshot-refused-80x24', brain);
});

test('names are cut only after the columns of kind and age have made way', async t => {
	const rename = async (name: string) => {
		const brain = await atWeb();
		brain.world.allDetails = brain.world.allDetails.map(details => details.domain.name === 'web01'
			? {...details, snapshots: details.snapshots.map(snapshot => snapshot.name === 's3' ? {...snapshot, name, isCurrent: true} : snapshot), currentSnapshot: name}
			: details);
		brain.type('R');
		await brain.answer();
		return (await frameOf(brain.state)).split('\n').find(text => text.includes(name.slice(0, 12)))!;
	};

	t.regex(await rename('before-the-great-upgrade'), /before-the-great-upgrade disk {4}96M {4}3h$/);
	t.regex(await rename('before-the-great-upgrade-to-8.4'), /before-the-great-upgrade-to-8\.4.* 96M {4}3h$/);
	t.regex(await rename('before-the-great-upgrade-to-8.4-of-web'), /before-the-great-upgrade-to-8\.4-of-web +96M$/);
	t.regex(await rename('before-the-great-upgrade-to-8.4-of-the-web-server'), /before-the-great-upgrade-to-8\.4-of-the… +96M$/);
});

test('browsing without UTF-8', async t => {
	const theme = plainTheme(true);
	const brain = await atWeb({theme});
	await looks(t, 'browse-ascii-80x24', brain, theme);
});

test('without UTF-8 no screen holds a character beyond ASCII', async t => {
	const theme = plainTheme(true);
	for (const reads of [['?'], ['r'], [keys.enter], ['r', keys.enter], ['3'], ['i']]) {
		const brain = await atWeb({theme});
		brain.type(keys.up, ...reads);
		t.regex(await frameOf(brain.state, theme), /^[\n\u0020-\u007E]*$/, reads.join(' '));
	}
});

test('every frame is exactly as large as the terminal', async t => {
	for (const [columns, rows] of [[60, 16], [80, 24], [101, 33], [200, 50]] as const) {
		const brain = await atWeb({columns, rows});
		const lines = (await frameOf(brain.state)).split('\n');
		t.is(lines.length, rows);
		t.true(lines.every(line => line.length <= columns));
		t.regex(lines.at(-1)!, /q quit/);
	}
});

test('a domain whose name and description want to harm shows harmlessly', async t => {
	const brain = createBrain({start: {domain: hostileName}});
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type(keys.up);
	await looks(t, 'hostile-80x24', brain);
	t.notRegex(await frameOf(brain.state), /[\u0000-\u0009\u000B-\u001F\u007F-\u009F\u202E]/);
});

test('checkpoints', async t => {
	const brain = createBrain({start: {domain: 'db01'}});
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type('2');
	await looks(t, 'checkpoints-80x24', brain);
});

test('images with their sizes, and who needs them', async t => {
	const brain = await atWeb();
	brain.type('3');
	await brain.answer();
	await looks(t, 'images-80x24', brain);
});

test('a broken chain is said where the image is', async t => {
	const brain = createBrain({start: {domain: 'broken'}});
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type('3');
	await brain.answer();
	await looks(t, 'broken-80x24', brain);
});

test('the menu, read-only', async t => {
	const brain = await atWeb({isReadOnly: true});
	brain.type(keys.up, keys.enter);
	await looks(t, 'menu-read-only-80x24', brain);
});

test('the page of a revert', async t => {
	await looks(t, 'revert-80x24', await atStage([]));
});

test('the page of a revert where there is room: the images beside the trees', async t => {
	await looks(t, 'revert-120x40', await atStage([], {columns: 120, rows: 40}));
});

test('the page of a revert in the smallest terminal, with the cursor in a field', async t => {
	await looks(t, 'revert-60x16', await atStage([keys.tab, keys.tab, keys.tab, 'Friday'], {columns: 60, rows: 16}));
});

test('a wrong name is told beside it', async t => {
	t.regex(await frameOf((await atStage(['web0', keys.enter])).state), /^ Type web01 to start: web0▏ ! That is not the name\. Nothing was started\./m);
});

test('while a plan is made anew the last one stays in sight, and that is said', async t => {
	const brain = await atStage([keys.tab]);
	brain.type(' ');
	brain.pass(2000);
	const frame = await frameOf(brain.state);
	t.regex(frame, /^ Made anew, for the answers of now, 2 s …$/m);
	t.regex(frame, /KEPT {5}✓ The current state, as "kept-/);
});

test('the commands, with the secrets of XML masked', async t => {
	const brain = await atStage(['@', 'x']);
	await looks(t, 'commands-80x24', brain);
	brain.type('G');
	t.notRegex(await frameOf(brain.state), /secret/);
});

test('the images of a plan', async t => {
	t.regex(await frameOf((await atStage(['i'])).state), /\+ web01\.new {2}head vda +new/);
});

test('where the script is saved to', async t => {
	t.regex(await frameOf((await atStage([keys.tab, 'w'])).state), /^ Save the script as: revert-web01-s2\.sh▏/m);
});

test('a refusal takes the place of the effects', async t => {
	const brain = await atWeb();
	brain.world.refusal = {
		kind: 'refused', blockers: [
			{
				kind: 'managed-save',
				text: 'web01 has a managed save: its memory belongs to the disks as they are.',
				remedy: 'Start it from the managed save, or remove it: virsh managedsave-remove web01.',
			},
			{kind: 'image-missing', text: '/var/lib/libvirt/images/web01.s1 is missing.'},
		],
	};
	await looks(t, 'refused-80x24', await press(brain, keys.up, keys.up, 'r'));
});

test('a plan at work, asked whether to stop', async t => {
	const brain = await atStage(['web01', keys.enter]);
	brain.send(
		{
			kind: 'run-event', planId: 'plan-1', event: {
				kind: 'step-started', step: 'stop', title: '', index: 0, of: 4,
			},
		},
		{
			kind: 'run-event', planId: 'plan-1', event: {
				kind: 'step-done', step: 'stop', index: 0, of: 4, durationMs: 1,
			},
		},
		{
			kind: 'run-event', planId: 'plan-1', event: {
				kind: 'step-started', step: 'overlay-vda', title: '', index: 1, of: 4,
			},
		},
	);
	brain.type(keys.ctrlC);
	await looks(t, 'running-80x24', brain);
});

test('the end', async t => {
	const brain = await atStage(['web01', keys.enter]);
	brain.send({kind: 'run-ended', planId: 'plan-1', outcome: {kind: 'done'}});
	await looks(t, 'ended-80x24', brain);
});

test('an end by failure says what the tool said, and that all is as before', async t => {
	const brain = await atStage(['web01', keys.enter]);
	const cause = {
		argv: ['qemu-img', 'create', '/x'], exitCode: 1, timedOut: false, stderr: 'qemu-img: /x: Could not create \'/x\': No space left on device\n', durationMs: 9,
	};
	brain.send({
		kind: 'run-ended', planId: 'plan-1', outcome: {
			kind: 'rolled-back', failure: {
				kind: 'step-failed', step: 'overlay-vda', title: 'Create the new overlay of vda', cause: {kind: 'tool-failed', cause}, rolledBack: true, notUndone: [],
			},
		},
	});
	await looks(t, 'ended-failed-80x24', brain);
});

test('what was left unfinished', async t => {
	const brain = createBrain();
	const plan = fakePlan(brain.world.allDetails, {uuid: uuidOf(1), snapshot: 's2', currentState: {kind: 'discard'}, kind: 'revert', endState: undefined});
	brain.world.unfinished = [{
		plan, records: [{at: '', kind: 'begin', step: 'stop'}, {at: '', kind: 'done', step: 'stop'}],
		ways: {now: {state: 'shutoff', incomplete: []}, back: undefined, forward: undefined, advice: 'back'},
	}];
	brain.send({kind: 'started'});
	await brain.answer();
	await looks(t, 'recover-80x24', brain);
});

test('a host that cannot be reached', async t => {
	const brain = createBrain();
	brain.world.failure = {
		kind: 'host-unreachable', uri: 'qemu:///system', cause: {
			argv: ['virsh', '-c', 'qemu:///system', 'list'], exitCode: 1, timedOut: false, stderr: 'error: failed to connect to the hypervisor\n', durationMs: 12,
		},
	};
	brain.send({kind: 'started'});
	await brain.answer();
	await looks(t, 'unreachable-80x24', brain);
});

test('waiting says for what and for how long', async t => {
	const brain = createBrain();
	brain.send({kind: 'started'});
	brain.state = {...brain.state, nowMs: brain.state.nowMs + 7200};
	t.regex(await frameOf(brain.state), /Asking the host for its domains, 7 s/);
});

test('a terminal that is too small is told what is needed', async t => {
	const brain = await atWeb();
	brain.send({kind: 'resized', columns: 50, rows: 12});
	t.regex((await frameOf(brain.state)).replaceAll('\n', ' '), /needs 60 columns and 16 rows; this terminal has 50 and 12/);
});

test('help is made from the table of keys', async t => {
	const brain = await atWeb({rows: 150});
	brain.type('?');
	const frame = await frameOf(brain.state);
	t.regex(frame, / r {11}revert to the selected snapshot/);
	t.regex(frame, / {3}Ctrl-C {6}stop the action/);
});

test('checkpoints where there is room: health in words, and the disks', async t => {
	const brain = createBrain({start: {domain: 'db01'}, columns: 120, rows: 40});
	brain.send({kind: 'started'});
	await brain.answer();
	brain.type('2');
	await looks(t, 'checkpoints-120x40', brain);
});
