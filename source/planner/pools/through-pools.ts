/**
A plan whose files this user may not touch, but libvirt may: they are volumes of its pools. It was made by planners that know nothing of that, and what they do to files is done
here by libvirt: an overlay is made as a volume, and deleted as one. What libvirt does to no volume (a merge while the domain is off, a copy) is refused.
*/
import {posix} from 'node:path';
import {chainOf, imageAt} from '../../model/images/image-graph.ts';
import {isDenied, type Layout} from '../../model/images/image.ts';
import {readImageCommand} from '../../model/plan/image-command.ts';
import type {
	Command, Plan, ProgramCommand, Step,
} from '../../model/plan/plan.ts';
import {
	allOf, fail, mapResult, succeed, type Result,
} from '../../model/result.ts';
import {listNames} from '../../model/text/list-names.ts';
import {buildVolume} from '../../model/xml/build/volume.ts';
import {refuseOnce, type PlanContext} from '../context.ts';
import {virsh} from '../hypervisor/libvirt/virsh.ts';
import {step} from '../steps/step.ts';

type Owner = {uid: number; gid: number};

/** What earlier steps have said of a file that is to be made. */
type Wishes = {owners: Map<string, Owner>; modes: Map<string, number>; sizes: Map<string, number>; /** The files that become images. */ created: ReadonlySet<string>; impossible: Impossible[]};

/** A step that libvirt does with no volume. */
type Impossible = {title: string; pool: string; verb: string};

/** The pool that this file is in, or will be; undefined: this user works on it. */
export function poolOf({inventory}: Pick<PlanContext, 'inventory'>, path: string): string | undefined {
	return inventory.folders.get(posix.dirname(path))?.pool;
}

const refreshing = (context: PlanContext, pool: string): ProgramCommand => virsh(context, ['pool-refresh', '--pool', pool]);

const deleting = (context: PlanContext, pool: string, path: string): ProgramCommand => virsh(context, ['vol-delete', '--pool', pool, '--vol', path]);

/** The files that a program on files, or qemu-img, works on: its last words. */
function filesIn({tool, argv}: ProgramCommand): string[] {
	if (tool === 'file') {
		const dashes = argv.indexOf('--');
		const words = argv[0] === 'dd' ? argv.flatMap(word => /^(?:if|of)=(\/.*)$/s.exec(word)?.[1] ?? []) : argv.slice(dashes === -1 ? 1 : dashes + 1);
		return words.filter(word => word.startsWith('/') && word !== '/dev/null');
	}

	return tool === 'qemu-img' || tool === 'qemu-io' ? argv.slice(2).filter(word => word.startsWith('/')) : [];
}

/** What `qemu-img create` was told. */
type Creation = {path: string; backing: {path: string; format: string} | undefined; layout: Layout; sizeBytes: number | undefined};

function creationIn(command: ProgramCommand): Creation | undefined {
	const read = readImageCommand(command);
	if (read?.verb !== 'create') {
		return undefined;
	}

	const {argv} = command;
	const after = (option: string) => argv.includes(option) ? argv[argv.indexOf(option) + 1] : undefined;
	const options = after('-o') ?? '';
	const clusterSize = /cluster_size=(\d+)/.exec(options)?.[1];
	return {
		path: read.path,
		backing: read.other === undefined ? undefined : {path: read.other, format: after('-F')!},
		layout: {...(clusterSize !== undefined && {clusterSizeBytes: Number(clusterSize)}), ...(options.includes('extended_l2=on') && {hasSubclusters: true})},
		sizeBytes: read.sizeBytes,
	};
}

const isProgram = (command: Command): command is ProgramCommand => command.tool !== 'qmp';

/** What it takes to undo with a volume what was to be undone with a file. One that qemu-img alone can do stays: it fails, and says so. */
function undoing(context: PlanContext, command: Command): Command[] {
	const [path] = isProgram(command) ? filesIn(command) : [];
	const pool = path === undefined ? undefined : poolOf(context, path);
	if (pool === undefined || !isProgram(command) || command.tool !== 'file') {
		return [command];
	}

	const onlyIf = command.onlyIf === undefined ? {} : {onlyIf: command.onlyIf};
	return command.argv[0] === 'rm' ? [refreshing(context, pool), {...deleting(context, pool, path!), ...onlyIf}] : [];
}

