import test from 'ava';
import {freeName, nameProblem} from '../../../source/model/domain/snapshot-name.ts';

for (const [name, problem] of [
	['before the upgrade', undefined],
	['-x', undefined],
	['', 'is empty'],
	['a/b', 'contains "/"'],
	['.hidden', 'begins with "."'],
	['a\nb', 'contains control characters'],
	['é'.repeat(123), undefined],
	['é'.repeat(124), 'is longer than 247 bytes'],
] as const) {
	test(`the name ${JSON.stringify(name.slice(0, 20))} of ${name.length} characters ${problem ?? 'is good'}`, t => {
		t.is(nameProblem(name), problem);
	});
}

test('a name that is taken gets the first number that is free', t => {
	t.is(freeName('a', new Set()), 'a');
	t.is(freeName('a', new Set(['a', 'a-2'])), 'a-3');
});
