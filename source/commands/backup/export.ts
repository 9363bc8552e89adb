/**
`vsnap-tui backup export`: the disks of a running domain as they are at one moment, for other programs to read over NBD, until it is ended. What the guest writes over
meanwhile is kept in scratch files; where those run out of room it is the guest that gets the error, so the export ends before.
*/
import {posix} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import type {DomainDetails, HostFacts} from '../../model/domain/inventory.ts';
import type {ProgramCommand} from '../../model/plan/plan.ts';
import type {Failure} from '../../model/failure.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {exitCodeOf} from '../../model/text/exit-codes.ts';
import {formatBytes} from '../../model/text/format.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import {buildExportXml} from '../../model/xml/build/backup.ts';
import {buildCheckpointXml} from '../../model/xml/build/checkpoint.ts';
import {onDomain, virsh} from '../../planner/hypervisor/libvirt/virsh.ts';
import {fileCommands} from '../../planner/hypervisor/commands.ts';
import {formatJson} from '../../model/text/visible-text.ts';
import {sayFailure, sayLines, type CommandContext} from '../context.ts';
import {findDomain} from '../find-domain.ts';
import {planExport, type ExportPlan, type ExportRequest} from './export-plan.ts';

const pollMs = 250;
/** libvirt removes the scratch files once QEMU has let go of them. */
const endPatienceMs = 30_000;

type Export = {context: CommandContext; request: ExportRequest; socket: string; details: DomainDetails; host: HostFacts; plan: ExportPlan};

/** Why an export ended. */
type End = {kind: 'asked'} | {kind: 'gone'} | {kind: 'no-space'; folder: string; freeBytes: number};

const siteOf = ({host, details: {domain}}: Export) => ({host, uuid: domain.uuid});

/** Fails where a backup or an export is going on, where a folder cannot be looked at, where less is free than is to stay free, and where the socket's name is taken. */
async function checkPlaces({context: {world: {host}}, request, socket, plan, details: {domain}}: Export): Promise<Result<void>> {
	const active = await host.observe({kind: 'backup-active', uuid: domain.uuid});
	if (!active.ok || active.value) {
		return active.ok
			? fail({kind: 'refused', blockers: [{kind: 'job-running', text: `A backup or an export of "${domain.name}" is going on already.`, remedy: `Wait until it has ended, or end it (virsh domjobabort ${quoteForTerminal(domain.name)}): an export goes on until somebody does, also where its vsnap-tui was killed.`}]})
			: active;
	}

	const place = await host.readBackups(posix.dirname(socket));
	if (!place.ok) {
		return place;
	}

	if (place.value.folder.names.has(posix.basename(socket))) {
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
		const found = await host.readBackups(folder);
		if (found.ok && found.value.folder.freeBytes < keepFreeBytes) {
			return {kind: 'no-space', folder, freeBytes: found.value.folder.freeBytes};
		}
	}

	return undefined;
}

function beginCommand(exported: Export): Result<ProgramCommand> {
	const {context: {planning}, request: {checkpoint}, socket, plan, details: {domain}} = exported;
	const workPath = planning.store.workPath(planning.nextId());
	const xml = buildExportXml(socket, plan.disks, plan.leftOut);
	const recorded = [...plan.disks.map(({target}) => ({target, bitmap: checkpoint})), ...plan.leftOut.map(target => ({target, bitmap: undefined}))];
	const checkpointXml = checkpoint === undefined ? undefined : buildCheckpointXml({name: checkpoint, description: undefined, disks: recorded});
	if (!xml.ok || checkpointXml?.ok === false) {
		return xml.ok ? checkpointXml as Result<never> : xml;
	}

	const files = [{path: `${workPath}/export.xml`, text: xml.value}, ...(checkpointXml?.ok ? [{path: `${workPath}/checkpoint.xml`, text: checkpointXml.value}] : [])];
	return succeed(virsh(exported, ['backup-begin', '--domain', domain.uuid, '--backupxml', files[0]!.path, ...(files[1] === undefined ? [] : ['--checkpointxml', files[1].path])], files));
}

/** One a line, as of a run. */
const sayEvent = (context: CommandContext, event: Record<string, unknown>) => {
	context.writeOut(`${formatJson(event)}\n`);
};

