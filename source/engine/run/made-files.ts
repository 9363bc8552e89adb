/**
The files that an action makes and that its way back removes: which they are, how they were when they were made, and the proof that one of them may go.
The journal tells how they were (`stamps`); the world at that moment tells the rest.
*/
import {targetOf, type Command, type Plan, type Step} from '../../model/plan/plan.ts';
import type {Pin} from '../../model/images/pin.ts';
import {listUsers} from '../../model/images/image-users.ts';
import {wordsOfProgram} from '../../model/plan/placed-command.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {
	FileStamp, JournalRecord, Host, UnfinishedAction,
} from '../ports.ts';
import {hasEndedByItself} from './progress.ts';

/** The file that this command removes; undefined: it removes none. Records of our own are removed with `-f`, and are no such file. */
export function removedPath(command: Command): string | undefined {
	if (command.tool === 'virsh') {
		return command.argv.includes('vol-delete') ? command.argv.at(-1) : undefined;
	}

	const [path, ...more] = command.tool === 'file' && command.argv[0] === 'rm' && command.argv[1] === '--' ? wordsOfProgram(command).slice(2) : [];
	return more.length === 0 ? path : undefined;
}

/** What an interrupted action made, or was about to remove: finishing it or rolling it back needs them. */
export function pinsOfAction({plan: {action, steps}}: UnfinishedAction): Pin[] {
	const paths = steps.flatMap(({command, undo}) => [command, ...undo ?? []].flatMap(one => removedPath(one) ?? []));
	return [...new Set(paths)].map(path => ({
		path, hold: 'existence', domainUuid: action.domain.uuid, label: `interrupted action on ${action.domain.name}`, snapshot: undefined, target: undefined,
	}));
}

/** Every file that the way back may remove. */
export function removablePaths(plan: Plan): string[] {
	return [...new Set(plan.steps.flatMap(step => (step.undo ?? []).flatMap(command => removedPath(command) ?? [])))];
}

function wordsOf(command: Command): string[] {
	return command.tool === 'qmp' ? JSON.stringify(command.arguments).split('"') : wordsOfProgram(command).map(word => word.replace(/^(?:if|of)=/, ''));
}

/** Whether the step writes to this file, or makes somebody do it. A monitor writes to nodes, which do not tell the path: before the switch it may be any new file. */
function makes(step: Step, path: string): boolean {
	return (step.command.tool === 'qmp' && step.phase === 'create') || wordsOf(step.command).includes(path) || (step.undo ?? []).some(command => removedPath(command) === path);
}

/** From the switch on, libvirt and QEMU hand a file to the guest at once: how it was made can no longer be seen. */
function isStampable({phase, command: {tool}}: Step): boolean {
	return phase === 'create' || (phase === 'switch' && (tool === 'file' || tool === 'qemu-img'));
}

/** Whether no step of the same phase makes more of the file: until then it is unfinished, and before the switch nobody is led to it. */
function isLastMaker({steps}: Plan, step: Step, path: string): boolean {
	return !steps.slice(steps.findIndex(({id}) => id === step.id) + 1).some(later => later.phase === step.phase && isStampable(later) && makes(later, path));
}

/**
How the files are that the step has just finished, or that it took the content over from. Empty where nothing could be asked: its removal then needs other proof.
*/
export async function readStampsAfter(host: Host, plan: Plan, {step, ran}: {step: Step; ran: readonly Command[]}): Promise<FileStamp[]> {
	const made = isStampable(step) ? removablePaths(plan).filter(path => makes(step, path) && isLastMaker(plan, step, path)) : [];
	const paths = [...made, ...ran.some(({tool}) => tool === 'qemu-img') ? step.takenOver ?? [] : []];
	const stamps = paths.length === 0 ? succeed([]) : await host.readFileStamps(paths);
	return stamps.ok ? stamps.value : [];
}

/**
What the journal knows of a file. `unfinished`: the crash or the failure came while it was made. `handed-over`: the guest wrote to it from then on; `in-the-switch`:
perhaps it did, for the crash came in that step.
*/
type Made = {kind: 'stamped'; stamp: FileStamp} | {kind: 'unfinished' | 'in-the-switch' | 'handed-over'};

/** Whether the step may lead the guest to a file: libvirt or QEMU does its work. */
function handsOver({phase, command: {tool}}: Step): boolean {
	return phase === 'switch' && tool !== 'file' && tool !== 'qemu-img' && tool !== 'qemu-io';
}

function switched(record: JournalRecord & {kind: 'begin' | 'done' | 'failed'}): 'unfinished' | 'in-the-switch' | 'handed-over' {
	return record.kind === 'done' ? 'handed-over' : (record.kind === 'failed' && hasEndedByItself(record.failure) ? 'unfinished' : 'in-the-switch');
}

