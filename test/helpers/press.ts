/**
Steps through the guided actions on the fake host, for tests of the brain and of the linear mode.
*/
import type {ExecutionContext} from 'ava';
import type {Request} from '../../source/model/plan/request.ts';
import type {Journey, JourneyStage} from '../../source/app/journey/journey.ts';
import type {Brain} from './screen-harness.ts';

/** Presses key by key, and lets the host answer after each. */
export async function press(brain: Brain, ...reads: string[]): Promise<Brain> {
	for (const read of reads) {
		brain.type(read);
		await brain.answer();
	}

	return brain;
}

export function journeyOf(brain: Brain): Journey | undefined {
	return brain.state.scene.kind === 'journey' ? brain.state.scene.journey : undefined;
}

export function stageOf<P extends JourneyStage['phase']>(t: ExecutionContext, brain: Brain, phase: P): JourneyStage & {phase: P} {
	const stage = journeyOf(brain)?.stage;
	t.is(stage?.phase, phase);
	return stage as JourneyStage & {phase: P};
}

/** The last wish that the planner was asked for. */
export function requestOf(brain: Brain): Request | undefined {
	return brain.effects.findLast(effect => effect.kind === 'plan')?.request;
}

export function isStarted(brain: Brain): boolean {
	return brain.effects.some(({kind}) => kind === 'execute');
}
