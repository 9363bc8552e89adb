/** The page of a new snapshot, walked through at random: the answer that is marked is the one that is planned for, and what was set stays set. */
import test from 'ava';
import {allFieldsOf, fieldsOf, focusedField} from '../../../source/app/journey/fields.ts';
import type {Field} from '../../../source/actions/question.ts';
import {isStarted, journeyOf, press} from '../../helpers/press.ts';
import {randomFrom} from '../../helpers/random.ts';
import {atWeb, framesOf, keys, type Brain} from '../../helpers/screen-harness.ts';

const answerOf = (field: Field) => field.kind === 'text' ? field.value : field.chosen;
const all = ({state}: Brain) => allFieldsOf(state, journeyOf({state} as Brain)!);

for (const [seed, rows] of [[1, 24], [2, 40], [3, 24]] as const) {
	test(`only the answer at the cursor changes, folding none of them, and the page shows it (${seed}, ${rows} rows)`, async t => {
		const random = randomFrom(seed);
		const brain = await press(await atWeb({rows}), 'c', 'o');
		for (let count = 0; count < 80; count++) {
			const {state} = brain;
			const focused = focusedField(state, journeyOf(brain)!);
			const before = new Map(all(brain).map(field => [field.id, answerOf(field)]));
			const isText = focused?.kind === 'text';
			const key = random.pick([keys.tab, keys.tab, keys.down, keys.up, keys.left, keys.right, ...isText ? ['/x'] : [' ', ' ', 'o']]);
			await press(brain, key);
			const changed = all(brain).filter(({id}) => before.has(id)).filter(field => answerOf(field) !== before.get(field.id)).map(({id}) => id);
			// Where the disks go is one word for them and for the memory: these answers are of one matter.
			const isOfPlace = (id: string) => /^(place|saved|mode |reuse |path |memory-path)/.test(id);
			const isAllowed = (id: string) => key === 'o' && !isText ? false : id === focused?.id || (isOfPlace(id) && isOfPlace(focused?.id ?? ''));
			t.true(changed.every(id => isAllowed(id)), `${key} at ${focused?.id}: ${changed.join(', ')}`);
			t.false(isStarted(brain));
		}

		const [frame] = await framesOf([brain.state]);
		const chosen = fieldsOf(brain.state, journeyOf(brain)!).flatMap(field => field.kind === 'choice' ? field.choices.filter(({id}) => id === field.chosen) : []);
		t.deepEqual(chosen.filter(({label}) => !frame!.includes(`(•) ${label}`)), [], frame);
	});
}
