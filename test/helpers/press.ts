/**
Steps through the guided actions on the fake host, for tests of the brain and of the linear mode.
*/
import type {Request} from '../../source/model/plan/request.ts';
import type {Journey} from '../../source/app/journey/journey.ts';
import type {Brain} from './screen-harness.ts';

/** Presses key by key, as a person does: the host answers after each, and half a second passes. */
export async function press(brain: Brain, ...reads: string[]): Promise<Brain> {
	for (const read of reads) {
		brain.type(read);
		await brain.answer();
		brain.pass(500);
	}

	return brain;
}

export function journeyOf(brain: Brain): Journey | undefined {
	return brain.state.scene.kind === 'journey' ? brain.state.scene.journey : undefined;
}

/** The field that has the cursor; undefined: the last line has it. */
export const fieldAt = (brain: Brain): string | undefined => journeyOf(brain)?.field;

/** What the person is told beside the line that starts. */
export const noteOf = (brain: Brain): string | undefined => journeyOf(brain)?.note;

/** The last wish that the planner was asked for. */
export function requestOf(brain: Brain): Request | undefined {
	return brain.effects.findLast(effect => effect.kind === 'plan')?.request;
}

export function isStarted(brain: Brain): boolean {
	return brain.effects.some(({kind}) => kind === 'execute');
}
