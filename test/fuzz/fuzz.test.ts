import test from 'ava';
import {fuzz} from './fuzz.ts';

test('no reader throws, stands still or lets a hidden character through, whatever it is given', t => {
	const {troubles} = fuzz({seed: 20_261_127, count: 3000});
	t.deepEqual(troubles, []);
});
