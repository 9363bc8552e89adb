import test from 'ava';
import {succeed} from '../../../source/model/result.ts';
import {readUntilSettled} from '../../../source/hosts/libvirt/settle.ts';

/** A host that gives one list of unreadable names after the other, the last one for ever. */
function host(...answers: string[][]) {
	const asked: string[][] = [];
	return {
		asked,
		async read() {
			const answer = answers[Math.min(asked.length, answers.length - 1)]!;
			asked.push(answer);
			return succeed(answer);
		},
	};
}

const same = (names: string[]) => names;

test('what can be read is read once', async t => {
	const {read, asked} = host([]);
	t.deepEqual(await readUntilSettled(read, same), succeed([]));
	t.is(asked.length, 1);
});

test('a record that went away between the list and its XML is no problem', async t => {
	const {read} = host(['s1'], ['s2'], []);
	t.deepEqual(await readUntilSettled(read, same), succeed([]));
});

test('what cannot be read twice in a row is unreadable', async t => {
	const {read, asked} = host(['torn'], ['torn']);
	t.deepEqual(await readUntilSettled(read, same), succeed(['torn']));
	t.is(asked.length, 2);
});

test('a host that never settles is not asked for ever', async t => {
	const {read, asked} = host(['a'], ['b'], ['c'], ['d'], ['e'], ['f'], ['g']);
	await readUntilSettled(read, same);
	t.is(asked.length, 5);
});
