import test from 'ava';
import {kindOfSnapshot, spokenKindOf, stateOfSnapshot} from '../../../source/ui/content/words.ts';
import type {Snapshot} from '../../../source/model/domain/snapshot.ts';

const words = (state: string, mode: 'no' | 'internal') => stateOfSnapshot({state, memory: {mode}} as Snapshot);

test('disks of a guest whose power was cut are called crash-consistent, outside and inside their images, and never taken while it was off', t => {
	t.regex(words('disk-snapshot', 'no'), /^crash-consistent/);
	t.regex(words('crashed', 'no'), /^crash-consistent/);
	t.is(words('shutoff', 'no'), 'taken while it was off');
	t.is(words('running', 'internal'), 'with memory, taken while it ran');
	t.is(words('paused', 'internal'), 'with memory, taken while it was paused');
});

test('the tree says of each snapshot how good its state is', t => {
	const kind = (state: string, more: Partial<Snapshot> = {}) => kindOfSnapshot({state, memory: {mode: 'no'}, disks: [{target: 'vda', mode: 'external'}], ...more} as Snapshot);
	t.is(kind('shutoff'), 'disks, off');
	t.is(kind('disk-snapshot'), 'disks, crash');
	t.is(kind('disk-snapshot', {isFrozen: true}), 'disks, frozen');
	t.is(kind('running', {memory: {mode: 'external', path: '/m'}}), 'disks+memory');
});

test('what is read aloud of a snapshot has no abbreviations', t => {
	const spoken = (state: string, mode: 'external' | 'internal', memory: 'no' | 'internal' = 'no') =>
		spokenKindOf({state, memory: {mode: memory}, disks: [{target: 'vda', mode}]} as Snapshot);
	t.is(spoken('disk-snapshot', 'external'), 'disks, crash-consistent, no memory');
	t.is(spoken('shutoff', 'internal'), 'inside the images, taken while it was off');
	t.is(spoken('running', 'internal', 'internal'), 'inside the images, with memory, taken while it ran');
});
