/**
A failure as lines: what happened, as the tools said it, and the way out.
*/
import {describeFailure} from '../../model/text/describe-failure.ts';
import type {Failure} from '../../model/failure.ts';
import {paragraph, type Line} from '../parts/line.tsx';
import type {Theme} from '../theme.ts';

export function failureLines(failure: Failure, {columns, theme}: {columns: number; theme: Theme}): Line[] {
	const {message, hint} = describeFailure(failure);
	return [
		...paragraph(message, {columns: columns - 1, theme, lead: {text: ' '}}),
		...(hint === undefined
			? []
			: paragraph(hint, {
				columns: columns - 1, theme, tone: 'strong', lead: {text: ' '},
			})),
	];
}
