import test from 'ava';
import {parseArguments, type Parsed} from '../source/arguments.ts';

const parse = (...argv: string[]) => parseArguments(argv, '1.2.3');
const invocation = (...argv: string[]) => {
	const parsed = parse(...argv);
	return parsed.ok && parsed.value.kind === 'invocation' ? parsed.value : undefined;
};

const given = (...argv: string[]) => {
	const asked = invocation(...argv)?.invocation;
	return asked?.verb === 'action' ? asked.given : undefined;
};

test('without a verb the screen opens, at a domain if one is named', t => {
	t.deepEqual(invocation()?.invocation, {verb: 'screen', domain: undefined});
	t.deepEqual(invocation('web')?.invocation, {verb: 'screen', domain: 'web'});
});

test('options may stand before and after the verb', t => {
	t.is(invocation('-c', 'qemu:///session', 'list', '--json')?.options.connect, 'qemu:///session');
	t.true(invocation('list', '--json', '--demo')?.options.isJson);
	t.true(invocation('--demo', 'list')?.options.isDemo);
});

test('a revert says what becomes of the current state and how the domain ends', t => {
	t.deepEqual(invocation('revert', 'web', 's1', '--keep', 'before', '--paused', '--yes')?.invocation, {
		verb: 'action', domain: 'web', given: {kind: 'revert', snapshot: 's1', currentState: {kind: 'keep', name: 'before'}, endState: 'paused'}, documentPath: undefined,
	});
	t.deepEqual(given('revert', 'web', 's1'), {kind: 'revert', snapshot: 's1', currentState: undefined, endState: undefined});
});

test('an action on several domains at once: frozen together, and the others rolled back where nothing else is said', t => {
	t.like(invocation('create', 'web', 's1', '--with', 'db', '--quiesce', '--with', 'cache', '--yes')?.invocation, {
		verb: 'action', domain: 'web', given: {snapshot: 's1', isQuiesced: true, isFrozenApart: true}, group: {others: ['db', 'cache'], ifOneFails: 'roll-back'},
	});
	t.like(invocation('revert', 'web', 's1', '--keep', 'k', '--with', 'db', '--if-one-fails', 'keep')?.invocation, {group: {others: ['db'], ifOneFails: 'keep'}});
	t.false('isFrozenApart' in given('create', 'web', 's1', '--quiesce')!);
	for (const argv of [['create', 'web', '--if-one-fails', 'keep'], ['create', 'web', '--with', 'db', '--xml', 'file'], ['merge', 'web', 's1', '--with', 'db'], ['create', 'web', '--with', 'db', '--if-one-fails', 'x']]) {
		const parsed = parse(...argv);
		t.like(parsed, {ok: false, failure: {kind: 'usage'}}, argv.join(' '));
	}
});

test('names that look like options come after --', t => {
	t.like(invocation('revert', '--dry-run', '--', '-x', '--discard')?.invocation, {domain: '-x', given: {snapshot: '--discard', currentState: undefined}});
});

for (const [expected, ...argv] of [['run', '--yes'], ['show', '--dry-run'], ['shell', '--dry-run', '--shell'], ['shell', '--shell']] as const) {
	test(`${argv.join(' ')} means ${expected}`, t => {
		t.is(invocation('merge', 'web', 's1', ...argv)?.options.mode, expected);
	});
}

for (const argv of [
	['revert', 'web', 's1', '--keep', 'x', '--discard'],
	['revert', 'web', 's1', '--yes', '--dry-run'],
	['revert', 'web', 's1', '--running', '--shutoff'],
	['branch', 'web', 's1', 'b1', '--keep', 'x', '--discard'],
	['delete', 'web', 's1', '--children', '--children-only'],
	['revert', 'web', 's1', '--yes'],
	['--yes', 'revert', 'web', 's1', '--running'],
	['revert', 'web', 's1', '--shell', '--json'],
	['recover', '--roll-back', '--roll-forward'],
	['list', '--demo', '-c', 'x'],
	['revert', 'web'],
	['tree'],
	['list', '--no-such-option'],
	['list', 'too', 'many'],
	['list', '--dry-run'],
	['--yes', 'tree', 'web'],
	['log', '--shell'],
	['--yes'],
	['web', '--json'],
]) {
	test(`${argv.join(' ')} is wrong usage`, t => {
		const parsed = parse(...argv);
		t.is(parsed.ok ? undefined : parsed.failure.kind, 'usage');
	});
}

