/**
What may be typed for a backup.
*/
import type {BackupAction} from '../../model/plan/request.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {CliSpec} from '../spec.ts';
import {normalFolder} from './last-folder.ts';

const units: Readonly<Record<string, number>> = {'': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3};

/** "50M": bytes a second. Fails with `usage`. */
export function parseRate(text: string | undefined): Result<number | undefined> {
	if (text === undefined) {
		return succeed(undefined);
	}

	const [, digits, unit] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
	const rate = Number(digits) * (units[unit?.toLowerCase() ?? ''] ?? Number.NaN);
	return Number.isSafeInteger(rate) && rate > 0 ? succeed(rate) : fail({kind: 'usage', message: `--rate ${text} is not understood.`, hint: 'It is bytes a second: 50M, 1G, 500k.'});
}

function sinceOf(raw: {full?: unknown; since?: unknown}): BackupAction['since'] {
	if (raw.full === true) {
		return {kind: 'full'};
	}

	return typeof raw.since === 'string' ? {kind: 'checkpoint', name: raw.since} : {kind: 'latest'};
}

export const cli: CliSpec<'backup'> = {
	usage: 'backup create <domain>',
	summary: 'back up the disks to a folder: the changes since the last backup there, or all',
	examples: ['backup create web --to /srv/backups/web --yes', 'backup create web --to /srv/backups/web --full --disk vda --dry-run'],
	options: [
		{flags: '--to <folder>', summary: 'the folder of this domain\'s backups'},
		{flags: '--full', summary: 'copy everything, and build on no earlier backup'},
		{flags: '--since <checkpoint>', summary: 'copy the changes since this checkpoint'},
		{flags: '--checkpoint <name>', summary: 'the name of the checkpoint that is made with it'},
		{flags: '--no-checkpoint', summary: 'make none: the next backup cannot build on this one'},
		{flags: '--disk <name>', summary: 'only this disk; repeat for each', isRepeated: true},
		{flags: '--quiesce', summary: 'have the guest agent freeze the file systems at the beginning'},
		{flags: '--decrypt', summary: 'copy encrypted disks, too, into files that are not encrypted'},
		{flags: '--rate <bytes>', summary: 'copy at most so much a second of each disk: 50M'},
		{flags: '--description <text>', summary: 'what the backup is for'},
	],
	excludes: [['full', 'since']],
	// On the screen the folder can still be asked for.
	read(_words, raw, isAsked) {
		const {to, checkpoint} = raw;
		if (typeof to === 'string' ? !to.startsWith('/') : !isAsked) {
			return fail({kind: 'usage', message: 'backup create needs --to FOLDER, with a path that begins with "/".', hint: 'A folder for each domain, on the host where the images are.'});
		}

		const rate = parseRate(raw.rate as string | undefined);
		return rate.ok
			? succeed({
				kind: 'backup',
				to: typeof to === 'string' ? normalFolder(to) : undefined,
				since: sinceOf(raw),
				...(checkpoint === false ? {checkpoint: undefined} : (typeof checkpoint === 'string' ? {checkpoint} : {})),
				description: raw.description as string | undefined,
				disks: raw.disk as string[] | undefined ?? [],
				isQuiesced: raw.quiesce === true,
				rateBytes: rate.value,
				...(raw.decrypt === true && {isDecrypted: true}),
			})
			: rate;
	},
	write: ({to, since, checkpoint, description, disks, isQuiesced, isDecrypted, rateBytes}) => ({
		words: [],
		raw: {
			to,
			full: since.kind === 'full',
			since: since.kind === 'checkpoint' ? since.name : undefined,
			checkpoint: checkpoint ?? false,
			disk: disks,
			quiesce: isQuiesced,
			decrypt: isDecrypted,
			rate: rateBytes?.toString(),
			description,
		},
	}),
};
