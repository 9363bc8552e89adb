/**
Steps that act on the domain itself: stop, define, start. Shared by all plans that work offline.
*/
import type {EndState} from '../../model/plan/request.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {Phase, Step} from '../../model/plan/plan.ts';
import type {Result} from '../../model/result.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import type {PlanContext} from '../context.ts';
import type {NewOverlay} from '../disk-plan.ts';
import type {Start} from '../hypervisor/hypervisor.ts';
import {requireWayBack} from '../checks/start-files.ts';
import {step} from './step.ts';

/** Whether we can start the domain with this definition. */
export function canStart(context: PlanContext, definitionXml: string): boolean {
	return context.hypervisor.domain.startProblems(definitionXml).length === 0;
}

/** Refuses where the domain is to be started afterwards and we cannot: said before anything is stopped. Appends to the blockers. */
export function requireStart(context: PlanContext, definitionXml: string): void {
	const problems = context.hypervisor.domain.startProblems(definitionXml);
	if (problems.length > 0) {
		context.blockers.push({
			kind: 'not-supported',
			text: `QEMU cannot be restarted in the background: ${problems.join('; ')}.`,
			remedy: 'Leave the domain off afterwards (--shutoff), and start it yourself on its new disks: vsnap-tui tree shows them.',
		});
	}
}

/**
Power off, if it runs. Undone by a start (the guest then has rebooted). `isGraceful` where the disks are to be kept: QEMU then writes out what it
holds, or the step fails. Appends to the blockers where it could not be started again.
*/
export function stopSteps(context: PlanContext, options: {phase: Phase; isGraceful: boolean}): Step[] {
	const {domain} = context.inventory.details;
	if (!hasProcess(domain)) {
		return [];
	}

	requireWayBack(context);
	const {definitionXml} = context.inventory;
	return [step(options.phase, {
		id: 'stop',
		title: 'Power off the domain',
		command: context.hypervisor.domain.stop(options.isGraceful),
		undo: canStart(context, definitionXml)
			? [{...context.hypervisor.domain.start(domain.state === 'paused', definitionXml), onlyIf: {kind: 'domain-off', uuid: context.uuid}}]
			: [],
		doneWhen: {kind: 'domain-off', uuid: context.uuid},
		whenStopped: 'Recover would start the domain again on its old disks; its memory is lost.',
	})];
}

export function defineStep(context: PlanContext, xml: string): Step {
	return step('switch', {
		id: 'define',
		switchesDefinition: true,
		title: 'Switch the VM definition to the new disks',
		command: context.hypervisor.domain.define('definition-new', xml),
		undo: [context.hypervisor.domain.define('definition-before', context.inventory.definitionXml)],
	});
}

export function startStep(context: PlanContext, {command, title}: Start): Step {
	return step('switch', {
		id: 'start',
		startsDomain: true,
		title,
		command,
		undo: [{...context.hypervisor.domain.stop(false), onlyIf: {kind: 'domain-active', uuid: context.uuid}}],
		doneWhen: {kind: 'domain-active', uuid: context.uuid},
		whenStopped: 'Recover would finish the rest; the domain is on its new disks.',
		timeoutMs: 300_000,
	});
}

/** The domain goes on with saved memory. Appends to the blockers where it cannot be started. */
export function resumeSteps(context: PlanContext, given: {memoryPath: string; definitionXml: string; isPaused: boolean}): Step[] {
	requireStart(context, given.definitionXml);
	if (!canStart(context, given.definitionXml)) {
		return [];
	}

	const {start, after} = context.hypervisor.domain.resume(given);
	return [{...startStep(context, start), countsOnlyIfLogged: true}, ...after];
}

/** Boots the domain. `definitionXml`: what it is on by then. */
export function bootSteps(context: PlanContext, given: {definitionXml: string; isPaused: boolean}): Step[] {
	requireStart(context, given.definitionXml);
	return canStart(context, given.definitionXml)
		? [startStep(context, {command: context.hypervisor.domain.start(given.isPaused, given.definitionXml), title: given.isPaused ? 'Start the domain, paused' : 'Start the domain'})]
		: [];
}

/** The definition with the disks in their new overlays. Fails with `unreadable` where it cannot be changed. */
export function definitionOn(context: PlanContext, disks: readonly NewOverlay[]): Result<string> {
	return changeDomainXml(context.inventory.definitionXml, {
		rootName: 'domain',
		sources: new Map(disks.map(disk => [disk.target, {path: disk.overlayPath, format: 'qcow2'}])),
	});
}

/** The state to end in: as asked, else as libvirt does (the state that the snapshot was taken in; disks only ends shut off). */
export function endStateOf(asked: EndState | undefined, snapshotState: string): EndState {
	return asked ?? (snapshotState === 'running' || snapshotState === 'paused' ? snapshotState : 'shutoff');
}

