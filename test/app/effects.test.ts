import process from 'node:process';
import {setImmediate} from 'node:timers/promises';
import test from 'ava';
import {createEffectRunner} from '../../source/app/effects.ts';
import type {Effect} from '../../source/app/effects-data.ts';
import type {Message} from '../../source/app/messages.ts';
import type {DomainSummary} from '../../source/model/domain/domain.ts';
import {succeed, type Result} from '../../source/model/result.ts';
import {fakeServices} from '../helpers/fake-services.ts';

const ignore = () => undefined;
const stage = {
	suspend: ignore, repaint: ignore, quit: ignore, useMouse: ignore, copy: ignore, tellEnd: ignore,
};

/** A runner whose host answers the list when the test says so, and whose messages lead to the next wait as on the screen. */
function scene() {
	const {services} = fakeServices();
	let answer: (result: Result<DomainSummary[]>) => void = ignore;
	let tellChange: (domain: string | undefined) => void = ignore;
	const sent: Message[] = [];
	const runner = createEffectRunner({
		...services,
		host: {
			...services.host,
			readDomains: async () => new Promise(resolve => {
				answer = resolve;
			}),
			watch(listener) {
				tellChange = listener;
				return ignore;
			},
		},
	}, stage, message => {
		sent.push(message);
		if (message.kind === 'domains-read') {
			runner.run({kind: 'poll-later', number: 1, afterMs: 3_600_000});
		}
	});
	const activeTimers = () => process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length;
	return {
		runner, sent, activeTimers,
		async answerList() {
			answer(succeed([]));
			await setImmediate();
		},
		tellChange(domain: string) {
			tellChange(domain);
		},
	};
}

const readDomains: Effect = {kind: 'read-domains', number: 1};

test.serial('what was read leads to the next wait, and closing ends that', async t => {
	const {runner, sent, activeTimers, answerList} = scene();
	const before = activeTimers();
	runner.run(readDomains);
	await answerList();
	t.deepEqual(sent.map(({kind}) => kind), ['domains-read']);
	t.is(activeTimers(), before + 1);
	runner.close();
	t.is(activeTimers(), before);
});

test.serial('an answer that comes after the screen has closed leads to nothing: the process would go on for ever', async t => {
	const {runner, sent, activeTimers, answerList, tellChange} = scene();
	const before = activeTimers();
	runner.run(readDomains);
	runner.close();
	await answerList();
	tellChange('web');
	runner.run({kind: 'poll-later', number: 2, afterMs: 3_600_000});
	await setImmediate();
	t.deepEqual(sent, []);
	t.is(activeTimers(), before);
});
