/**
Files by way of libvirt: what is in the folders of its pools, for a user who may not look there. libvirt's own list of a pool grows old; whatever is not found
there is looked for once more, where this connection may have libvirt look.
*/
import {Buffer} from 'node:buffer';
import {posix} from 'node:path';
import {
	allOf, fail, mapResult, succeed, type Result,
} from '../../../model/result.ts';
import type {Runner} from '../../../tools/run/run.ts';
import type {Virsh} from '../virsh.ts';
import {parseBitmaps, parseHeader, parseTags, type Qcow2Header} from './qcow2-metadata.ts';
import {
	parseNames, parsePool, parseVolume, type Pool, type Volume,
} from './volume.ts';

export type Inside = {header: Qcow2Header; tags: NonNullable<ReturnType<typeof parseTags>>; bitmaps: NonNullable<ReturnType<typeof parseBitmaps>>};

export type PoolFiles = {
	/** libvirt neither looks again for such a connection, nor hands out bytes. */
	isReadOnly: boolean;
	/** The pool whose volumes are the files of this folder; undefined: none is, or it is off. Fails where the host cannot be asked. */
	poolAt(folder: string): Promise<Result<Pool | undefined>>;
	/** Whether there is any such pool. */
	hasAny(): Promise<boolean>;
	/** Every name in its folder. */
	names(pool: Pool): Promise<Result<ReadonlySet<string>>>;
	/** Undefined: no pool has such a file. */
	volumeAt(path: string): Promise<Result<Volume | undefined>>;
	/** The same for two names of one file, as two pools may have them. */
	identityOf(volume: Volume): Promise<Result<string>>;
	/** Undefined: it is no qcow2 image. Fails where its bytes cannot be had. */
	inside(volume: Volume): Promise<Result<Inside | undefined>>;
};

const headerBytes = 4096;
const tableBytes = 1024 * 1024;
/** Within one reading of a host its pools are asked for once. */
const freshMs = 2000;
/** libvirt hands out bytes; what reads them here are letters. */
const asLetters = '"$@" | od -An -v -tx1';

type Given = {virsh: Virsh; runner: Runner; isReadOnly: boolean};

async function readPools(virsh: Virsh): Promise<Result<Map<string, Pool>>> {
	const names = await virsh.askOne(['pool-list', '--name']);
	if (!names.ok) {
		return names;
	}

	const answers = await virsh.ask(names.value.split('\n').map(name => name.trimEnd()).filter(name => name !== '').map(name => ['pool-dumpxml', '--pool', name]));
	return answers.ok
		? succeed(new Map(answers.value.flatMap(answer => answer.ok ? parsePool(answer.value) ?? [] : []).reverse().map(pool => [pool.folder, pool])))
		: answers;
}

async function ask(virsh: Virsh, pool: Pool, path: string): Promise<Result<Volume | undefined>> {
	const xml = await virsh.askOne(['vol-dumpxml', '--pool', pool.name, '--vol', path]);
	return xml.ok
		? succeed(parseVolume(xml.value, pool))
		: (xml.failure.kind === 'tool-failed' && /Storage volume not found|No such file or directory/.test(xml.failure.cause.stderr) ? succeed(undefined) : xml);
}

async function readBytes({virsh, runner}: Given, {pool, path}: Volume, {offset, length}: {offset: number; length: number}): Promise<Result<Buffer>> {
	const argv = [...virsh.prefix, 'vol-download', '--pool', pool.name, '--vol', path, '--file', '/dev/stdout', '--offset', String(offset), '--length', String(length)];
	const read = await runner({argv: ['sh', '-c', asLetters, 'sh', ...argv], where: 'here', timeoutMs: 30_000});
	return read.ok ? succeed(Buffer.from(read.value.stdout.replaceAll(/\s/g, ''), 'hex')) : read;
}

