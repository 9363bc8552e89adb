import test from 'ava';
import {guestCourseOf} from '../../../source/model/duration/guest-course.ts';
import {targetOf, type Plan, type Step} from '../../../source/model/plan/plan.ts';
import type {DomainState} from '../../../source/model/domain/domain.ts';
import {netPlans} from '../../helpers/plan-net.ts';

function plan(state: DomainState, steps: Array<Partial<Step>>, endState: 'running' | 'paused' | 'shutoff' | undefined): Plan {
	return {
		steps: steps.map(step => ({doneWhen: {kind: 'never'}, ...step})),
		targets: [{before: {state}, expected: {endState}}],
	} as unknown as Plan;
}

const stop = {doneWhen: {kind: 'domain-off', uuid: 'u'}} as const;

test('a guest is off from the step that ends it until it is started', t => {
	t.deepEqual(guestCourseOf(plan('running', [{}, stop, {}, {startsDomain: true}, {}], 'running')), {
		before: 'running', absences: [{state: 'off', first: 1, last: 3}], after: 'running',
	});
	t.deepEqual(guestCourseOf(plan('running', [{savesMemory: '/m'}, {}], 'shutoff'))?.absences, [{state: 'off', first: 0, last: undefined}]);
});

test('a guest that is started paused, or reads its memory first, is not back with its start', t => {
	t.deepEqual(guestCourseOf(plan('running', [stop, {startsDomain: true}], 'paused')), {
		before: 'running', absences: [{state: 'off', first: 0, last: 1}, {state: 'paused', first: 1, last: undefined}], after: 'paused',
	});
	t.deepEqual(guestCourseOf(plan('running', [stop, {startsDomain: true}, {}, {guest: 'resumed'}], 'running'))?.absences, [{state: 'off', first: 0, last: 3}]);
});

test('a pause lasts until the guest is resumed, or as long as one step', t => {
	t.deepEqual(guestCourseOf(plan('running', [{guest: 'paused'}, {}, {guest: 'resumed'}, {guest: 'paused-meanwhile'}], undefined)), {
		before: 'running', absences: [{state: 'paused', first: 0, last: 2}, {state: 'paused', first: 3, last: 3, isWithin: true}], after: 'running',
	});
	t.deepEqual(guestCourseOf(plan('running', [{changesInside: 'deletes'}, {changesInside: 'adds'}], undefined))?.absences, [{state: 'paused', first: 0, last: 0, isWithin: true}]);
	t.deepEqual(guestCourseOf(plan('paused', [{guest: 'paused-meanwhile'}], undefined)), {before: 'paused', absences: [], after: 'paused'});
});

test('the steps of every plan lead to the power that is proven at its end', async t => {
	let count = 0;
	for await (const {name, planned} of netPlans(0)) {
		if (!planned.ok) {
			continue;
		}

		const course = guestCourseOf(planned.value)!;
		const {endState} = targetOf(planned.value).expected;
		const expected = endState === undefined ? course.before : (endState === 'shutoff' ? 'off' : endState);
		count += 1;
		t.is(course.after, expected, `${name}: ${planned.value.steps.map(({id}) => id).join(' ')}`);
	}

	t.true(count > 1000);
});
