import test from 'ava';
import {fuzz} from './fuzz.ts';

test('no reader throws, stands still or lets a hidden character through, whatever it is given', async t => {
	const {troubles} = await fuzz({seed: 20_261_127, count: 3000});
	t.deepEqual(troubles, []);
});
