import {setImmediate, setTimeout} from 'node:timers/promises';
import test from 'ava';
import {Lines} from '../../../source/tools/run/lines.ts';

test('on a line to another machine, what is asked at the same moment goes along, however long the line was quiet before', async t => {
	const answers: Array<() => void> = [];
	const conversation = {
		ask: async () => new Promise<{output: string; complaint: string}>(resolve => {
			answers.push(() => {
				resolve({output: '', complaint: ''});
			});
		}),
		end: () => undefined,
	};
	const lines = new Lines(() => conversation, {most: 1, leastPatienceMs: 150, isFar: true});
	const ask = async () => lines.ask({text: '', outputEnd: ''}, 1000);
	const first = ask();
	await setImmediate();
	answers[0]!();
	await first;
	await setTimeout(60);
	const both = [ask(), ask()];
	await setImmediate();
	t.is(answers.length, 3);
	answers[1]!();
	answers[2]!();
	await Promise.all(both);
});

test('one that is opened for who is about to ask answers the first question', async t => {
	const said: string[] = [];
	const lines = new Lines(() => {
		said.push('opened');
		return {
			begin() {
				said.push('begun');
			},
			async ask() {
				said.push('asked');
				return {output: '', complaint: ''};
			},
			end: () => undefined,
		};
	}, {most: 2, leastPatienceMs: 50});
	lines.begin();
	await lines.ask({text: '', outputEnd: ''}, 1000);
	t.deepEqual(said, ['opened', 'begun', 'asked']);
});
