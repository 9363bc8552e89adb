/**
Writing by qemu-img to images that exist, for root, where others may exchange them or what their headers name: whatever the planners did not make themselves. It is
done with the rights of the user whose folder it is, where that user alone could exchange anything and may write to the images. Else root does it only to a
file of root's that is held open and names no other. What is left is refused.
*/
import {posix} from 'node:path';
import type {Blocker} from '../model/failure.ts';
import type {LinkedRisk} from '../model/images/folder-risk.ts';
import type {FileFacts} from '../model/images/image.ts';
import {chainOf, imageAt} from '../model/images/image-graph.ts';
import type {
	Account, Command, Plan, ProgramCommand, Step,
} from '../model/plan/plan.ts';
import {readImageCommand} from '../model/plan/image-command.ts';
import {heldEntry, inPlace} from '../model/plan/placed-command.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {formatCommandLine} from '../model/text/shell-quote.ts';
import {placeOf} from './steps/build-folder.ts';
import type {PlanContext} from './context.ts';

/** `opened`: by which names QEMU gets to what it writes to; `read`: what it has to be able to open beside that. */
type Write = {path: string; written: string[]; opened: string[]; read: string[]};

/** What the command does to images that were there before; undefined: nothing. */
function writeOf({graph}: PlanContext, command: ProgramCommand): Write | undefined {
	// A command in its place has proven the folder, and the file, by itself.
	const read = command.place === undefined ? readImageCommand(command) : undefined;
	if (read === undefined || !['commit', 'rebase', 'snapshot', 'bitmap'].includes(read.verb)) {
		return undefined;
	}

	const {verb, path, other, isUnsafe} = read;
	const chain = chainOf(graph, path);
	const dataFiles = (paths: string[]) => paths.flatMap(image => [image, ...imageAt(graph, image)?.dataFilePath === undefined ? [] : [imageAt(graph, image)!.dataFilePath!]]);
	if (verb === 'commit') {
		const into = other!;
		const at = chain.findIndex(image => graph.keyOf(image) === graph.keyOf(into));
		return {
			path, written: dataFiles([path, into]), opened: dataFiles(at === -1 ? [path, into] : chain.slice(0, at + 1)), read: chain,
		};
	}

	if (verb === 'bitmap' && other !== undefined) {
		return {path, written: dataFiles([path]), opened: [...dataFiles([path]), ...chainOf(graph, other)], read: [other]};
	}

	// What is pulled up is read: root would give away what a name leads to.
	const isPull = verb === 'rebase' && !isUnsafe;
	return {path, written: dataFiles([path]), opened: dataFiles(isPull ? chain : [path]), read: isPull ? chain : []};
}

const factsOf = ({graph, inventory}: PlanContext, path: string): FileFacts | undefined => imageAt(graph, path)?.file ?? inventory.nvramFiles.get(path);

/** Files that are not there yet get the owner of those that are. */
function may({uid, gid}: Account, file: FileFacts | undefined, bits: 0o2 | 0o4): boolean {
	const shift = file?.uid === uid ? 0o100 : (file?.gid === gid ? 0o10 : 1);
	return file === undefined || (file.mode & (bits * shift)) !== 0;
}

/** Nobody but root has had a say in what its header names, and it names no file that is written to. */
function isRootsAlone(context: PlanContext, path: string): boolean {
	const file = factsOf(context, path);
	return file?.uid === 0 && (file.mode & 0o022) === 0 && imageAt(context.graph, path)?.dataFilePath === undefined;
}

/** The folder of this image, and the one that it leads to, where others may exchange it. */
function risksAt({inventory}: PlanContext, path: string): LinkedRisk[] {
	const folder = posix.dirname(path);
	const risk = inventory.folders.get(folder)?.risk;
	return [risk && {folder, risk}, inventory.linkedRisks?.get(path)].filter(one => one !== undefined);
}

type Verdict = {risks: LinkedRisk[]; account: Account | undefined; denied: string[]};

function judge(context: PlanContext, {written, opened, read}: Write): Verdict | undefined {
	const risks = opened.flatMap(path => risksAt(context, path));
	if (risks.length === 0) {
		return undefined;
	}

	const [account] = risks.map(({risk}) => risk.sole);
	const isOne = account !== undefined && risks.every(({risk}) => risk.sole?.uid === account.uid);
	return {
		risks,
		account: isOne ? account : undefined,
		denied: isOne ? [...new Set([...written.filter(path => !may(account, factsOf(context, path), 0o2)), ...read.filter(path => !may(account, factsOf(context, path), 0o4))])] : [],
	};
}

