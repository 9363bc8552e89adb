/**
`vsnap-tui backup export`: the disks of a running domain as they are at one moment, for other programs to read over NBD, until it is ended. What the guest writes over
meanwhile is kept in scratch files; where those run out of room it is the guest that gets the error, so the export ends before.
*/
import {posix} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {runCommand} from '../../engine/folder/run-folder-plan.ts';
import type {Failure} from '../../model/failure.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import type {Command} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {exitCodeOf} from '../../model/text/exit-codes.ts';
import {formatBytes} from '../../model/text/format.ts';
import {formatJson} from '../../model/text/visible-text.ts';
import {sayFailure, sayLines, type CommandContext} from '../context.ts';
import {findDomain} from '../find-domain.ts';
import {endExport, hasEnded} from './ending.ts';
import {endUnwatched} from './export-end.ts';
import {planExport, type ExportPlan, type ExportRequest} from './export-plan.ts';

const pollMs = 250;
/** So often a monitor, which serves one program at a time, is left to others. */
const looksPerQuestion = 4;

type Export = {context: CommandContext; request: ExportRequest; socket: string; inventory: Inventory; plan: ExportPlan};

/** Why an export ended. */
type End = {kind: 'asked'} | {kind: 'gone'} | {kind: 'no-space'; folder: string; freeBytes: number};

const domainOf = ({inventory}: Pick<Export, 'inventory'>) => inventory.details.domain;

/** Fails where a folder cannot be looked at, where less is free than is to stay free, and where the socket's name is taken. */
async function checkPlaces({context: {world: {host}}, request, socket, plan}: Export): Promise<Result<void>> {
	const place = await host.readFolder(posix.dirname(socket));
	if (!place.ok) {
		return place;
	}

	if (place.value.names.has(posix.basename(socket))) {
		return fail({kind: 'refused', blockers: [{kind: 'name-taken', text: `${socket} is there already.`, remedy: 'Choose another name for the socket, or remove it if nobody listens there.'}]});
	}

	const short = await findShort(host, plan, request);
	return short === undefined
		? succeed(undefined)
		: fail({kind: 'refused', blockers: [{
			kind: 'no-space', text: `Only ${formatBytes(short.freeBytes)} are free in ${short.folder}, and ${formatBytes(request.keepFreeBytes)} are to stay free.`, remedy: 'Name a folder with more room: --scratch FOLDER; or let less stay free: --keep-free BYTES.',
		}]});
}

/** A folder that cannot be looked at at this moment has room as far as it is known. */
async function findShort(host: CommandContext['world']['host'], {scratchFolders}: ExportPlan, {keepFreeBytes}: ExportRequest): Promise<(End & {kind: 'no-space'}) | undefined> {
	for (const folder of scratchFolders) {
		const found = await host.readFolder(folder);
		if (found.ok && found.value.freeBytes < keepFreeBytes) {
			return {kind: 'no-space', folder, freeBytes: found.value.freeBytes};
		}
	}

	return undefined;
}

/** Where a command fails what was begun is ended, and nothing stays. */
async function begin({context: {world}, plan}: Export): Promise<Result<void>> {
	const begun: Command[][] = [];
	for (const {command, end: ending = [], undo = []} of plan.openings) {
		const ran = await runCommand(world, command);
		if (!ran.ok) {
			for (const back of begun.reverse().flat()) {
				await runCommand(world, back);
			}

			return ran;
		}

		begun.push([...ending, ...undo]);
	}

	return succeed(undefined);
}

/** One a line, as of a run. */
const sayEvent = (context: CommandContext, event: Record<string, unknown>) => {
	context.writeOut(`${formatJson(event)}\n`);
};

/** How each disk is opened by others. */
function tell(exported: Export): void {
	const {context, socket, plan, request: {since, checkpoint}} = exported;
	const domain = domainOf(exported);
	const disks = plan.disks.map(({target, bitmap}) => ({
		disk: target, uri: `nbd+unix:///${encodeURIComponent(target)}?socket=${encodeURIComponent(socket).replaceAll('%2F', '/')}`, dirtyBitmap: bitmap === undefined ? null : `qemu:dirty-bitmap:${bitmap}`,
	}));
	if (context.isJson) {
		sayEvent(context, {kind: 'exporting', domain: {name: domain.name, uuid: domain.uuid}, socket, since: since ?? null, checkpoint: checkpoint ?? null, disks, scratch: plan.disks.map(({scratchPath}) => scratchPath)});
		return;
	}

	sayLines(context, [
		`The disks of "${domain.name}", as they were when this began:`,
		...disks.map(({disk, uri, dirtyBitmap}) => `  ${disk}  ${uri}${dirtyBitmap === null ? '' : `  changes since "${since!}": ${dirtyBitmap}`}`),
		`What the guest writes over meanwhile is kept in ${plan.scratchFolders.join(', ')}.`,
		'Ctrl-C ends it.',
	]);
}

