import test from 'ava';
import {parseArguments} from '../source/arguments.ts';
import {screenStartOf} from '../source/screen-start.ts';

function startOf(...argv: string[]) {
	const parsed = parseArguments(argv, '1.2.3');
	return parsed.ok && parsed.value.kind === 'invocation' ? screenStartOf(parsed.value.invocation) : 'no wish';
}

test('an action on several domains has no screen', t => {
	t.is(screenStartOf({verb: 'action', domain: 'web', given: {kind: 'create'}, documentPath: undefined, group: {others: ['db'], ifOneFails: 'keep'}}), undefined);
});

test('each guided verb opens the screen at its action, with what was said', t => {
	t.deepEqual(startOf('web'), {domain: 'web'});
	t.like(startOf('revert', 'web', 's1', '--discard', '--running'), {domain: 'web', action: {kind: 'revert', snapshot: 's1', currentState: {kind: 'discard'}, endState: 'running'}});
	t.like(startOf('create', 'web', 's9', '--memory', 'external'), {domain: 'web', action: {kind: 'create', snapshot: 's9', memory: {mode: 'external'}}});
	t.like(startOf('branch', 'web', 's1', 'b1', '--keep', 'k'), {action: {kind: 'branch', snapshot: 's1', name: 'b1', currentState: {kind: 'keep', name: 'k'}}});
	t.like(startOf('merge', 'web', 's1'), {action: {kind: 'merge', snapshot: 's1'}});
	t.like(startOf('delete', 'web', 's1', '--children'), {action: {kind: 'delete', snapshot: 's1', scope: 'with-children'}});
	t.like(startOf('doctor', 'web'), {domain: 'web', action: {kind: 'doctor'}});
	t.like(startOf('doctor'), {domain: undefined, action: {kind: 'doctor'}});
});

test('a deletion of which no more was said than the snapshot is still asked about', t => {
	t.like(startOf('delete', 'web', 's1'), {action: {kind: 'delete', scope: undefined, isMetadataOnly: false}});
});

test('verbs that leave nothing to ask, and those that only print, have no screen', t => {
	t.is(startOf('list'), undefined);
	t.is(startOf('recover', '--roll-back'), undefined);
	t.is(startOf('create', 'web', '--xml', '/x.xml'), undefined);
});
