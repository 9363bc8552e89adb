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

/** Where all is quite as before, nothing is to be done about it. */
function mayNeedAdvice(outcome: Outcome): outcome is Exclude<Outcome, {kind: 'done'}> & {failure: {kind: 'step-failed' | 'interrupted' | 'put-back-but-off'}} {
	if (outcome.kind === 'done') {
		return false;
	}

	const {failure} = outcome;
	return failure.kind === 'put-back-but-off' || ((failure.kind === 'step-failed' || failure.kind === 'interrupted') && (outcome.kind !== 'rolled-back' || failure.aftermath !== undefined));
}

/** The outcome with that advice, where the domain did not start, or was left off after all was put back. */
export async function withStartAdvice(host: Host, plan: Plan, outcome: Outcome): Promise<Outcome> {
	if (!mayNeedAdvice(outcome)) {
		return outcome;
	}

	const isOff = await host.observe({kind: 'domain-off', uuid: plan.action.domain.uuid});
	const restore = outcome.kind === 'rolled-back' && isOff.ok && isOff.value ? await adviseRestore(host, plan) : undefined;
	const advice = [await adviseStart(host, plan), restore].filter(text => text !== undefined).join(' ');
	return advice === '' ? outcome : {...outcome, failure: {...outcome.failure, advice}};
}