/** A guest that has ended with its merge undone: it is loaded and not run, the merge is done, and it is ended again. */
function insteadOf(context: PlanContext, whole: Step): Pick<Step, 'instead'> {
	const {uuid} = context;
	const isTold = whole.instead?.commands.some(command => isProgram(command) && filesIn(command).some(path => poolOf(context, path) !== undefined));
	return isTold
		? {
			instead: {
				onlyIf: {kind: 'domain-off', uuid},
				commands: [virsh(context, ['start', '--domain', uuid, '--paused']), {...whole.command, onlyIf: {kind: 'not', of: whole.doneWhen}}, virsh(context, ['destroy', '--domain', uuid, '--graceful'])],
				...(whole.cancel && {cancel: whole.cancel}),
			},
		}
		: {};
}

const remedies: Record<string, string> = {
	commit: 'Start the domain: libvirt merges the disks of one that runs.',
	rebase: 'Start the domain: libvirt merges the disks of one that runs.',
	snapshot: 'Make the snapshot external: --disk-only.',
	dd: 'Leave the memory out: --disk-only.',
};

/** All of them in one reason. A look that comes before is nothing by itself. */
function refuseImpossible(context: PlanContext, impossible: readonly Impossible[]): void {
	const [first] = impossible;
	if (first !== undefined) {
		context.blockers.push({
			kind: 'not-permitted',
			text: `Files are out of your reach. libvirt creates and deletes them, as volumes of the pool "${first.pool}", and does nothing else with them while the domain is off. The plan would: ${listNames(impossible.map(({title}) => title), 3)}.`,
			...(remedies[first.verb] !== undefined && {remedy: remedies[first.verb]}),
			needsRights: true,
		});
	}
}

/** The step that makes it as a volume. */
function making(context: PlanContext, whole: Step, {pool, creation, wishes}: {pool: string; creation: Creation; wishes: Wishes}): Result<Step> {
	const {backing, path} = creation;
	const sizeBytes = creation.sizeBytes ?? wishes.sizes.get(backing!.path) ?? imageAt(context.graph, backing!.path)?.virtualSizeBytes ?? 0;
	wishes.sizes.set(path, sizeBytes);
	const xmlPath = `${context.workPath}/${whole.id}.xml`;
	const volume = {
		name: posix.basename(path), sizeBytes, backing, layout: creation.layout, mode: wishes.modes.get(path) ?? 0o600, owner: wishes.owners.get(path),
	};
	return mapResult(buildVolume(volume), text => ({
		...whole,
		command: virsh(context, ['vol-create', '--pool', pool, '--file', xmlPath], [{path: xmlPath, text}]),
		undo: [refreshing(context, pool), {...deleting(context, pool, path), onlyIf: {kind: 'file-exists', path}}],
		doneWhen: {kind: 'file-exists', path},
		// Its name was free when this was planned, and libvirt takes none that is not.
		...(backing !== undefined && {undoWhen: {kind: 'backed-by', path, backing: backing.path}}),
		failureChangesNothing: true,
	}));
}

/** Notes what is wished of a file that is to be made; it is made with that. */
function wish({owners, modes}: Wishes, path: string, [program, what = '', owner = '']: readonly string[]): void {
	const [, uid, gid] = /^(\d+):(\d+)$/.exec(owner) ?? [];
	if (program === 'chmod') {
		modes.set(path, Number.parseInt(what, 8));
	} else if (program === 'chown' && uid !== undefined) {
		owners.set(path, {uid: Number(uid), gid: Number(gid)});
	}
}

/** Undefined: this step has nothing to do any longer. Notes what libvirt does with no volume. */
function translated(context: PlanContext, whole: Step, wishes: Wishes): Result<Step | undefined> {
	const {command} = whole;
	const undo = whole.undo === null ? null : whole.undo.flatMap(one => undoing(context, one));
	const kept: Step = {...whole, undo, ...insteadOf(context, whole)};
	const files = isProgram(command) ? filesIn(command) : [];
	const inPools = files.filter(path => poolOf(context, path) !== undefined);
	const [path] = inPools;
	if (path === undefined || !isProgram(command)) {
		return succeed(kept);
	}

	const pool = poolOf(context, path)!;
	const creation = creationIn(command);
	if (creation !== undefined) {
		return making(context, kept, {pool, creation, wishes});
	}

	const {argv} = command;
	const [program = '', verb = ''] = argv;
	const name = program === 'qemu-img' ? verb : program;
	if (name === 'rm') {
		return succeed({...kept, command: deleting(context, pool, path)});
	}

	if (name === 'info' && whole.phase === 'check') {
		return succeed({...kept, title: `Check that libvirt finds ${posix.basename(path)}`, command: virsh(context, ['vol-info', '--pool', pool, '--vol', path])});
	}

	if (name === 'sync') {
		const others = files.filter(file => !inPools.includes(file) && context.inventory.folders.get(file)?.pool === undefined);
		return succeed(others.length === 0 ? undefined : {...kept, command: {...command, argv: ['sync', '--', ...others]}});
	}

	const isReserved = name === 'dd' && argv.includes('if=/dev/null') && wishes.created.has(path);
	if (!isReserved && whole.phase !== 'check' && !['chown', 'chmod', 'touch', 'info'].includes(name)) {
		wishes.impossible.push({title: whole.title, pool, verb: name});
	}

	wish(wishes, path, argv);
	return succeed(undefined);
}

