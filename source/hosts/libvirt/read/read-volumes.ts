/**
The paths of disks that are given as volumes of storage pools (`<disk type='volume'>`): only libvirt knows where a pool is.
*/
import {posix} from 'node:path';
import {hasUnknownSource, type Disk, type DomainDefinition} from '../../../model/domain/domain.ts';
import type {Unreadable} from '../../../model/domain/inventory.ts';
import {succeed, type Result} from '../../../model/result.ts';
import {quoteForTerminal} from '../../../model/text/shell-quote.ts';
import {attributeOf, childOf, readXml, textOf} from '../../../model/xml/read-xml.ts';
import {reasonOf} from '../../shared/read-answers.ts';
import {type Virsh} from '../virsh.ts';

type Volume = NonNullable<Disk['sourceVolume']>;

type UnknownSource = Pick<Unreadable, 'reason' | 'remedy'>;

type VolumePaths = {
	/** The definition with the paths of its volumes; the type of the disks stays `volume`. */
	withPaths<T extends DomainDefinition | undefined>(definition: T): T;
	/** Each disk that may be any file of the host, in words; empty: every source is known. */
	unknownSources(definitions: ReadonlyArray<DomainDefinition | undefined>): UnknownSource[];
};

const keyOf = ({pool, volume}: Volume) => JSON.stringify([pool, volume]);

/** Pools whose volumes are the files of one folder, which is known while the pool is off, too. */
const folderPools = new Set(['dir', 'fs', 'netfs']);

/** The folder of each pool that is one; pools that libvirt does not know are left out. */
async function readPoolTargets(virsh: Virsh, pools: ReadonlySet<string>): Promise<Result<Map<string, string>>> {
	const names = [...pools];
	const answers = names.length === 0 ? succeed([]) : await virsh.ask(names.map(name => ['pool-dumpxml', '--pool', name]));
	if (!answers.ok) {
		return answers;
	}

	return succeed(new Map(names.flatMap((name, index) => {
		const answer = answers.value[index]!;
		const pool = answer.ok ? readXml(answer.value, 'The XML of a pool', ['pool']) : answer;
		const folder = pool.ok && folderPools.has(attributeOf(pool.value, 'type') ?? '') ? textOf(childOf(pool.value, 'target', 'path')) : undefined;
		return folder?.startsWith('/') ? [[name, folder] as const] : [];
	})));
}

type Found = {path: string; kind: 'file' | 'block' | undefined};

/** Undefined where it tells of no path. */
function parseVolume(xml: string): Found | undefined {
	const volume = readXml(xml, 'The XML of a volume', ['volume']);
	const path = volume.ok ? textOf(childOf(volume.value, 'target', 'path')) : undefined;
	const type = volume.ok ? attributeOf(volume.value, 'type') : undefined;
	return path === undefined || path === '' ? undefined : {path, kind: type === 'file' || type === 'block' ? type : undefined};
}

/** Asks for each volume once. Fails only where the host cannot be asked: a volume that libvirt does not find, or whose pool is off, has an unknown source. */
export async function readVolumePaths(virsh: Virsh, definitions: ReadonlyArray<DomainDefinition | undefined>): Promise<Result<VolumePaths>> {
	const disks = definitions.flatMap(definition => definition?.disks ?? []);
	const volumes = new Map(disks.flatMap(({sourceVolume, sourcePath}) => sourceVolume && sourcePath === undefined ? [[keyOf(sourceVolume), sourceVolume]] : []));
	const answers = volumes.size === 0
		? succeed([])
		: await virsh.ask([...volumes.values()].map(({pool, volume}) => ['vol-dumpxml', '--pool', pool, '--vol', volume]));
	if (!answers.ok) {
		return answers;
	}

	const found = new Map<string, Found>();
	const reasons = new Map<string, string>();
	for (const [index, key] of [...volumes.keys()].entries()) {
		const answer = answers.value[index]!;
		const volume = answer.ok ? parseVolume(answer.value) : undefined;
		if (volume === undefined) {
			reasons.set(key, answer.ok ? 'virsh gave no path' : reasonOf(answer.failure));
		} else {
			found.set(key, volume);
		}
	}

	const lost = new Map([...volumes].filter(([key]) => reasons.has(key)));
	const targets = await readPoolTargets(virsh, new Set([...lost.values()].map(({pool}) => pool)));
	if (!targets.ok) {
		return targets;
	}

	for (const [key, {pool, volume}] of lost) {
		const target = targets.value.get(pool);
		if (target !== undefined) {
			found.set(key, {path: posix.join(target, volume), kind: 'file'});
		}
	}

	const withPath = (disk: Disk): Disk => {
		const volume = disk.sourceVolume && found.get(keyOf(disk.sourceVolume));
		return volume === undefined ? disk : {...disk, sourcePath: volume.path, sourceVolume: {...disk.sourceVolume!, ...(volume.kind && {kind: volume.kind})}};
	};

	const describe = (domain: string, {target, sourceType, sourcePath, sourceVolume}: Disk): UnknownSource => sourceVolume === undefined
		? {
			reason: `its disk ${target} is on ${sourcePath === undefined ? `a source of the type ${sourceType}` : `"${sourcePath}"`}, whose whole path is not known`,
			remedy: `Name the file by its absolute path (virsh edit ${quoteForTerminal(domain)}; in the record of a snapshot: virsh snapshot-edit ${quoteForTerminal(domain)} SNAPSHOT), then try again.`,
		}
		: {
			reason: `its disk ${target} is the volume ${sourceVolume.volume} of the pool ${sourceVolume.pool}, whose path is not known: ${reasons.get(keyOf(sourceVolume)) ?? 'it is not a file'}`,
			remedy: `Make it known to libvirt (virsh pool-define, where there is no such pool; virsh pool-start ${quoteForTerminal(sourceVolume.pool)}, virsh pool-refresh ${quoteForTerminal(sourceVolume.pool)}), then try again.`,
		};

	return succeed({
		withPaths: definition => found.size === 0 ? definition : definition && {...definition, disks: definition.disks.map(disk => withPath(disk))},
		unknownSources(all) {
			const sources = all.flatMap(definition => definition?.disks.filter(disk => hasUnknownSource(disk)).map(disk => describe(definition.name, disk)) ?? []);
			return [...new Map(sources.map(source => [source.reason, source])).values()];
		},
	});
}
