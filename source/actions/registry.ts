/**
Every action, in the order of help and menus. A new one is a folder, a line here, and one in planners.ts.
*/
import type {DomainDetails} from '../model/domain/inventory.ts';
import type {Action, Request} from '../model/plan/request.ts';
import type {Plan} from '../model/plan/plan.ts';
import {backup} from './backup/spec.ts';
import {branch} from './branch/spec.ts';
import {createCheckpoint} from './create-checkpoint/spec.ts';
import {create} from './create/spec.ts';
import {deletion} from './delete/spec.ts';
import {deleteCheckpoint} from './delete-checkpoint/spec.ts';
import {fold} from './fold/spec.ts';
import {repairRecords} from './repair-records/spec.ts';
import {merge} from './merge/spec.ts';
import {rebase} from './rebase/spec.ts';
import {redefineCheckpoint} from './redefine-checkpoint/spec.ts';
import {rename} from './rename/spec.ts';
import {restore} from './restore/spec.ts';
import {revert} from './revert/spec.ts';
import type {
	ActionKind, ActionSpec, CliSpec, Facts, Given, ScreenSpec, Undo,
} from './spec.ts';
import {removeOrphans} from './remove-orphans/spec.ts';

type Registry = {[K in ActionKind]: ActionSpec<K>};

const registry = {
	create,
	revert,
	branch,
	merge,
	delete: deletion,
	rename,
	rebase,
	'remove-orphans': removeOrphans,
	'repair-records': repairRecords,
	fold,
	backup,
	restore,
	'create-checkpoint': createCheckpoint,
	'delete-checkpoint': deleteCheckpoint,
	'redefine-checkpoint': redefineCheckpoint,
} satisfies Registry;

export const actionKinds = Object.keys(registry) as ActionKind[];

/** The kinds that can be chosen on the screen, in the order of its keys. */
export type ScreenKind = {[K in ActionKind]: (typeof registry)[K] extends {screen: ScreenSpec} ? K : never}[ActionKind];

export function specOf<K extends ActionKind>({kind}: {kind: K}): ActionSpec<K> {
	return (registry as Registry)[kind];
}

/** Of the actions that have a verb on the command line. */
export function commandLineSpecs(): Array<CliSpec<ActionKind>> {
	return actionKinds.flatMap(kind => specOf({kind}).cli ?? []);
}

/** The actions that have a key. */
export function screenSpecs(): Array<{kind: ScreenKind; screen: ScreenSpec}> {
	return actionKinds.flatMap(kind => isScreenKind(kind) ? [{kind, screen: screenOf(kind)}] : []);
}

export function isScreenKind(kind: string): kind is ScreenKind {
	return Object.hasOwn(registry, kind) && specOf({kind: kind as ActionKind}).screen !== undefined;
}

export const screenOf = (kind: ScreenKind): ScreenSpec => specOf({kind}).screen!;

/** The snapshot or checkpoint that a request names, as far as it was said. */
export function namedIn(given: Given | Request, needs: 'snapshot' | 'checkpoint'): string | undefined {
	const names: {snapshot?: string; checkpoint?: string} = given as object;
	return names[needs];
}

export const titleOfAction = (action: Action): string => specOf(action).words.title(action);
export const nounOfAction = (action: Action): string => specOf(action).words.noun(action);
/** For the audit log and for whoever waits for the lock. */
export const describeAction = (action: Action): string => specOf(action).words.log(action);
export const describeDone = (action: Action): string => specOf(action).words.done(action);

export const undoOf = (action: Action, details: DomainDetails): Undo => specOf(action).undo(action, details);

/** Images that a request names by itself, absolute. */
export function readsOf(request: Given): string[] {
	return [...new Set(specOf(request).reads?.(request))].filter(path => path.startsWith('/'));
}

/** The first one's kind decides. */
export function joinRequests(requests: readonly Request[]): Request | undefined {
	const [first] = requests;
	return first && (specOf(first).join?.(requests.filter(({kind}) => kind === first.kind)) ?? first);
}

/** What recovery plans once more for a plan that was not carried out. */
export const actionAgain = (plan: Plan): Action => specOf(plan.action).again?.(plan.action, plan) ?? plan.action;

/** The whole action, with the defaults for what was left open. */
export function actionFor(given: Given, uuid: string, facts: Facts): Action {
	const {uuid: _uuid, ...rest} = specOf(given).complete(given, uuid, facts).request;
	return {...rest, domain: {uuid, name: facts.details.domain.name}};
}
