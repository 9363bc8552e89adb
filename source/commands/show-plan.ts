/**
A plan for people: what it means, then each step with its exact command.
*/
import type {Plan} from '../model/plan.ts';
import {formatCommandLine} from '../model/shell-quote.ts';

const marks = {info: ' ', warning: '!', loss: '-'};
const words = {info: '', warning: 'Warning: ', loss: 'Lost: '};

export function describePlan(plan: Plan): string[] {
	const {action} = plan;
	return [
		`Revert "${action.domain.name}" to "${action.snapshot}" on ${plan.uri}`,
		'',
		...plan.consequences.map(({severity, text}) => `${marks[severity]} ${words[severity]}${text}`),
		'',
		...plan.steps.flatMap((step, index) => [
			`${String(index + 1).padStart(2)}. [${step.phase}] ${step.title}`,
			`      ${formatCommandLine(step.command.argv)}`,
		]),
	];
}