/** An internal snapshot in a file of root's: nothing but the file itself is opened. */
function held(context: PlanContext, command: ProgramCommand, {path}: Write, {account, denied}: Verdict): ProgramCommand | undefined {
	if (account !== undefined && denied.length === 0) {
		return undefined;
	}

	const place = placeOf(context, path);
	const inode = factsOf(context, path)?.inode;
	if (readImageCommand(command)?.verb !== 'snapshot' || place === undefined || inode === undefined || !isRootsAlone(context, path)) {
		return undefined;
	}

	const alone = `json:${JSON.stringify({driver: 'qcow2', file: {driver: 'file', filename: heldEntry}, backing: null})}`;
	return {...command, argv: [...command.argv.slice(0, -1), alone], place: {...place, entry: {name: posix.basename(path), is: inode, isHeld: true}}};
}

function blockerFor({risks, account, denied}: Verdict, {written}: Write): Blocker {
	const {folder: inFolder, risk: {folder, who, sole}} = risks[0]!;
	const danger = `${folder} can be written to by ${who}${sole === undefined && who.startsWith('user') ? ' and others' : ''}, who could replace the images that root writes to in ${inFolder}`;
	const leave = `make root its only writer (${formatCommandLine(['chown', 'root', folder])}; ${formatCommandLine(['chmod', 'go-w', folder])})`;
	return account === undefined
		? {
			kind: 'not-permitted',
			text: `${danger}.`,
			remedy: `Run this as the owner of the images, make that user its only writer (chmod go-w), or ${leave}.`,
		}
		: {
			kind: 'not-permitted',
			text: `${danger}; and with only the rights of that user ${denied.map(path => `${path} cannot be ${written.includes(path) ? 'written to' : 'read'}`).join(', ')}.`,
			remedy: `Give ${denied.length === 1 ? 'it' : 'them'} to that user (${formatCommandLine(['chown', String(account.uid), ...denied])}), or ${leave}.`,
		};
}

/** Of a link, the date of the link itself. */
function dateInPlace(context: PlanContext, command: ProgramCommand): ProgramCommand {
	const {argv: [program, ...rest]} = command;
	const place = program === 'touch' && command.place === undefined ? placeOf(context, rest.at(-1)!) : undefined;
	return inPlace(place, place === undefined ? command : {...command, argv: ['touch', '-h', ...rest.filter(word => word !== '-h')]});
}

type Guard = (command: ProgramCommand, write: Write, verdict: Verdict) => ProgramCommand;

function guarded(context: PlanContext, command: Command, guard: Guard): Command {
	if (command.tool === 'qmp') {
		return command;
	}

	const write = writeOf(context, command);
	const verdict = write && judge(context, write);
	return write === undefined || verdict === undefined ? dateInPlace(context, command) : held(context, command, write, verdict) ?? guard(command, write, verdict);
}

/** Nobody knows whose the files are by then: libvirt takes and returns them. What is refused then can be done when the folder has become root's. */
const guardLater: Guard = (command, _write, {risks: [first], account}) => account === undefined
	? inPlace({folder: first!.folder, inode: first!.risk.inode, unshared: first!.risk.folder}, command)
	: {...command, runAs: account};

/** The plan with such commands guarded; fails with `refused`. */
export function guardWrites(context: PlanContext, plan: Plan): Result<Plan> {
	const blockers = new Map<string, Blocker>();
	const accounts = new Map<string, Account>();
	const guardNow: Guard = (command, write, verdict) => {
		const {account, denied} = verdict;
		if (account === undefined || denied.length > 0) {
			const blocker = blockerFor(verdict, write);
			blockers.set(blocker.text, blocker);
			return command;
		}

		for (const path of write.opened) {
			accounts.set(path, account);
		}

		return {...command, runAs: account};
	};

	const later = (command: Command) => guarded(context, command, guardLater);
	const steps = plan.steps.map((step): Step => ({
		...step,
		command: guarded(context, step.command, guardNow),
		undo: step.undo?.map(command => later(command)) ?? null,
		...(step.instead && {instead: {...step.instead, commands: step.instead.commands.map(command => later(command))}}),
	}));
	if (blockers.size > 0) {
		return fail({kind: 'refused', blockers: [...blockers.values()]});
	}

	// What is looked at beforehand is looked at with the same rights: they have to be enough.
	const checked = steps.map((step): Step => {
		const {command} = step;
		const isLook = command.tool === 'qemu-io' || (command.tool !== 'qmp' && readImageCommand(command)?.verb === 'info');
		const account = isLook ? accounts.get(command.argv.at(-1)!) : undefined;
		return isLook && account !== undefined ? {...step, command: {...command, runAs: account}} : step;
	});
	const byFolder = new Map([...accounts].flatMap(([path, {uid}]) => risksAt(context, path).map(({folder}) => [folder, uid] as const)));
	return succeed({
		...plan,
		steps: checked,
		consequences: [
			...plan.consequences,
			...[...byFolder].map(([folder, uid]) => ({severity: 'info' as const, text: `Images in ${folder} are written to with only the rights of user ${uid}, who may write to that folder.`})),
		],
	});
}
