import test from 'ava';
import {stateOfSnapshot} from '../../../source/ui/content/words.ts';
import type {Snapshot} from '../../../source/model/domain/snapshot.ts';

const words = (state: string, mode: 'no' | 'internal') => stateOfSnapshot({state, memory: {mode}} as Snapshot);

test('disks of a guest whose power was cut are called crash-consistent, outside and inside their images, and never taken while it was off', t => {
	t.is(words('disk-snapshot', 'no'), 'crash-consistent, no memory');
	t.is(words('crashed', 'no'), 'crash-consistent, no memory');
	t.is(words('shutoff', 'no'), 'taken while it was off');
	t.is(words('running', 'internal'), 'taken while it ran, disks and memory');
	t.is(words('crashed', 'internal'), 'taken in the state "crashed", disks and memory');
});
