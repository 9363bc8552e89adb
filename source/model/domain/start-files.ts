/**
What a definition names that a start of the domain opens besides the images of its disks: media in drives, kernel, firmware, secrets. libvirt refuses to
start a domain of which one is missing, and by then the guest that ran before is gone.
*/
import type {BootFile, Disk, DomainDefinition, SecretName} from './domain.ts';
import type {MissingForStart} from './inventory.ts';

export const nothingMissing: MissingForStart = {files: new Set(), secrets: new Set()};

/** "11111111-…", or "usage iscsi NAME". */
export function describeSecret(secret: SecretName): string {
	return 'uuid' in secret ? secret.uuid.toLowerCase() : `usage ${secret.usageType} ${secret.usage}`;
}

/** Drives whose medium can be taken out; a hard disk cannot be without its image. */
export function isDrive(disk: Disk): boolean {
	return disk.device === 'cdrom' || disk.device === 'floppy';
}

/** Paths on the host, each once. A source in the network is not looked at. */
export function startPaths(definition: DomainDefinition): string[] {
	const disks = definition.disks.filter(disk => disk.sourceType !== 'network' && !disk.isOptional).flatMap(({sourcePath}) => sourcePath ?? []);
	return [...new Set([...disks, ...(definition.bootFiles ?? []).map(({path}) => path), ...(definition.nvramPath === undefined ? [] : [definition.nvramPath])])]
		.filter(path => path.startsWith('/'));
}

export type Lost = {
	/** Drives whose medium is gone. */
	media: Disk[];
	/** Other disks whose source is gone. */
	disks: Disk[];
	bootFiles: BootFile[];
	/** In the words of `describeSecret`. */
	secrets: string[];
	/** Likewise: defined, and without a value. */
	valueless: string[];
};

/**
What keeps a domain with this definition from starting. libvirt leaves out a source with `startupPolicy='optional'` by itself (9.0), and reads the template of
the firmware's variables only where their own file is not there yet.
*/
export function lostToStart(definition: DomainDefinition, missing: MissingForStart = nothingMissing): Lost {
	const isMissing = (path: string | undefined) => path !== undefined && missing.files.has(path);
	const lost = definition.disks.filter(disk => disk.sourceType !== 'network' && !disk.isOptional && isMissing(disk.sourcePath));
	const secrets = [...new Set((definition.secrets ?? []).map(secret => describeSecret(secret)))];
	return {
		media: lost.filter(disk => isDrive(disk)),
		disks: lost.filter(disk => !isDrive(disk)),
		bootFiles: (definition.bootFiles ?? []).filter(({what, path}) => isMissing(path) && (what !== 'NVRAM template' || isMissing(definition.nvramPath))),
		secrets: secrets.filter(secret => missing.secrets.has(secret)),
		valueless: secrets.filter(secret => missing.valueless?.has(secret)),
	};
}

export function isStartable(lost: Lost): boolean {
	return Object.values(lost).every(found => found.length === 0);
}