test('the version and the help are printed, not run', t => {
	t.deepEqual(parse('--version'), {ok: true, value: {kind: 'print', text: '1.2.3\n'} satisfies Parsed});
	const help = parse('revert', '--help');
	t.true(help.ok && help.value.kind === 'print' && help.value.text.includes('--keep'));
});

test('a create takes its wishes as typed', t => {
	t.deepEqual(given('create', 'web'), {
		kind: 'create', snapshot: undefined, description: undefined, memory: undefined, disks: [], isDiskOnly: false, isQuiesced: false, isLive: false,
		isHalted: false, hasNoMetadata: false,
	});
	t.like(given('create', '--disk-only', '--quiesce', '--live', '--halt', '--no-metadata', '--description', 'why', '--disk', 'vda=no', '--disk', 'vdb=external:/d/x', 'web', 's1'), {
		snapshot: 's1', description: 'why', isDiskOnly: true, isQuiesced: true, isLive: true, isHalted: true, hasNoMetadata: true,
		disks: [{target: 'vda', mode: 'no'}, {target: 'vdb', mode: 'external', path: '/d/x'}],
	});
	t.like(invocation('create', 'web', '--xml', 'file.xml', '--reuse', 'vda=existing')?.invocation, {documentPath: 'file.xml', given: {disks: [{target: 'vda', mode: undefined, reuse: 'existing'}]}});
});

for (const argv of [
	['create', 'web', '--memory', 'some'],
	['create', 'web', '--disk', 'vda'],
	['create', 'web', '--reuse', 'vda=new'],
	['create', 'web', 's1', '--xml', 'file.xml'],
	['create', 'web', '--xml', 'file.xml', '--disk', 'vda=no'],
]) {
	test(`${argv.join(' ')} is wrong usage, and says what is allowed`, t => {
		const parsed = parse(...argv);
		t.false(parsed.ok);
		t.true(!parsed.ok && parsed.failure.kind === 'usage' && parsed.failure.hint !== undefined);
	});
}

test('bare QEMUs are named before or behind the verb, each of them again', t => {
	t.like(invocation('--qmp', 'a=/a.sock', 'list', '--qmp', 'b=/b.sock', '--image', '/d/c.qcow2')?.options, {qmp: ['a=/a.sock', 'b=/b.sock'], images: ['/d/c.qcow2']});
	t.like(invocation('list')?.options, {qmp: [], images: []});
});

for (const argv of [['--qmp', 'a=/s', '--connect', 'qemu:///system'], ['--image', '/d/a', '-c', 'x'], ['--qmp', 'a=/s', '--demo'], ['--demo', '--image', '/d/a']]) {
	test(`list ${argv.join(' ')} is wrong usage`, t => {
		const parsed = parse('list', ...argv);
		t.true(!parsed.ok && parsed.failure.kind === 'usage');
	});
}

for (const [message, ...argv] of [
	['There is no command "rever". Did you mean "revert"?', 'rever', 'web', 's1'],
	['There is no command "nextcloud".', 'nextcloud', 'db'],
	['revert needs a SNAPSHOT.', 'revert', 'web'],
	['branch needs a NAME.', 'branch', 'web', 's1'],
	['tree takes DOMAIN and no more; "b" is too many.', 'tree', 'a', 'b'],
	['list takes no argument; "a" is too many.', 'list', 'a'],
	['--dry-run cannot be combined with list, which changes nothing.', 'list', '--dry-run'],
	['--no-check, which is for the screen, and --yes or --dry-run cannot be combined.', 'merge', 'web', 's1', '--no-check', '--yes'],
	['--yes needs a command, and none was given.', '--yes'],
	['unknown option \'--childern\'\n(Did you mean --children?)', 'delete', 'web', 's1', '--childern'],
] as const) {
	test(`${argv.join(' ')}: ${message}`, t => {
		t.like(parse(...argv), {ok: false, failure: {kind: 'usage', message}});
	});
}

test('the help of a verb begins with its own options', t => {
	const help = parse('revert', '--help');
	const text = help.ok && help.value.kind === 'print' ? help.value.text : '';
	t.true(text.indexOf('--keep') < text.indexOf('--dry-run') && text.indexOf('--dry-run') < text.indexOf('--connect'));
	const list = parse('list', '--help');
	t.false(list.ok && list.value.kind === 'print' && list.value.text.includes('--yes'));
});
