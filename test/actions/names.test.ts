import test from 'ava';
import {defaultCurrentState} from '../../source/actions/current-state.ts';
import {nameByTime, type Naming} from '../../source/actions/names.ts';

const naming = (...taken: string[]): Naming => ({nowMs: Date.parse('2026-11-21T02:00:30Z'), taken: new Set(taken)});

test('where nothing is said about the current state it is kept, under a free name', t => {
	t.deepEqual(defaultCurrentState({}, naming()), {kind: 'keep', name: 'kept-20261121-0200'});
	t.deepEqual(defaultCurrentState({}, naming('kept-20261121-0200')), {kind: 'keep', name: 'kept-20261121-0200-2'});
	t.deepEqual(defaultCurrentState({branch: 'b1'}, naming()), {kind: 'keep', name: 'before-b1'});
	t.deepEqual(defaultCurrentState({branch: 'b1'}, naming('before-b1')), {kind: 'keep', name: 'before-b1-2'});
});

test('a snapshot is called by the time', t => {
	t.is(nameByTime('at', naming('at-20261121-0200')), 'at-20261121-0200-2');
});