async function readInside(given: Given, volume: Volume): Promise<Result<Inside | undefined>> {
	const untold = fail({kind: 'unreadable', what: volume.path, reason: 'libvirt does not hand out its header'});
	const first = await readBytes(given, volume, {offset: 0, length: headerBytes});
	if (!first.ok) {
		return first;
	}

	const header = parseHeader(first.value);
	if (header === undefined) {
		return first.value.length === 0 || first.value.toString('latin1', 0, 3) === 'QFI' ? untold : succeed(undefined);
	}

	const readTable = async ({offset, count}: {offset: number; count: number}) => count === 0 ? succeed(Buffer.alloc(0)) : readBytes(given, volume, {offset, length: tableBytes});
	const tables = allOf([await readTable(header.tags), await readTable(header.bitmaps)]);
	const tags = tables.ok ? parseTags(tables.value[0]!, header.tags.count) : undefined;
	const bitmaps = tables.ok ? parseBitmaps(tables.value[1]!, header.bitmaps.count) : undefined;
	return tables.ok ? (tags === undefined || bitmaps === undefined ? untold : succeed({header, tags, bitmaps})) : tables;
}

const stampOf = ({sizeBytes, modifiedAt, changedAt}: Volume) => [sizeBytes, modifiedAt, changedAt].join(' ');

export function createPoolFiles(given: Given): PoolFiles {
	const {virsh, isReadOnly} = given;
	let known: Promise<Result<Map<string, Pool>>> | undefined;
	let askedAtMs = 0;

	const allPools = async (): Promise<Result<Map<string, Pool>>> => {
		if (known === undefined || performance.now() - askedAtMs > freshMs) {
			askedAtMs = performance.now();
			known = readPools(virsh);
		}

		return known;
	};

	const poolAt: PoolFiles['poolAt'] = async folder => {
		const pools = await allPools();
		return pools.ok ? succeed(pools.value.get(folder)) : pools;
	};

	const refresh = async ({name}: Pool): Promise<Result<string>> => isReadOnly ? succeed('') : virsh.askOne(['pool-refresh', '--pool', name]);

	/** Of a folder that two pools lead to, every file has the same name, size and times in both. */
	const identityOf: PoolFiles['identityOf'] = async volume => {
		const pools = await allPools();
		if (!pools.ok) {
			return pools;
		}

		const name = posix.basename(volume.path);
		for (const pool of [...pools.value.values()].filter(({folder}) => folder < posix.dirname(volume.path))) {
			const listing = mapResult(await virsh.askOne(['vol-list', '--pool', pool.name]), text => parseNames(text, pool)?.has(name));
			const other = listing.ok && listing.value ? await ask(virsh, pool, posix.join(pool.folder, name)) : succeed(undefined);
			if (!other.ok) {
				return other;
			}

			if (other.value !== undefined && stampOf(other.value) === stampOf(volume)) {
				return succeed(other.value.path);
			}
		}

		return succeed(volume.path);
	};

	return {
		isReadOnly,
		poolAt,
		identityOf,
		async hasAny() {
			const pools = await allPools();
			return pools.ok && pools.value.size > 0;
		},
		async names(pool) {
			const looked = await refresh(pool);
			const listing = looked.ok ? await virsh.askOne(['vol-list', '--pool', pool.name]) : looked;
			if (!listing.ok) {
				return listing;
			}

			const names = parseNames(listing.value, pool);
			return names === undefined ? fail({kind: 'unreadable', what: pool.folder, reason: `the list of the pool "${pool.name}" has a name with a line end`}) : succeed(names);
		},
		async volumeAt(path) {
			const pool = await poolAt(posix.dirname(path));
			if (!pool.ok || pool.value === undefined) {
				return pool.ok ? succeed(undefined) : pool;
			}

			const found = await ask(virsh, pool.value, path);
			const isMissing = found.ok && found.value === undefined && !isReadOnly;
			const looked = isMissing ? await refresh(pool.value) : succeed('');
			return looked.ok ? (isMissing ? ask(virsh, pool.value, path) : found) : looked;
		},
		inside: async volume => readInside(given, volume),
	};
}
