/**
A plan for people: what it means, then each step with its exact command.
*/
import type {Plan} from '../model/plan/plan.ts';
import {titleOfAction} from '../actions/registry.ts';
import {describeTime} from '../model/duration/plan-time.ts';
import {formatCommand} from '../model/text/format-command.ts';

const marks = {info: ' ', warning: '!', loss: '-'};
const words = {info: '', warning: 'Warning: ', loss: 'Lost: '};

export function describePlan(plan: Plan): string[] {
	const time = describeTime(plan);
	return [
		`${titleOfAction(plan.action)} on ${plan.uri}`,
		'',
		...plan.consequences.map(({severity, text}) => `${marks[severity]} ${words[severity]}${text}`),
		...(time === undefined ? [] : [`  Time: ${time}.`]),
		'',
		...plan.steps.flatMap((step, index) => [
			`${String(index + 1).padStart(2)}. [${step.phase}] ${step.title}`,
			`      ${formatCommand(step.command)}`,
			...(step.qmpPreview ?? []).map(line => `        = ${line}`),
		]),
	];
}
