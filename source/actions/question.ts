/**
What a guided action asks. Fields are made anew from the request whenever they are needed; only their ids are remembered.
*/
import type {CurrentState, Request} from '../model/plan/request.ts';

/** A choice in a menu or a field. `reason` says why it is not possible; `figure`, behind the label, what it frees. */
export type Option = {id: string; label: string; note?: string; reason?: string; figure?: string};

/** The current state as it is kept. */
export type Kept = CurrentState & {kind: 'keep'};

/** What an answer changes. `kept`: how the current state would be kept, which is remembered while "discard" is chosen. */
export type Change = {request?: Request; kept?: Kept; /** Of an action on several domains. */ ifOneFails?: 'keep' | 'roll-back'};

export type Choice = Option & {change: Change};

type Common = {
	id: string;
	/** Before its answer, on the page of the plan. */
	label: string;
	/** The same as a question, where fields are asked one after the other. */
	question: string;
	/** Few need it: it is shown, and asked, only to those who want all options. */
	isExtra?: true;
};

/** `isList`: one choice to a line. `showsSpace`: what each choice frees is told beside it, as soon as it is known. */
export type ChoiceField = Common & {kind: 'choice'; choices: Choice[]; chosen: string | undefined; isList?: true; showsSpace?: true};

/** A text that is typed. `problem` is said while it is typed, and keeps it from being taken. `isBeside`: on the line of the field before it, where there is room. */
export type TextField = Common & {kind: 'text'; value: string; problem: string | undefined; change: (text: string) => Change; isBeside?: true; note?: string};

export type Field = ChoiceField | TextField;

/** Of two choices, the second one says yes. */
export function switchField(field: Common & {note?: string; reason?: string; isOn: boolean; labels?: [string, string]}, change: (isOn: boolean) => Change): ChoiceField {
	const {note, reason, isOn, labels: [no, yes] = ['no', 'yes'], ...common} = field;
	return {
		...common,
		kind: 'choice',
		chosen: isOn ? 'yes' : 'no',
		choices: [{id: 'no', label: no, change: change(false)}, {id: 'yes', label: yes, note, reason, change: change(true)}],
	};
}
