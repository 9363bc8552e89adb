/**
The command log: every command that a plan runs, its undo among them, with how it ended. What cannot be kept is said once, and stops nothing.
*/
import {describeRun} from '../../model/plan/ran-command.ts';
import type {Step} from '../../model/plan/plan.ts';
import type {Host, RunEvent} from '../ports.ts';
import type {World} from '../world.ts';

/** The same world, whose host keeps what it runs. `steps`: those that run whole, so that what they copy is known. */
export function withCommandLog(world: World, {id: planId, steps}: {id: string; steps: readonly Step[]}, onEvent: (event: RunEvent) => void): World {
	let isReported = false;
	const run: Host['run'] = async (command, options) => {
		const startedAt = world.clock.now();
		const result = await world.host.run(command, options);
		const ran = describeRun(command, result, {at: startedAt.toISOString(), durationMs: world.clock.now().getTime() - startedAt.getTime(), bytes: steps.find(step => step.command === command)?.copyBytes});
		onEvent({kind: 'command-ran', command: ran});
		const kept = await world.store.appendCommand(planId, ran);
		if (!kept.ok && !isReported) {
			isReported = true;
			onEvent({kind: 'not-logged', failure: kept.failure});
		}

		return result;
	};

	return {...world, host: {...world.host, run}};
}
