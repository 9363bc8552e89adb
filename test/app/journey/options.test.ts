/** All options of a new snapshot, walked through at random on one screen: Enter changes what the pointer shows, and what was set stays set. */
import test from 'ava';
import {settingsOf} from '../../../source/app/journey/questions.ts';
import type {State} from '../../../source/app/state.ts';
import {
	journeyOf, press, stageOf,
} from '../../helpers/press.ts';
import {randomFrom} from '../../helpers/random.ts';
import {atWeb, framesOf, keys} from '../../helpers/screen-harness.ts';

const pointed = (frame: string) => /^ ▸ (.*?)(?: {2}\(.*)?$/m.exec(frame)?.[1];

for (const seed of [1, 2]) {
	test(`Enter changes the option that the pointer shows, and nothing that was set is lost (${seed})`, async t => {
		const random = randomFrom(seed);
		const brain = await press(await atWeb(), 'c', keys.enter, ...seed % 2 === 0 ? [keys.enter] : [], 'o');
		const optionsOf = (state: State) => state.scene.kind === 'journey' ? settingsOf(state, state.scene.journey)! : [];
		const states: State[] = [brain.state];
		const lengths = new Set<number>();
		for (let count = 0; count < 40; count++) {
			const before = optionsOf(brain.state);
			const {index} = stageOf(t, brain, 'settings');
			const option = before[index]!;
			const key = option.id === 'done' ? keys.up : random.pick([keys.down, keys.down, keys.up, keys.enter, keys.enter]);
			await press(brain, key);
			const isTyping = stageOf(t, brain, 'settings').typing !== undefined;
			if (isTyping) {
				await press(brain, keys.escape);
			}

			const isChanged = optionsOf(brain.state).find(({id}) => id === option.id)?.label !== option.label;
			t.true(isTyping || isChanged || key !== keys.enter || option.reason !== undefined, option.label);

			lengths.add(optionsOf(brain.state).length);
			states.push(brain.state);
		}

		t.true(lengths.size > 1, 'the list became longer and shorter');
		// What a component does once it is painted is in sight at the next look.
		const looks = await framesOf(states.flatMap(state => [state, state, state]));
		const frames = looks.filter((_, number) => number % 3 === 2);
		for (const [number, state] of states.entries()) {
			const {stage} = (state.scene as State['scene'] & {kind: 'journey'}).journey;
			t.is(pointed(frames[number]!), optionsOf(state)[stage.phase === 'settings' ? stage.index : -1]?.label, frames[number]);
		}

		const asked = journeyOf(brain)!.request as Record<string, unknown>;
		await press(brain, 'o');
		for (let count = 0; count < 5 && journeyOf(brain)?.stage.phase === 'question'; count++) {
			await press(brain, keys.enter);
		}

		stageOf(t, brain, 'consequences');
		const answered = journeyOf(brain)!.request as Record<string, unknown>;
		const set = Object.keys(asked).filter(name => asked[name] !== undefined && name !== 'disks');
		t.deepEqual(set.map(name => [name, answered[name]]), set.map(name => [name, asked[name]]));
		const modesOf = (request: Record<string, unknown>) => (request.disks as Array<{target: string; mode?: string}>).flatMap(({target, mode}) => mode === undefined ? [] : [`${target} ${mode}`]);
		t.deepEqual(modesOf(answered).filter(mode => modesOf(asked).includes(mode)), modesOf(asked));
	});
}