/** By path. Files that were never begun are left out. */
export function madeFiles(plan: Plan, records: readonly JournalRecord[]): Map<string, Made> {
	const made = new Map<string, Made>();
	const paths = removablePaths(plan);
	const heads = new Set(targetOf(plan).expected.heads.map(({path}) => path));
	const steps = new Map(plan.steps.map(step => [step.id, step]));
	const lastMakers = new Map<string, Step>();
	let everSwitched = false;
	for (const record of records) {
		if (record.kind === 'begin' || record.kind === 'done' || record.kind === 'failed') {
			const step = steps.get(record.step);
			everSwitched ||= step?.phase === 'switch' && handsOver(step);
			for (const path of step === undefined ? [] : paths.filter(candidate => makes(step, candidate))) {
				// In the switch a new disk is complete: a change of its owner, or a look at it, takes nothing from what is known.
				if (step!.phase === 'switch' && !handsOver(step!) && heads.has(path) && made.get(path)?.kind === 'stamped') {
					continue;
				}

				lastMakers.set(path, step!);
				made.set(path, {kind: step!.phase === 'switch' && handsOver(step!) && heads.has(path) ? switched(record) : 'unfinished'});
			}
		}

		for (const stamp of (record.kind === 'done' || record.kind === 'merged') && Array.isArray(record.stamps) ? record.stamps : []) {
			made.set(stamp.path, {kind: 'stamped', stamp});
		}
	}

	// Nothing is switched before all files are made: where the journal does not say how one was, it was not seen, or that part of the journal is damaged.
	for (const [path, {kind}] of made) {
		if (kind === 'unfinished' && everSwitched && heads.has(path) && !handsOver(lastMakers.get(path)!)) {
			made.set(path, {kind: 'handed-over'});
		}
	}

	return made;
}

/** libvirt notes in attributes of a file whose it was, which may take a block of the file system (4 KiB with ext4, at most 64 KiB) and changes no time. */
const attributesBytes = 65_536;

/** Whether this is the same file, and nobody has written to it since. */
export function isUntouched(before: FileStamp, now: FileStamp): boolean {
	const grownBytes = now.allocatedBytes - before.allocatedBytes;
	return before.inode === now.inode && before.sizeBytes === now.sizeBytes && before.modifiedAt === now.modifiedAt && grownBytes >= 0 && grownBytes <= attributesBytes;
}

/** Those of these files that were written to since they were made, or that are other files by now. Fails where that cannot be seen. */
export async function readTouched(host: Host, made: ReadonlyMap<string, Made>, paths: readonly string[]): Promise<Result<string[]>> {
	const stamped = paths.flatMap(path => {
		const known = made.get(path);
		return known?.kind === 'stamped' ? [known.stamp] : [];
	});
	const now = stamped.length === 0 ? succeed([]) : await host.readFileStamps(stamped.map(({path}) => path));
	return now.ok
		? succeed(stamped.filter(stamp => now.value.some(found => found.path === stamp.path && !isUntouched(stamp, found))).map(({path}) => path))
		: now;
}

type RemovalProof = {
	host: Host;
	uuid: string;
	made: ReadonlyMap<string, Made>;
	/** Whether anybody could have been led to the file: before the switch nothing names it, and what cannot be read is no reason to keep it. */
	hasSwitched: boolean;
};

/** Whether the file is there and may go. Fails with `file-stays` where it is needed, or was written to; the file is not touched. */
export async function proveRemoval({host, uuid, made, hasSwitched}: RemovalProof, path: string): Promise<Result<boolean>> {
	const exists = await host.observe({kind: 'file-exists', path});
	if (!exists.ok || !exists.value) {
		return exists;
	}

	const users = await host.readImageUsers(path);
	if (!users.ok) {
		return users;
	}

	const needing = users.value.filter(({isCertain}) => hasSwitched || isCertain);
	if (needing.length > 0) {
		return fail({kind: 'file-stays', path, reason: `it is needed by ${listUsers(needing)}`});
	}

	const touched = await readTouched(host, made, [path]);
	if (!touched.ok) {
		return touched;
	}

	if (touched.value.length > 0) {
		return fail({kind: 'file-stays', path, reason: 'it was written to since it was created'});
	}

	// Nobody runs on a file that holds nothing.
	const isEmpty = await host.observe({kind: 'file-empty', path});
	if (!isEmpty.ok || isEmpty.value) {
		return isEmpty;
	}

	const kind = made.get(path)?.kind;
	// A guest that runs, and not on this file, has never been on it, or what it wrote was merged.
	const isSafe = kind === 'in-the-switch' ? await host.observe({kind: 'domain-active', uuid}) : succeed(kind !== 'handed-over');
	return isSafe.ok && !isSafe.value ? fail({kind: 'file-stays', path, reason: 'what the guest wrote to it may exist nowhere else'}) : isSafe;
}
