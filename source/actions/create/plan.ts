/**
The planner for `create`: asks the table which way a snapshot is made, checks everything, and puts the plan together. Pure: the world, the time and the id
come in.
*/
import type {CreateAction, EndState} from '../../model/plan/request.ts';
import {decideOn} from '../../model/plan/decision-table.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {SnapshotMemory} from '../../model/domain/snapshot.ts';
import type {Expected, Plan} from '../../model/plan/plan.ts';
import {fail, type Result, succeed} from '../../model/result.ts';
import {refuseBusyDomain, refuseFolders, requireFreeName} from '../../planner/checks/blockers.ts';
import {describeFrozenContent} from '../../planner/checks/frozen-content.ts';
import type {PlanArguments, PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {fingerprintOf} from '../../planner/fingerprint.ts';
import {describeTpmLeftOut} from '../../planner/steps/guest-identity.ts';
import {copyNvram} from '../../planner/steps/nvram.ts';
import {nvramImageOf} from '../../planner/steps/nvram-inside.ts';
import {inMode, isMade} from '../../planner/disk-plan.ts';
import {fileHeads, planFrame} from '../../planner/frame.ts';
import {filesAt, overlayFiles, toOverlaid} from '../../planner/steps/overlay.ts';
import {planOnline} from './online.ts';
import {planOfflineExternal, planOfflineInternal} from './offline.ts';
import {answerOf, askDisks, partakingTargets} from './disks.ts';
import type {CreateParts, CreateRequest} from './request.ts';
import {planDisks} from './targets.ts';
import {describeCreate} from './words.ts';

/** Flags that do not fit the way. */
function refuseFlags(context: PlanContext, {action, method}: CreateRequest): void {
	if (action.isLive && method.memory !== 'external') {
		context.blockers.push({
			kind: 'not-supported',
			text: '--live keeps the guest running while its memory is saved in a file, and no memory file is written here.',
			remedy: 'Leave --live out, or ask for --memory external.',
		});
	}
}

function endStateOf(context: PlanContext, {action, disks}: CreateRequest): EndState | undefined {
	const {domain} = context.inventory.details;
	if (!hasProcess(domain) || action.isHalted) {
		return 'shutoff';
	}

	const isLeftPaused = domain.state === 'paused' || disks.some(disk => disk.mode === 'manual');
	return isLeftPaused ? 'paused' : (domain.state === 'running' ? 'running' : undefined);
}

function expectedOf(context: PlanContext, request: CreateRequest): Expected {
	const {action: {hasNoMetadata, snapshot}, disks} = request;
	const {details} = context.inventory;
	// A drive that takes no part may change its medium at any time: the proof speaks of the others.
	const heads = [
		...inMode(disks, 'internal').map(({target, headPath: path, format}) => ({target, path, format})),
		...inMode(disks, 'external').map(({target, overlayPath: path}) => ({target, path, format: 'qcow2'})),
	];
	return {
		heads: heads.map(({target, path}) => ({target, path})),
		chains: heads.map(({path, format}) => ({path, format})),
		currentSnapshot: hasNoMetadata ? details.currentSnapshot : snapshot,
		snapshots: [
			...details.snapshots.map(({name, parent}) => ({name, parent})),
			...(hasNoMetadata ? [] : [{name: snapshot, parent: details.currentSnapshot}]),
		],
		endState: endStateOf(context, request),
	};
}

/** An internal snapshot holds the firmware variables in their own file. */
const keepsVariables = (context: PlanContext, {method}: CreateRequest) => method.disk === 'internal' && nvramImageOf(context) !== undefined;

/** Memory brings the firmware variables with it, an internal snapshot may hold them in their own file, and without a record nobody could tell whose a copy is. */
function addNvram(context: PlanContext, request: CreateRequest, parts: CreateParts): CreateParts & {copies: string[]} {
	const {action, method, now} = request;
	if (method.memory !== 'no' || action.hasNoMetadata || keepsVariables(context, request)) {
		return {...parts, copies: []};
	}

	const {before, after, created, consequences} = copyNvram(context, {name: action.snapshot, now, isActive: hasProcess(context.inventory.details.domain)});
	return {
		...parts,
		steps: [...parts.steps.filter(({phase}) => phase === 'check'), ...before, ...parts.steps.filter(({phase}) => phase !== 'check'), ...after],
		copies: created,
		consequences: [...parts.consequences, ...consequences],
	};
}

function partsOf(context: PlanContext, request: CreateRequest): Result<CreateParts> {
	const {by, disk} = request.method;
	return by === 'qemu-img' ? (disk === 'internal' ? planOfflineInternal : planOfflineExternal)(context, request) : planOnline(context, request);
}

/** Fails with `refused` and every reason at once, or with `unreadable` where an XML document cannot be made or changed. */
export function planCreate(action: CreateAction, inventory: Inventory, given: PlanArguments): Result<Plan> {
	const {details} = inventory;
	const context = planContext(inventory, given);
	const isActive = hasProcess(details.domain);
	const asked = askDisks(context, action);
	const partaking = partakingTargets(asked);
	refuseBusyDomain(context, isActive && !action.isHalted ? {staysOn: {disks: partaking}} : {});
	requireFreeName(context, action.snapshot, 'the snapshot');
	const decided = decideOn({
		isActive, memory: action.memory?.mode ?? '-', disk: answerOf(asked), isDiskOnly: action.isDiskOnly, isManual: asked.some(disk => disk.asked === 'manual'),
	}, context.can);
	const {decision} = decided;
	if (decision.kind === 'refused') {
		return fail({kind: 'refused', blockers: [...context.blockers, {kind: 'not-supported', text: decision.reason, remedy: decision.instead}]});
	}

	const {method} = decision;
	const {disks, memoryPath, consequences} = planDisks(context, {action, method, asked, now: given.now});
	const memory: SnapshotMemory = method.memory === 'external' ? {mode: 'external', path: memoryPath ?? ''} : {mode: method.memory};
	const request: CreateRequest = {action, method, disks, memory, now: given.now};
	const [internal, external] = [inMode(disks, 'internal'), inMode(disks, 'external')];
	const files = [...overlayFiles(external.filter(disk => isMade(disk)).map(disk => toOverlaid(context, disk))), ...filesAt(memoryPath === undefined ? [] : [memoryPath])];
	refuseFlags(context, request);
	refuseFolders(context, files.map(({path}) => path));
	const parts = partsOf(context, request);
	if (!parts.ok) {
		return context.blockers.length > 0 ? fail({kind: 'refused', blockers: context.blockers}) : parts;
	}

	const {steps, copies, checkpoints, consequences: more} = addNvram(context, request, parts.value);
	if (context.blockers.length > 0) {
		return fail({kind: 'refused', blockers: context.blockers});
	}

	const {hasNoMetadata, snapshot} = action;
	const isOverlaid = (target: string) => external.some(disk => disk.target === target);
	const adopted = external.filter(disk => !isMade(disk)).map(({overlayPath}) => overlayPath);
	return succeed({
		...planFrame(action, inventory, given, {
			expected: {...expectedOf(context, request), ...checkpoints},
			fingerprint: fingerprintOf(inventory, new Set([...[...internal, ...external].map(({headPath}) => headPath), ...adopted])),
		}),
		consequences: describeCreate(context, request, {
			decided,
			keepsVariables: keepsVariables(context, request),
			consequences: [
				...describeFrozenContent(context, {disks: external.map(({target, headPath: path}) => ({target, path})), snapshot, isLeft: false}),
				...(method.memory === 'no' ? describeTpmLeftOut(context) : []),
				...consequences,
				...more,
			],
		}),
		images: {
			created: [...files, ...filesAt(copies)],
			removed: [],
			...(internal.length > 0 && {written: internal.map(({headPath}) => headPath)}),
			...(!hasNoMetadata && {frozen: fileHeads(inventory).filter(({target}) => isOverlaid(target)).map(({path}) => ({path, snapshot}))}),
			kept: details.images.map(image => image.path),
		},
		steps,
	});
}
