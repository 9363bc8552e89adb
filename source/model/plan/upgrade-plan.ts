/**
Plans of earlier versions, as the journals of earlier programs hold them, in the form of today. Only what a later version says differently is changed; whether
the result is a plan is looked at afterwards. Never throws, whatever the value is.

Version 1 had one domain, whose parts stood in the plan itself; which step starts the domain or switches its definition, and where a standalone QEMU has its
monitor and its records, had to be guessed from the steps. Steps and actions have other names since.
*/
import {posix} from 'node:path';

type Members = Record<string, unknown>;

const isObject = (value: unknown): value is Members => typeof value === 'object' && value !== null && !Array.isArray(value);
const objectsIn = (value: unknown): Members[] => Array.isArray(value) ? value.filter(item => isObject(item)) : [];

/** Members of version 1, by the names that they have now. */
const stepMembers: Record<string, string> = {
	happened: 'doneWhen',
	undoIfUnsure: 'undoWhen',
	mustBeOurs: 'countsOnlyIfLogged',
	failsClean: 'failureChangesNothing',
	ifStopped: 'whenStopped',
	otherwise: 'skippedNote',
	standsFor: 'qmpPreview',
};

const actionKinds: Record<string, string> = {relink: 'rebase', tidy: 'remove-orphans', 'mend-records': 'repair-records'};

function upgradeStep(step: unknown): unknown {
	if (!isObject(step)) {
		return step;
	}

	const renamed = Object.fromEntries(Object.entries(step).map(([name, value]) => [stepMembers[name] ?? name, value]));
	return {...renamed, ...(step.id === 'start' && {startsDomain: true}), ...(step.id === 'define' && {switchesDefinition: true})};
}

function upgradeAction(action: unknown): unknown {
	if (!isObject(action)) {
		return action;
	}

	const {kind, fate, ...rest} = action;
	return {...rest, kind: typeof kind === 'string' ? actionKinds[kind] ?? kind : kind, ...(fate !== undefined && {currentState: fate})};
}

/** The monitor that the steps speak to, and the folder above that of the records, which the plan makes first. */
function placesOfQemu(steps: Members[]): {socketPath?: string; metadataPath?: string} {
	const monitor = steps.flatMap(({command, undo}) => [command, ...objectsIn(undo)]).find(command => isObject(command) && command.tool === 'qmp');
	const makeFolder = steps.find(({id}) => id === 'records')?.command;
	const folder: unknown = isObject(makeFolder) && Array.isArray(makeFolder.argv) ? makeFolder.argv.at(-1) : undefined;
	return {
		...(isObject(monitor) && typeof monitor.socketPath === 'string' && {socketPath: monitor.socketPath}),
		...(typeof folder === 'string' && {metadataPath: posix.dirname(folder)}),
	};
}

function upgradeFirst(plan: Members): Members {
	const {owner, before, expected, fingerprint, action, images, steps, ...rest} = plan;
	return {
		...rest,
		version: 2,
		action: upgradeAction(action),
		targets: [{
			domain: isObject(action) ? action.domain : undefined, hypervisor: owner, ...(owner === 'qemu' && placesOfQemu(objectsIn(steps))), before, expected, fingerprint,
		}],
		images: isObject(images) && Array.isArray(images.created) ? {...images, created: images.created.map((path: unknown) => ({path}))} : images,
		steps: Array.isArray(steps) ? steps.map(step => upgradeStep(step)) : steps,
	};
}

/** The same plan in the form of this program; what is of no earlier version comes back as it is. */
export function upgradePlan(value: unknown): unknown {
	return isObject(value) && value.version === 1 ? upgradeFirst(value) : value;
}
