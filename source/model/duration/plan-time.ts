/**
About how long a plan takes, and how long its guest is away meanwhile: by what earlier actions on the host took.
*/
import type {Plan, PlannedTime, Step} from '../plan/plan.ts';
import {guestCourseOf, type Absence} from './guest-course.ts';
import {
	aroundMs, expectedMs, isQuick, type Measured,
} from './measured.ts';

function sumOf(steps: readonly Step[], {action}: Plan, measured: Measured): number | undefined {
	const around = aroundMs(action.kind, measured);
	let sum = 0;
	for (const step of steps) {
		const own = expectedMs(step, action.domain.uuid, measured);
		if (own === undefined || around === undefined) {
			return undefined;
		}

		sum += own + around;
	}

	return sum;
}

/** Undefined: of some step nothing like it was measured. */
export function timeOf(plan: Plan, measured: Measured): PlannedTime | undefined {
	const aboutMs = sumOf(plan.steps, plan, measured);
	if (aboutMs === undefined) {
		return undefined;
	}

	// What stays off when all is done is no time to wait for.
	const away = (guestCourseOf(plan)?.absences ?? []).filter(({last}) => last !== undefined);
	const parts = away.map(({first, last}) => sumOf(plan.steps.slice(first, last! + 1), plan, measured)!);
	return {aboutMs, ...(parts.length > 0 && {awayMs: parts.reduce((sum, part) => sum + part, 0)})};
}

/** "4 s", "2 min": about, so no more than two figures. */
export function formatAbout(durationMs: number): string {
	const seconds = durationMs / 1000;
	if (seconds < 1) {
		return 'less than 1 s';
	}

	if (seconds < 99.5) {
		return `about ${Math.round(seconds)} s`;
	}

	return seconds < 99.5 * 60 ? `about ${Math.round(seconds / 60)} min` : `about ${Math.round(seconds / 3600)} h`;
}

function placeOf({first, last}: Absence, steps: number): string {
	if (last === undefined) {
		return `from step ${first + 1} on`;
	}

	return first === last ? `in step ${first + 1} of ${steps}` : `from step ${first + 1} to ${last + 1} of ${steps}`;
}

/** A pause in which nothing is copied. */
const isBrief = (plan: Plan, {first, isWithin}: Absence) => isWithin === true && isQuick(plan.steps[first]!);

/** What the guest feels of it; undefined: it is off and no matter. */
function describeGuest(plan: Plan): string | undefined {
	const course = guestCourseOf(plan);
	if (course === undefined || course.before === 'off') {
		return undefined;
	}

	const {absences, before} = course;
	if (absences.length === 0) {
		const isSaid = plan.consequences.some(({saysItGoesOn}) => saysItGoesOn);
		return isSaid ? undefined : (before === 'paused' ? 'the guest stays paused' : 'the guest keeps running');
	}

	if (absences.every(absence => isBrief(plan, absence))) {
		return `the guest is paused ${absences.length === 1 ? 'for a moment' : `for ${absences.length} moments`}`;
	}

	const isMeasured = plan.time?.awayMs !== undefined && absences.every(({last}) => last !== undefined);
	const long = absences.filter(absence => !isBrief(plan, absence));
	const [only] = long;
	const span = isMeasured ? `${formatAbout(plan.time!.awayMs!)} of it` : undefined;
	if (long.length === 1 && span !== undefined) {
		return `the guest is ${only!.state} ${span}, ${placeOf(only!, plan.steps.length)}`;
	}

	const places = long.map(absence => `${absence.state} ${placeOf(absence, plan.steps.length)}`).join(', then ');
	return span === undefined ? `the guest is ${places}` : `the guest is away ${span}: ${places}`;
}

/** Undefined: nothing is known of it. */
export function describeTime(plan: Plan): string | undefined {
	const amount = plan.time === undefined
		? (plan.steps.every(step => isQuick(step)) ? 'seconds: no data is copied' : undefined)
		: formatAbout(plan.time.aboutMs);
	const guest = describeGuest(plan);
	return amount === undefined && guest === undefined ? undefined : [amount, guest].filter(part => part !== undefined).join('; ');
}
