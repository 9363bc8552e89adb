/**
What helps where a domain could not be started because something that its definition names is gone: by then the plan's own words are of no use.
*/
import {targetOf, type Plan} from '../../model/plan/plan.ts';
import {isStartable, lostToStart} from '../../model/domain/start-files.ts';
import {describeLost, ejectCommand} from '../../planner/checks/start-files.ts';
import {kindFactsOf} from '../../planner/hypervisor/capabilities.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import type {Outcome, Host} from '../ports.ts';

/** The memory of a guest that was stopped with it stays where the guest could not be brought back. */
async function adviseRestore(host: Host, plan: Plan): Promise<string | undefined> {
	const path = plan.steps.find(({savesMemory}) => savesMemory !== undefined)?.savesMemory;
	const isThere = path === undefined ? undefined : await host.observe({kind: 'file-exists', path});
	return isThere?.ok && isThere.value
		? `The memory of the guest is in ${path!}: virsh restore ${quoteForShell(path!)} brings it back, as long as nothing was written to its disks.`
		: undefined;
}

/** In sentences; undefined where nothing is missing, or where the domain cannot be read. */
async function adviseStart(host: Host, plan: Plan): Promise<string | undefined> {
	const details = await host.readDetails(plan.action.domain.uuid, {withForeignPins: false});
	if (!details.ok) {
		return undefined;
	}

	const {domain, missing} = details.value;
	const lost = lostToStart(domain.definition, missing);
	if (isStartable(lost)) {
		return undefined;
	}

	const {emptiesDrives} = kindFactsOf(targetOf(plan).hypervisor);
	const ejects = emptiesDrives ? lost.media.map(disk => ejectCommand(domain, disk)) : [];
	const others = describeLost(emptiesDrives ? {...lost, media: []} : lost);
	return [
		`The domain cannot start: ${describeLost(lost).map(({text}) => text).join('; ')}.`,
		...(ejects.length === 0 ? [] : [`Eject the medium: ${ejects.join('; ')}.`]),
		...new Set(others.map(({remedy}) => remedy)),
	].join(' ');
}

/** The outcome with that advice, where a step failed and the domain did not start, or was left off after all was put back. */
export async function withStartAdvice(host: Host, plan: Plan, outcome: Outcome): Promise<Outcome> {
	if (outcome.kind === 'done' || (outcome.failure.kind !== 'step-failed' && outcome.failure.kind !== 'put-back-but-off')) {
		return outcome;
	}

	// Where all is quite as before, nothing is to be done about it.
	if (outcome.kind === 'rolled-back' && outcome.failure.kind === 'step-failed' && outcome.failure.aftermath === undefined) {
		return outcome;
	}

	const advice = [await adviseStart(host, plan), outcome.failure.kind === 'put-back-but-off' ? await adviseRestore(host, plan) : undefined].filter(text => text !== undefined).join(' ');
	return advice === '' ? outcome : {...outcome, failure: {...outcome.failure, advice}};
}
