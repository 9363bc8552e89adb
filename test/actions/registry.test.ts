/**
What people read of the actions is what the registry holds: the guide, the help of the command line, the keys, the menu.
*/
import {readFile} from 'node:fs/promises';
import test from 'ava';
import {
	actionKinds, commandLineSpecs, joinRequests, screenSpecs, specOf,
} from '../../source/actions/registry.ts';
import {bindings} from '../../source/app/keys.ts';
import {menuOf} from '../../source/app/browse/menu.ts';
import {parseArguments} from '../../source/arguments.ts';
import {exitCodes, exitCodeWords} from '../../source/model/text/exit-codes.ts';
import {threeSnapshots} from '../helpers/inventory.ts';
import {press} from '../helpers/press.ts';
import {atWeb, createBrain} from '../helpers/screen-harness.ts';

/** "--keep <name>" without its value. */
const longOption = (flags: string) => /--[a-z-]+/.exec(flags)![0];

function helpOf(...argv: string[]): string {
	const parsed = parseArguments([...argv, '--help'], '1');
	return parsed.ok && parsed.value.kind === 'print' ? parsed.value.text.replaceAll(/\s+/g, ' ') : '';
}

test('the help has every verb with its arguments and its summary, and every option of it', t => {
	const overview = helpOf();
	for (const {usage, summary, options} of commandLineSpecs()) {
		const words = usage.split(' ').slice(0, usage.split(' ').findIndex(word => /^[<[]/.test(word)));
		const verb = words.join(' ');
		t.true((words.length === 1 ? overview : helpOf(words[0]!)).includes(summary), usage);
		t.true(helpOf(...words).includes(usage.replace(verb, `${verb} [options]`)), usage);
		for (const {flags, summary: told} of options) {
			t.true(helpOf(...words).includes(`${flags} ${told}`), flags);
		}
	}
});

test('the guide has every verb, each of its options, and every key', async t => {
	const guide = await readFile('docs/guide/command-line.md', 'utf8');
	const screen = await readFile('docs/guide/screen.md', 'utf8');
	for (const {usage, options} of commandLineSpecs()) {
		t.true(guide.includes(`vsnap-tui ${usage.replaceAll(/[<>]/g, '').replace(/^((?:checkpoint |backup )?\S+)(.*)$/, (_, verb: string, rest: string) => verb + rest.toUpperCase())}`), usage);
		t.deepEqual(options.map(({flags}) => longOption(flags)).filter(option => !guide.includes(option)), [], usage);
	}

	t.deepEqual(screenSpecs().map(({screen}) => screen.key).filter(key => !screen.includes(`\`${key}\``)), []);
});

test('the help and the guide have every exit code', async t => {
	const guide = await readFile('docs/guide/command-line.md', 'utf8');
	for (const name of Object.keys(exitCodeWords) as Array<keyof typeof exitCodeWords>) {
		t.true(helpOf().includes(`${exitCodes[name]} ${exitCodeWords[name]}`), name);
		t.regex(guide, new RegExp(`(Exit codes: |· |\n)${exitCodes[name]} [a-z]`), name);
	}
});

test('every action of the screen has a key of its own, and is in the menu of a snapshot or of a checkpoint', async t => {
	for (const {kind, screen: {key, isOnlyAmongCheckpoints}} of screenSpecs()) {
		t.deepEqual(bindings.filter(({contexts, keys}) => contexts.includes(isOnlyAmongCheckpoints ? 'checkpoints' : 'browse') && keys.includes(key)).map(({command}) => command), [kind], key);
		t.is(bindings.filter(({contexts, keys}) => contexts.includes('checkpoints') && keys.includes(key)).length, 1, key);
	}

	// From the current state to the snapshot before it.
	const brain = await press(await atWeb(), 'k');
	const ids = new Set(menuOf(brain.state).options.map(({id}) => id));
	t.deepEqual(screenSpecs().filter(({kind}) => !ids.has(kind)).map(({screen}) => screen.needs), ['checkpoint']);
	const atCheckpoint = createBrain({start: {domain: 'db01'}});
	atCheckpoint.send({kind: 'started'});
	await atCheckpoint.answer();
	await press(atCheckpoint, '2');
	const there = new Set(menuOf(atCheckpoint.state).options.map(({id}) => id));
	t.deepEqual(screenSpecs().filter(({screen, kind}) => screen.needs !== 'snapshot' && !there.has(kind)), []);
});

test('a whole request stays as it is when it is completed', t => {
	const {details} = threeSnapshots({});
	const {uuid, name} = details.domain;
	const facts = {details, nowMs: 0};
	const currentState = {kind: 'discard'} as const;
	const requests = [
		{kind: 'create', uuid, snapshot: 'a', description: 'd', memory: {mode: 'no'}, disks: [], isDiskOnly: true, isQuiesced: false, isLive: false, isHalted: true, hasNoMetadata: false},
		{kind: 'revert', uuid, snapshot: 's1', currentState, endState: 'paused'},
		{kind: 'branch', uuid, snapshot: 's1', name: 'b', currentState, endState: 'running'},
		{kind: 'merge', uuid, snapshot: 's1'},
		{kind: 'delete', uuid, snapshot: 's1', scope: 'with-children', isMetadataOnly: true},
		{kind: 'rename', uuid, snapshot: 's1', name: 'n'},
		{kind: 'rebase', uuid, links: [], moved: []},
		{kind: 'remove-orphans', uuid, paths: ['/a']},
		{kind: 'repair-records', uuid, adopts: 'tags'},
		{kind: 'fold', uuid},
		{kind: 'backup', uuid, to: '/b', since: {kind: 'full'}, checkpoint: undefined, description: undefined, disks: ['vda'], isQuiesced: true, rateBytes: 5},
		{kind: 'restore', uuid, from: '/b', at: 'p', isVerified: false, currentState, endState: 'paused'},
		{kind: 'create-checkpoint', uuid, checkpoint: 'c', description: 'd', disks: []},
		{kind: 'delete-checkpoint', uuid, checkpoint: 'c', scope: 'with-children', isMetadataOnly: false},
		{kind: 'redefine-checkpoint', uuid, xml: '<domaincheckpoint/>'},
	] as const;
	t.deepEqual(requests.map(({kind}) => kind) as string[], actionKinds as string[], name);
	for (const request of requests) {
		t.deepEqual(specOf(request).complete(request as never, uuid, facts).request, request as never);
	}
});

test('what the doctor offers for several findings is one request, by the rule of its kind', t => {
	const rebases = ['a', 'b'].map(name => ({kind: 'rebase' as const, uuid: 'u', links: [{path: name, backingPath: `${name}.base`, backingFormat: 'qcow2'}], moved: [{from: name, to: `${name}.2`}]}));
	t.deepEqual(joinRequests(rebases), {...rebases[0]!, links: rebases.flatMap(({links}) => links), moved: rebases.flatMap(({moved}) => moved)});
	t.deepEqual(joinRequests([['a', 'b'], ['b', 'c']].map(paths => ({kind: 'remove-orphans', uuid: 'u', paths}))), {kind: 'remove-orphans', uuid: 'u', paths: ['a', 'b', 'c']});
	t.deepEqual(joinRequests([{kind: 'repair-records', uuid: 'u'}, {kind: 'repair-records', uuid: 'u'}]), {kind: 'repair-records', uuid: 'u'});
	t.is(joinRequests([]), undefined);
});
