/**
How the wishes for a new snapshot are written on a command line: `--memory external:FILE`, `--disk vda=external:FILE`, `--reuse vda=existing`.
*/
import type {CreateAction, DiskWish} from '../../model/action.ts';
import {fail, succeed, type Result} from '../../model/result.ts';

const ways = ['absolute-paths', 'existing', 'existing-with-data', 'no-backing-file'] as const satisfies Array<DiskWish['reuse']>;

function refuse(message: string, allowed: string): Result<never> {
	return fail({kind: 'usage', message, hint: allowed});
}

/** `no`, `internal`, `external` or `external:FILE`. Fails with `usage`. */
export function parseMemoryOption(text: string | undefined): Result<CreateAction['memory']> {
	if (text === undefined) {
		return succeed(undefined);
	}

	const [, mode, path] = /^(no|internal|external)(?::(.+))?$/su.exec(text) ?? [];
	if (mode === undefined || (path !== undefined && mode !== 'external')) {
		return refuse(`--memory ${text} is not understood.`, 'It is one of: no, internal, external, external:FILE.');
	}

	return succeed({mode: mode as 'no' | 'internal' | 'external', ...(path === undefined ? {} : {path})});
}

/** Fails with `usage`, also where a disk is named twice. */
export function parseDiskOptions(disks: readonly string[], reuses: readonly string[]): Result<DiskWish[]> {
	const wishes = new Map<string, DiskWish>();
	for (const text of disks) {
		const [, target, mode, path] = /^(.+?)=(internal|external|no|manual)(?::(.+))?$/su.exec(text) ?? [];
		if (target === undefined || (path !== undefined && mode !== 'external')) {
			return refuse(`--disk ${text} is not understood.`, 'It is DISK= and one of: internal, external, external:FILE, no, manual.');
		}

		if (wishes.has(target)) {
			return refuse(`--disk names ${target} twice.`, 'Say once what it is to do.');
		}

		wishes.set(target, {target, mode: mode as DiskWish['mode'], ...(path === undefined ? {} : {path})});
	}

	const reused = new Set<string>();
	for (const text of reuses) {
		const at = text.lastIndexOf('=');
		const [target, way] = [text.slice(0, Math.max(at, 0)), ways.find(known => known === text.slice(at + 1))];
		if (target === '' || way === undefined) {
			return refuse(`--reuse ${text} is not understood.`, `It is DISK= and one of: ${ways.join(', ')}.`);
		}

		if (reused.has(target)) {
			return refuse(`--reuse names ${target} twice.`, 'Say once how its overlay comes to be.');
		}

		reused.add(target);
		wishes.set(target, {...(wishes.get(target) ?? {target, mode: undefined}), reuse: way});
	}

	return succeed([...wishes.values()]);
}