/** How each disk is opened by others. */
function tell({context, socket, plan, request: {since, checkpoint}, details: {domain}}: Export): void {
	const disks = plan.disks.map(({target}) => ({
		disk: target, uri: `nbd+unix:///${encodeURIComponent(target)}?socket=${encodeURIComponent(socket).replaceAll('%2F', '/')}`, dirtyBitmap: since === undefined ? null : `qemu:dirty-bitmap:backup-${target}`,
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

async function watch({context: {world: {host}, interrupt}, request, plan, details: {domain}}: Export): Promise<End> {
	for (;;) {
		if (interrupt.aborted) {
			return {kind: 'asked'};
		}

		const short = await findShort(host, plan, request);
		if (short !== undefined) {
			return short;
		}

		const active = await host.observe({kind: 'backup-active', uuid: domain.uuid});
		if (active.ok && !active.value) {
			return {kind: 'gone'};
		}

		await setTimeout(pollMs, undefined, {signal: interrupt}).catch(() => undefined);
	}
}

/** Ends the job, if there is one, and waits until its files have gone. Fails where they stay. */
async function end(exported: Export): Promise<Result<void>> {
	const {context: {world: {host}}, socket, plan, details: {domain: {uuid}}} = exported;
	const aborted = await host.run(onDomain(siteOf(exported), 'domjobabort'));
	const deadline = performance.now() + endPatienceMs;
	for (;;) {
		const active = await host.observe({kind: 'backup-active', uuid});
		if (active.ok && !active.value) {
			break;
		}

		if (performance.now() > deadline) {
			return aborted.ok ? fail({kind: 'busy', what: 'The export', remedy: 'See "virsh domjobinfo"; "virsh domjobabort" ends it.'}) : aborted;
		}

		await setTimeout(pollMs);
	}

	for (const path of [socket, ...plan.disks.map(({scratchPath}) => scratchPath)]) {
		const exists = await host.observe({kind: 'file-exists', path});
		const removed = exists.ok && exists.value ? await host.run(fileCommands.remove(path)) : succeed(undefined);
		if (!removed.ok) {
			return fail({kind: 'file-stays', path, reason: 'it could not be removed'});
		}
	}

	return succeed(undefined);
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

/** libvirt leaves nothing behind then (9.0, 11.3, 12.8). */
function explain(failure: Failure, {socket}: Export): Failure {
	return failure.kind === 'tool-failed' && failure.cause.stderr.includes('Failed to bind socket')
		? {kind: 'refused', blockers: [{
			kind: 'not-permitted',
			text: `QEMU could not make the socket ${socket}: ${/Failed to bind socket to .*: (.*)/.exec(failure.cause.stderr)?.[1] ?? 'it does not say why'}.`,
			remedy: 'Name a socket in a folder that QEMU\'s user may write to, such as one below /run that you give to it.',
		}]}
		: failure;
}

async function run(exported: Export): Promise<number> {
	const {context} = exported;
	const command = beginCommand(exported);
	const begun = command.ok ? await context.world.host.run(command.value) : command;
	if (!begun.ok) {
		return sayFailure(context, explain(begun.failure, exported));
	}

	tell(exported);
	const ended = await watch(exported);
	const closed = await end(exported);
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
	const {host, store, clock} = context.world;
	const domain = await findDomain(host, request.domain);
	const [details, facts] = domain.ok ? await Promise.all([host.readDetails(domain.value.uuid, {withForeignPins: false}), host.readHost()]) : [domain, domain];
	if (!details.ok || !facts.ok) {
		return sayFailure(context, (details.ok ? facts as Result<never> & {ok: false} : details).failure);
	}

	const plan = planExport(details.value, facts.value, request, clock.now());
	if (!plan.ok) {
		return sayFailure(context, plan.failure);
	}

	const exported: Export = {context, request, socket: request.socket!, details: details.value, host: facts.value, plan: plan.value};
	const places = await checkPlaces(exported);
	const lock = places.ok ? await store.lockDomain(details.value.domain.uuid, 'backup export') : places;
	if (!lock.ok) {
		return sayFailure(context, lock.failure);
	}

	try {
		return await run(exported);
	} finally {
		await lock.value.release();
	}
}
