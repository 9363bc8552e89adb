/**
The doctor's screen: looking for troubles without holding anything up, going through what was found, and repairing it where a plan can.
*/
import type {Finding} from '../../model/domain/finding.ts';
import type {Result} from '../../model/result.ts';
import {readOnlyReason} from '../browse/menu.ts';
import type {Command} from '../keys.ts';
import type {Message} from '../messages.ts';
import {
	answer, ask, readUnfinished, type Update,
} from '../browse/read.ts';
import {groupOfMarks} from '../browse/marks.ts';
import {leftOf, selectedDomain, selectedFinding} from '../browse/rows.ts';
import {moveIndex, scroll, type Viewport} from '../scroll.ts';
import type {Diagnosis, State} from '../state.ts';
import {openOffer} from '../journey/update-journey.ts';
import {foundOf, learn} from './health.ts';

/** Looks at one domain, or at all of the host; what was found the last time stays in sight meanwhile if it is about the same. */
export function diagnose(state: State, subject: {uuid: string; name: string} | undefined): Update {
	const number = state.nextNumber;
	const last = state.diagnosis?.uuid === subject?.uuid ? state.diagnosis : undefined;
	const known = foundOf(state, subject?.uuid) ?? last?.findings.value;
	const diagnosis: Diagnosis = {
		uuid: subject?.uuid,
		name: subject?.name,
		findings: ask({value: known, failure: undefined, waiting: undefined}, number, state.nowMs),
		progress: undefined,
		index: Math.max(0, Math.min(last?.index ?? 0, (known?.length ?? 0) - 1)),
	};
	return [
		{...state, nextNumber: number + 1, diagnosis, notice: undefined, scene: {kind: 'doctor', isWhole: false, top: 0}},
		[{kind: 'diagnose', number, uuid: subject?.uuid}],
	];
}

function diagnoseSeveral(state: State, domains: ReadonlyArray<{uuid: string; name: string}>): Update {
	const number = state.nextNumber;
	const uuids = domains.map(({uuid}) => uuid);
	const diagnosis: Diagnosis = {
		uuid: undefined, name: `the ${uuids.length} marked domains`, uuids, findings: ask<Finding[]>({value: undefined, failure: undefined, waiting: undefined}, number, state.nowMs), progress: undefined, index: 0,
	};
	return [
		{...state, nextNumber: number + 1, diagnosis, notice: undefined, scene: {kind: 'doctor', isWhole: false, top: 0}},
		[{kind: 'diagnose', number, uuid: undefined, uuids}],
	];
}

/** From the tree the domain that is selected, from the list all. */
export function beginDiagnosis(state: State): Update {
	const marked = groupOfMarks(state);
	if (marked.length > 1) {
		return diagnoseSeveral(state, marked);
	}

	const domain = state.pane === 'tree' ? selectedDomain(state) : undefined;
	return diagnose(state, domain);
}

export function diagnoseAgain(state: State): Update {
	const {diagnosis} = state;
	if (diagnosis?.uuids !== undefined) {
		return diagnoseSeveral(state, diagnosis.uuids.map(uuid => ({uuid, name: ''})));
	}

	return diagnose(state, diagnosis?.uuid === undefined ? undefined : {uuid: diagnosis.uuid, name: diagnosis.name ?? ''});
}

export function takeProgress(state: State, {number, progress}: Message & {kind: 'diagnosing'}): State {
	const {diagnosis} = state;
	return diagnosis?.findings.waiting?.number === number ? {...state, diagnosis: {...diagnosis, progress}} : state;
}

export function takeDiagnosis(state: State, number: number, result: Result<Finding[]>): State {
	const {diagnosis} = state;
	const findings = diagnosis && answer(diagnosis.findings, number, result);
	if (findings === undefined) {
		return state;
	}

	const {uuid, index} = diagnosis!;
	const found = findings.value ?? [];
	// The same finding stays selected, wherever it stands now.
	const selected = diagnosis!.findings.value?.[index];
	const same = found.findIndex(({kind, domain, text}) => kind === selected?.kind && domain?.uuid === selected.domain?.uuid && text === selected.text);
	const next: State = {...state, diagnosis: {...diagnosis!, findings, index: same === -1 ? Math.max(0, Math.min(index, found.length - 1)) : same}};
	// What changed meanwhile waits for a look of its own.
	const {due} = state.health;
	return result.ok && !due.host && diagnosis!.uuids === undefined ? learn(next, result.value, {uuid, changed: new Set(due.uuids)}) : next;
}

/** Why what a finding offers cannot be done from here; undefined: it can. */
export function repairReason(state: State, finding: Finding): string | undefined {
	return state.isReadOnly ? readOnlyReason : (finding.request === undefined ? 'it cannot be fixed from here; the finding says how to fix it yourself' : undefined);
}

/** Whether the finding is an interrupted action that this user can finish. */
export function isOurs(state: State, {kind, domain}: Finding): boolean {
	return kind === 'unfinished-action' && leftOf(state, domain?.uuid) !== undefined;
}

function accept(state: State): Update {
	const finding = selectedFinding(state);
	if (finding === undefined) {
		return [state, []];
	}

	if (finding.kind === 'unfinished-action' && (isOurs(state, finding) || (state.scene.kind === 'doctor' && !state.scene.isWhole))) {
		return readUnfinished(state, {origin: 'doctor', uuid: finding.domain?.uuid});
	}

	if (finding.request === undefined) {
		return [{...state, scene: {kind: 'doctor', isWhole: state.scene.kind === 'doctor' && !state.scene.isWhole, top: 0}}, []];
	}

	const reason = repairReason(state, finding);
	return reason === undefined
		? openOffer(state, finding.domain?.name ?? state.diagnosis?.name ?? '', finding.request)
		: [{...state, notice: `Not possible: ${reason}.`}, []];
}

function close(state: State): Update {
	return [{...state, scene: {kind: 'browse'}}, state.diagnosis?.findings.waiting === undefined ? [] : [{kind: 'stop-diagnosis'}]];
}

export function updateDoctor(state: State, command: Command | undefined, viewport: Viewport): Update {
	const {scene, diagnosis} = state;
	if (scene.kind !== 'doctor' || diagnosis === undefined || command === undefined) {
		return [state, []];
	}

	switch (command) {
		case 'back': {
			return scene.isWhole ? [{...state, scene: {kind: 'doctor', isWhole: false, top: 0}}, []] : close(state);
		}

		case 'refresh': {
			return diagnoseAgain(state);
		}

		case 'details': {
			return selectedFinding(state) === undefined ? [state, []] : [{...state, scene: {kind: 'doctor', isWhole: !scene.isWhole, top: 0}}, []];
		}

		case 'accept': {
			return accept(state);
		}

		default: {
			return scene.isWhole ? [scroll(state, command, viewport), []] : [{...state, diagnosis: {...diagnosis, index: moveIndex(diagnosis.index, command, diagnosis.findings.value?.length ?? 0)}}, []];
		}
	}
}