/** An image of another domain that is in no pool and cannot be read may be backed by one that is to be removed. */
function refuseUnseen(context: PlanContext, plan: Plan): void {
	const unseen = context.inventory.details.images.filter(({problems}) => problems.some(problem => isDenied(problem))).map(({path}) => path);
	if (unseen.length > 0 && plan.images.removed.length > 0) {
		refuseOnce(context, {
			kind: 'not-permitted',
			text: `Images would be deleted, and it is not known whether one of these images, which are out of your reach and in no pool, is backed by them: ${listNames(unseen, 3)}.`,
			remedy: 'Make a pool of their folder (virsh pool-create-as NAME dir --target FOLDER): libvirt then tells of them.',
			needsRights: true,
		});
	}
}

function refuseEncrypted(context: PlanContext, creations: readonly Creation[]): void {
	const encrypted = creations.flatMap(({backing}) => backing === undefined ? [] : chainOf(context.graph, backing.path)).find(path => imageAt(context.graph, path)?.isEncrypted);
	if (encrypted !== undefined) {
		refuseOnce(context, {
			kind: 'not-permitted', text: `${encrypted} is encrypted: this version has libvirt create no encrypted overlays as volumes.`, needsRights: true,
		});
	}
}

/** What libvirt has made by itself it deletes only once it has looked. */
function withLook(context: PlanContext, steps: readonly Step[]): Step[] {
	const deletes = steps.filter(({phase, command}) => phase === 'remove' && isProgram(command) && command.argv.includes('vol-delete'));
	const pools = [...new Set(deletes.flatMap(({command}) => isProgram(command) ? command.argv[command.argv.indexOf('--pool') + 1]! : []))];
	const looks = pools.map((pool, index) => step('remove', {
		id: `look-at-pool-${index + 1}`, title: `Have libvirt look at the pool "${pool}"`, command: refreshing(context, pool),
	}));
	const at = steps.indexOf(deletes[0]!);
	return deletes.length === 0 ? [...steps] : [...steps.slice(0, at), ...looks, ...steps.slice(at)];
}

/** Fails with `refused`, or with `unreadable` where a name cannot be told to libvirt. */
export function throughPools(context: PlanContext, plan: Plan): Result<Plan> {
	if ([...context.inventory.folders.values()].every(({pool}) => pool === undefined)) {
		return succeed(plan);
	}

	const creations = plan.steps.flatMap(({command}) => isProgram(command) ? creationIn(command) ?? [] : []).filter(({path}) => poolOf(context, path) !== undefined);
	const wishes: Wishes = {owners: new Map(), modes: new Map(), sizes: new Map(), created: new Set(creations.map(({path}) => path)), impossible: []};
	refuseUnseen(context, plan);
	refuseEncrypted(context, creations);
	const steps = allOf(plan.steps.map(one => translated(context, one, wishes)));
	if (!steps.ok) {
		return steps;
	}

	refuseImpossible(context, wishes.impossible);
	const pools = [...new Set([...plan.images.created.map(({path}) => path), ...plan.images.removed].flatMap(path => poolOf(context, path) ?? []))];
	return context.blockers.length > 0
		? fail({kind: 'refused', blockers: context.blockers})
		: succeed({
			...plan,
			consequences: [...plan.consequences, ...pools.map(pool => ({severity: 'info' as const, text: `The files are out of your reach: libvirt creates and deletes them, as volumes of the pool "${pool}".`}))],
			steps: withLook(context, steps.value.filter(one => one !== undefined)),
		});
}
