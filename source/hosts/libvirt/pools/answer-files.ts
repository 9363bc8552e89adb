/**
What `stat`, `test` and `find` would say of files and folders, by libvirt's pools.
*/
import {posix} from 'node:path';
import {succeed, type Result} from '../../../model/result.ts';
import {
	failed, isElsewhere, said, type Answer, type Ran,
} from './answer.ts';
import type {Pool, Volume} from './volume.ts';

const notSo = (path: string): Ran => failed(['test', path], '');

/** One record of `stat --printf`. */
function formatStat(format: string, {sizeBytes, modifiedAt, uid, gid, mode, isRegular, allocatedBytes}: Volume, name: string, identity: string): string {
	const values: Record<string, string> = {
		n: name, s: String(sizeBytes), '.9Y': modifiedAt, d: 'pool', i: identity, u: String(uid), g: String(gid), a: mode.toString(8), F: isRegular ? 'regular file' : 'directory', h: '1',
		b: String(Math.ceil(allocatedBytes / 512)), B: '512',
	};
	return format.replaceAll(/\\0|%(\.9Y|[a-zA-Z])/g, (all, key?: string) => key === undefined ? '\0' : values[key] ?? all);
}

/** A folder of a pool, of which nothing is known but that it is there. */
const folderOf = (pool: Pool): Volume => ({
	pool, path: pool.folder, isRegular: false, format: undefined, virtualSizeBytes: 0, allocatedBytes: 0, sizeBytes: 0, modifiedAt: '0.000000000', changedAt: '0', mode: 0o711, uid: 0, gid: 0,
	clusterSizeBytes: undefined, isVersion2: false, hasSubclusters: false, isEncrypted: false, backing: undefined,
});

/** `stat` of files: those that it has told of stay, the others are added. */
export const stat: Answer = async (look, argv, ran) => {
	const format = argv[argv.indexOf('--printf') + 1]!;
	const paths = argv.slice(argv.indexOf('--') + 1);
	const fieldCount = format.split(String.raw`\0`).length - 1;
	const fields = ran.ok ? ran.value.stdout.split('\0') : [];
	const found = new Set(fields.filter((_, index) => index % fieldCount === 0));
	let added = '';
	for (const path of paths.filter(one => !found.has(one))) {
		const pool = await look.files.poolAt(path);
		const volume = pool.ok && pool.value !== undefined ? succeed(folderOf(pool.value)) : await look.volumeAt(path);
		const identity = volume.ok && volume.value?.isRegular ? await look.files.identityOf(volume.value) : succeed(path);
		if (!volume.ok || !identity.ok) {
			return volume.ok ? identity as Result<never> : volume;
		}

		added += volume.value === undefined ? '' : formatStat(format, volume.value, path, identity.value);
	}

	return added !== '' || isElsewhere(ran) ? said(`${ran.ok ? ran.value.stdout : ''}${added}`) : ran;
};

export const room: Answer = async (look, argv, ran) => {
	const told = ran.ok ? ran.value.stdout.split('\0') : [];
	let added = '';
	for (const path of argv.slice(argv.indexOf('--') + 1).filter(one => !told.includes(one))) {
		const pool = await look.files.poolAt(path);
		if (!pool.ok) {
			return pool;
		}

		added += pool.value === undefined ? '' : `${path}\0${pool.value.freeBytes} 1\0`;
	}

	return added !== '' || isElsewhere(ran) ? said(`${ran.ok ? ran.value.stdout : ''}${added}`) : ran;
};

export const test: Answer = async (look, [, flag, path], ran) => {
	const pool = await look.files.poolAt(path!);
	if (pool.ok && pool.value !== undefined) {
		return flag === '-e' || flag === '-x' ? said('') : ran;
	}

	const volume = flag === '-e' || flag === '-s' ? await look.volumeAt(path!) : succeed(undefined);
	if (!volume.ok) {
		return volume;
	}

	const holds = volume.value !== undefined && (flag === '-e' || volume.value.sizeBytes > 0);
	return holds ? said('') : (isElsewhere(ran) ? notSo(path!) : ran);
};

export const isSame: Answer = async (look, [, path, , other], ran) => {
	const identities: string[] = [];
	for (const one of [path!, other!]) {
		const volume = await look.volumeAt(one);
		const identity = volume.ok && volume.value !== undefined ? await look.files.identityOf(volume.value) : volume;
		if (!identity.ok) {
			return identity;
		}

		identities.push(typeof identity.value === 'string' ? identity.value : `missing ${identities.length}`);
	}

	return identities[0] === identities[1] ? said('') : (isElsewhere(ran) ? notSo(path!) : ran);
};

/** What is in folders. One that may not be listed is listed by libvirt; in one that may not be written to, libvirt writes. */
export const list: Answer = async (look, argv, ran) => {
	const fields = ran.ok ? ran.value.stdout.split('\0') : [];
	const complaints = ran.ok ? ran.value.stderr.split('\n') : [];
	const parts: string[] = [];
	const kept: string[] = [];
	for (const folder of argv.slice(2, argv.indexOf('-ignore_readdir_race'))) {
		const entries = Array.from({length: Math.floor(fields.length / 4)}, (_, index) => fields.slice(index * 4, (index * 4) + 4)).filter(entry => entry[1] === folder);
		const own = entries.find(([depth]) => depth!.endsWith('0'));
		const complaint = complaints.find(line => line.includes(`'${folder}'`));
		const pool = own?.[0] === 'w0' && complaint === undefined ? succeed(undefined) : await look.files.poolAt(folder);
		if (!pool.ok) {
			return pool;
		}

		if (pool.value === undefined) {
			parts.push(...entries.map(entry => `${entry.join('\0')}\0`));
			kept.push(complaint ?? '');
			continue;
		}

		look.reach(folder, pool.value);
		const names = own === undefined || complaint !== undefined ? await look.files.names(pool.value) : succeed(new Set(entries.filter(entry => entry !== own).map(entry => entry[3]!)));
		if (!names.ok) {
			return names;
		}

		const device = own?.[2] ?? `pool ${pool.value.name}`;
		parts.push(`w0\0${folder}\0${device}\0${posix.basename(folder)}\0`, ...[...names.value].map(name => `1\0${folder}\0${device}\0${name}\0`));
	}

	return parts.length === 0 && !ran.ok ? ran : said(parts.join(''), kept.join('\n'));
};