async function watch({context: {world: {host}, interrupt}, request, plan, inventory}: Export): Promise<End> {
	for (let look = 0; ; look++) {
		if (interrupt.aborted) {
			return {kind: 'asked'};
		}

		const short = await findShort(host, plan, request);
		if (short !== undefined) {
			return short;
		}

		if (look % looksPerQuestion === 0 && await hasEnded({host}, domainOf({inventory}).uuid)) {
			return {kind: 'gone'};
		}

		await setTimeout(pollMs, undefined, {signal: interrupt}).catch(() => undefined);
	}
}

const endWords = (ended: End): string => {
	switch (ended.kind) {
		case 'asked': {
			return 'The export is ended.';
		}

		case 'gone': {
			return 'The export has ended by itself: the domain has stopped, or somebody else has ended it. Whoever was reading has not read all.';
		}

		case 'no-space': {
			return `The export is ended: only ${formatBytes(ended.freeBytes)} were left in ${ended.folder}, and a full disk there would have been an error for the guest. Whoever was reading has not read all.`;
		}
	}
};

/** Nothing is left behind then (libvirt 9.0, 11.3, 12.8). */
function explain(failure: Failure, {socket}: Export): Failure {
	const said = failure.kind === 'tool-failed' ? failure.cause.stderr : (failure.kind === 'qmp-failed' ? failure.description : '');
	if (said.includes('NBD server already running')) {
		return {kind: 'refused', blockers: [{kind: 'job-running', text: 'This QEMU lets others read something over NBD already.', remedy: 'Wait until that has ended, or end it if nobody reads from it (QMP: nbd-server-stop).'}]};
	}

	return said.includes('Failed to bind socket')
		? {kind: 'refused', blockers: [{
			kind: 'not-permitted',
			text: `QEMU could not make the socket ${socket}: ${/Failed to bind socket to .*: (.*)/.exec(said)?.[1] ?? 'it does not say why'}.`,
			remedy: 'Name a socket in a folder that QEMU\'s user may write to, such as one below /run that you give to it.',
		}]}
		: failure;
}

async function run(exported: Export): Promise<number> {
	const {context, plan, socket, inventory} = exported;
	const begun = await begin(exported);
	if (!begun.ok) {
		return sayFailure(context, explain(begun.failure, exported));
	}

	tell(exported);
	const ended = await watch(exported);
	const closed = await endExport(context, {
		commands: [...plan.openings].reverse().flatMap(({end: ending = []}) => ending), files: [socket, ...plan.disks.map(({scratchPath}) => scratchPath)], inventory,
	});
	if (context.isJson) {
		sayEvent(context, {kind: 'ended', why: ended.kind});
	} else {
		sayLines(context, [endWords(ended)]);
	}

	if (!closed.ok) {
		return sayFailure(context, closed.failure);
	}

	return ended.kind === 'asked' ? 0 : exitCodeOf({kind: 'unreadable', what: 'The export', reason: ended.kind});
}

/** Gives the exit code: 0 where it was ended by Ctrl-C or a signal. */
export async function exportBackup(context: CommandContext, request: ExportRequest): Promise<number> {
	const {world: {host, store, clock}, planning} = context;
	const domain = await findDomain(host, request.domain);
	const scratch = request.scratch === undefined ? [] : [posix.join(request.scratch, 'scratch')];
	const inventory = domain.ok ? await host.readInventory(domain.value.uuid, scratch) : domain;
	if (!inventory.ok) {
		return sayFailure(context, inventory.failure);
	}

	const lock = await store.lockDomain(inventory.value.details.domain.uuid, 'backup export');
	if (!lock.ok) {
		return sayFailure(context, lock.failure);
	}

	const id = planning.nextId();
	try {
		const given = {id, now: clock.now(), workPath: planning.store.workPath(id)};
		if (request.isEnding) {
			return await endUnwatched(context, inventory.value, given);
		}

		const plan = planExport(inventory.value, request, given);
		if (!plan.ok) {
			return sayFailure(context, plan.failure);
		}

		const exported: Export = {context, request, socket: request.socket!, inventory: inventory.value, plan: plan.value};
		const places = await checkPlaces(exported);
		return places.ok ? await run(exported) : sayFailure(context, places.failure);
	} finally {
		await store.removeJournal(id);
		await lock.value.release();
	}
}
