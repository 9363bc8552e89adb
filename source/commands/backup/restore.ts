/**
`vsnap-tui restore FOLDER --to FOLDER` and `--as NAME`: images of a point, alone or under a new domain.
*/
import {posix} from 'node:path';
import {randomUUID} from 'node:crypto';
import type {Manifest} from '../../model/backup/manifest.ts';
import type {BackupFolder} from '../../model/domain/inventory.ts';
import {fail, mapResult, succeed, type Result} from '../../model/result.ts';
import {newDomainXml} from '../../model/backup/new-domain.ts';
import {maskedSecret} from '../../model/xml/redact.ts';
import {tpmPathFor} from '../../model/domain/tpm.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import {planRestoreToFolder, type RestoreFormat, type RestoreRequest, type RestoreTarget} from '../../planner/folder/restore.ts';
import {sayFailure, type CommandContext} from '../context.ts';
import {choosePoint, readBackupFolder, readFolderPath} from './backups.ts';
import {showOrRun} from './folder-plan.ts';

export type RestoreOptions = {
	folder: string;
	/** Undefined: the newest. */
	at: string | undefined;
	to: string | undefined;
	as: string | undefined;
	format: RestoreFormat;
	isVerified: boolean;
	mode: 'run' | 'show';
};

/** A folder that is not there is made, in one that is. */
async function readTarget({world: {host}}: CommandContext, path: string): Promise<Result<RestoreTarget>> {
	const folder = await host.readFolder(path);
	if (folder.ok) {
		return succeed({path, facts: folder.value, isMade: false});
	}

	const above = await host.readFolder(posix.dirname(path));
	return above.ok && !above.value.names.has(posix.basename(path)) ? succeed({path, facts: above.value, isMade: true}) : folder;
}

/** Where the images of a new domain go: beside those that the domain had. */
function placeBeside({domain, disks}: Manifest): Result<string> {
	const definition = parseDomainXml(domain.definition);
	const path = definition.ok ? definition.value.disks.find(({target}) => target === disks[0]?.disk)?.sourcePath : undefined;
	return path?.startsWith('/') ? succeed(posix.dirname(path)) : fail({kind: 'usage', message: 'The backup does not say in which folder the images were.', hint: 'Give --to FOLDER as well.'});
}

/** Undefined where the state of a TPM is not in the backup, or was in a place of its own. */
async function placeTpm({world: {host}}: CommandContext, {extras}: Manifest, uuid: string): Promise<NonNullable<RestoreRequest['as']>['tpm']> {
	const extra = extras.find(({kind}) => kind === 'tpm');
	const path = extra && tpmPathFor(extra.path, uuid);
	if (path === undefined) {
		return undefined;
	}

	const own = posix.dirname(path);
	const all = posix.dirname(posix.dirname(own));
	const isThere = await host.observe({kind: 'file-exists', path: all});
	return {path, folders: [...(isThere.ok && isThere.value ? [] : [all]), posix.dirname(own), own]};
}

/** Fails with `refused` where a domain has the name. */
async function newDomain(context: CommandContext, point: Manifest, name: string): Promise<Result<NonNullable<RestoreRequest['as']>>> {
	const {host} = context.world;
	const facts = await host.readHost();
	const domains = await host.readDomains();
	if (!facts.ok || !domains.ok) {
		return facts.ok ? domains as Extract<typeof domains, {ok: false}> : facts;
	}

	if (facts.value.hypervisor !== 'libvirt') {
		return fail({kind: 'refused', blockers: [{kind: 'not-supported', text: 'Only libvirt keeps definitions of domains: here there is nothing to define.', remedy: 'Restore the images with --to FOLDER.'}]});
	}

	if (domains.value.some(domain => domain.name === name)) {
		return fail({kind: 'refused', blockers: [{kind: 'name-taken', text: `There is a domain "${name}".`, remedy: 'Choose another name.'}]});
	}

	const uuid = randomUUID();
	const tpm = await placeTpm(context, point, uuid);
	return succeed({
		name,
		tpm,
		define: files => mapResult(newDomainXml(point.domain.definition, {name, uuid, generationId: randomUUID(), sources: files.disks, variablesPath: files.variables}), ({xml, leftOut, losesPasswords, masksArguments}) => ({
			xml,
			notes: [
				`The domain "${name}" is defined on them, with a UUID and MAC addresses of its own. It is not started.`,
				...(leftOut.length === 0 ? [] : [`${leftOut.join(', ')} ${leftOut.length === 1 ? 'is' : 'are'} not in the backup, and not in the new domain.`]),
				...(point.extras.some(({kind}) => kind === 'tpm') ? [tpm === undefined ? 'The state of its TPM is put beside the images: where libvirt looks for it is not known.' : 'It has the state of the TPM, so that what the guest sealed with it opens.'] : []),
				...(losesPasswords ? ['Passwords of its displays are not in the backup: set them again.'] : []),
				...(masksArguments ? [`Secrets in its arguments for QEMU are not in the backup: where ${maskedSecret} stands, put them back (virsh edit) before it is started.`] : []),
			],
		})),
	});
}

async function planOf(context: CommandContext, backups: BackupFolder, options: RestoreOptions): Promise<ReturnType<typeof planRestoreToFolder>> {
	const point = choosePoint(backups, options.at);
	if (!point.ok) {
		return point;
	}

	const path = options.to === undefined ? placeBeside(point.value) : readFolderPath(options.to);
	const target = path.ok ? await readTarget(context, path.value) : path;
	const anew = target.ok && options.as !== undefined ? await newDomain(context, point.value, options.as) : succeed(undefined);
	const facts = await context.world.host.readHost();
	if (!target.ok || !anew.ok || !facts.ok) {
		return target.ok ? (anew.ok ? facts as Extract<typeof facts, {ok: false}> : anew) : target;
	}

	const id = context.planning.nextId();
	return planRestoreToFolder({
		id, workPath: context.planning.store.workPath(id), backups, point: point.value, target: target.value, format: options.format, isVerified: options.isVerified, uri: facts.value.uri, ...(anew.value && {as: anew.value}),
	});
}

/** Gives the exit code. */
export async function restoreToFolder(context: CommandContext, options: RestoreOptions): Promise<number> {
	const backups = await readBackupFolder(context, options.folder);
	const plan = backups.ok ? await planOf(context, backups.value, options) : backups;
	return plan.ok
		? showOrRun(context, plan.value, {mode: options.mode, advice: 'The images are whole; only the last step is missing.'})
		: sayFailure(context, plan.failure);
}
