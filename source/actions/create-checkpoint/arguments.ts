/**
What may be typed for a new checkpoint: `--disk vda`, `--disk vdb=no`, `--bitmap vda=NAME`.
*/
import type {CheckpointDiskRequest} from '../../model/plan/request.ts';
import {fail, mapResult, succeed, type Result} from '../../model/result.ts';
import type {CliSpec, RawOptions} from '../spec.ts';

const strings = (raw: RawOptions, name: string): string[] => raw[name] as string[] | undefined ?? [];

/** Fails with `usage`, also where a disk is named twice. */
function parseCheckpointDisks(disks: readonly string[], bitmaps: readonly string[]): Result<CheckpointDiskRequest[]> {
	const requests = new Map<string, CheckpointDiskRequest>();
	for (const text of disks) {
		const [, target = '', leftOut] = /^(.*?)(=no)?$/su.exec(text)!;
		if (target === '' || target.includes('=')) {
			return fail({kind: 'usage', message: `--disk ${text} is not understood.`, hint: 'It is DISK or DISK=no.'});
		}

		if (requests.has(target)) {
			return fail({kind: 'usage', message: `--disk names ${target} twice.`, hint: 'Name each disk once.'});
		}

		requests.set(target, {target, isIncluded: leftOut === undefined});
	}

	const isSelective = [...requests.values()].some(({isIncluded}) => isIncluded);
	for (const text of bitmaps) {
		const at = text.indexOf('=');
		const [target, bitmap] = [text.slice(0, Math.max(at, 0)), text.slice(at + 1)];
		if (target === '' || bitmap === '') {
			return fail({kind: 'usage', message: `--bitmap ${text} is not understood.`, hint: 'It is DISK=NAME.'});
		}

		const own = requests.get(target);
		if (own?.isIncluded === false || (own === undefined && isSelective)) {
			return fail({kind: 'usage', message: `--bitmap names ${target}, which takes no part.`, hint: `Name it with --disk ${target} as well, or leave its bitmap out.`});
		}

		requests.set(target, {...own ?? {target}, bitmap});
	}

	return succeed([...requests.values()]);
}

export const cli: CliSpec<'create-checkpoint'> = {
	usage: 'checkpoint create <domain> [name]',
	summary: 'start recording what is written, for backups of the changes alone',
	examples: ['checkpoint create web monday --description "full backup of Monday" --yes', 'checkpoint create web --disk vdb=no --dry-run'],
	options: [
		{flags: '--description <text>', summary: 'what the checkpoint is for'},
		{flags: '--disk <name[=no]>', summary: 'only this disk, or all but this one; repeat for each', isRepeated: true},
		{flags: '--bitmap <disk=name>', summary: 'the name of the bitmap in the image of a disk, if not that of the checkpoint; repeat for each', isRepeated: true},
	],
	excludes: [],
	read: ([checkpoint], raw) => mapResult(parseCheckpointDisks(strings(raw, 'disk'), strings(raw, 'bitmap')), disks =>
		({kind: 'create-checkpoint', checkpoint, description: raw.description as string | undefined, disks})),
	write: ({checkpoint, description, disks}) => ({
		words: [checkpoint],
		raw: {
			description,
			disk: disks.filter(({isIncluded}) => isIncluded !== undefined).map(({target, isIncluded}) => isIncluded ? target : `${target}=no`),
			bitmap: disks.filter(({bitmap}) => bitmap !== undefined).map(({target, bitmap}) => `${target}=${bitmap!}`),
		},
	}),
};
