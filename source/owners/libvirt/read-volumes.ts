/**
The paths of disks that are given as volumes of storage pools (`<disk type='volume'>`): only libvirt knows where a pool is.
*/
import {hasUnknownSource, type Disk, type DomainDefinition} from '../../model/domain.ts';
import {succeed, type Result} from '../../model/result.ts';
import {reasonOf, type Virsh} from './virsh.ts';

type Volume = NonNullable<Disk['sourceVolume']>;

export type VolumePaths = {
	/** The definition with the paths of its volumes; the type of the disks stays `volume`. */
	withPaths<T extends DomainDefinition | undefined>(definition: T): T;
	/** In words, for each disk that may be any file of the host; empty: every source is known. */
	unknownSources(definitions: ReadonlyArray<DomainDefinition | undefined>): string[];
};

const keyOf = ({pool, volume}: Volume) => JSON.stringify([pool, volume]);

/** Asks for each volume once. Fails only where the host cannot be asked: a volume that libvirt does not find, or whose pool is off, has an unknown source. */
export async function readVolumePaths(virsh: Virsh, definitions: ReadonlyArray<DomainDefinition | undefined>): Promise<Result<VolumePaths>> {
	const disks = definitions.flatMap(definition => definition?.disks ?? []);
	const volumes = new Map(disks.flatMap(({sourceVolume, sourcePath}) => sourceVolume && sourcePath === undefined ? [[keyOf(sourceVolume), sourceVolume]] : []));
	const answers = volumes.size === 0
		? succeed([])
		: await virsh.ask([...volumes.values()].map(({pool, volume}) => ['vol-path', '--pool', pool, '--vol', volume]));
	if (!answers.ok) {
		return answers;
	}

	const paths = new Map<string, string>();
	const reasons = new Map<string, string>();
	for (const [index, key] of [...volumes.keys()].entries()) {
		const answer = answers.value[index]!;
		const path = answer.ok ? answer.value.replace(/\n$/, '') : '';
		if (path === '') {
			reasons.set(key, answer.ok ? 'virsh gave no path' : reasonOf(answer.failure));
		} else {
			paths.set(key, path);
		}
	}

	const withPath = (disk: Disk): Disk => {
		const sourcePath = disk.sourceVolume && paths.get(keyOf(disk.sourceVolume));
		return sourcePath === undefined ? disk : {...disk, sourcePath};
	};

	const inWords = ({target, sourceType, sourceVolume}: Disk) => sourceVolume === undefined
		? `its disk ${target} has a source of the type ${sourceType}, of which no file is known`
		: `its disk ${target} is the volume ${sourceVolume.volume} of the pool ${sourceVolume.pool}, whose path is not known: ${reasons.get(keyOf(sourceVolume)) ?? 'it is no file'}`;

	return succeed({
		withPaths: definition => definition && {...definition, disks: definition.disks.map(disk => withPath(disk))},
		unknownSources: all => [...new Set(all.flatMap(definition => definition?.disks ?? []).filter(disk => hasUnknownSource(disk)).map(disk => inWords(disk)))],
	});
}
