/**
Which images a domain holds, by its definitions and its snapshot records (design 2.2).

An external snapshot pins the image that it froze, which its own `<domain>` names; never its overlay. An internal snapshot lies inside its image, so
the file must stay though it may be written to. Memory files and NVRAM go with what they belong to.
*/
import {isWritableMedium, type Disk, type Domain} from './domain.ts';
import type {Pin} from './inventory.ts';
import type {Snapshot} from './snapshot.ts';

type Holder = {uuid: string; name: string};

function diskPin(disk: Disk, holder: Holder, given: {hold: Pin['hold']; label: string; snapshot: string | undefined}): Pin[] {
	return disk.sourcePath === undefined
		? []
		: [{path: disk.sourcePath, hold: given.hold, domainUuid: holder.uuid, label: given.label, snapshot: given.snapshot, target: disk.target}];
}

function headPins(domain: Domain): Pin[] {
	const pins = [domain.liveDefinition, domain.definition].flatMap(definition => definition === undefined
		? []
		: [
			...definition.disks.flatMap(disk => isWritableMedium(disk)
				? diskPin(disk, domain, {hold: 'head', label: `head of ${domain.name}`, snapshot: undefined})
				: diskPin(disk, domain, {hold: 'content', label: `medium of ${domain.name}`, snapshot: undefined})),
			...filePin(definition.nvramPath, domain, {label: `firmware variables of ${domain.name}`, hold: 'existence', snapshot: undefined}),
		]);
	const seen = new Set<string>();
	return pins.filter(pin => {
		const identity = `${pin.hold}\0${pin.target}\0${pin.path}`;
		const isNew = !seen.has(identity);
		seen.add(identity);
		return isNew;
	});
}

function filePin(path: string | undefined, holder: Holder, given: {label: string; hold: Pin['hold']; snapshot: string | undefined}): Pin[] {
	return path === undefined ? [] : [{path, domainUuid: holder.uuid, target: undefined, ...given}];
}

function snapshotPins(snapshot: Snapshot, domain: Holder): Pin[] {
	const label = `snapshot ${snapshot.name} of ${domain.name}`;
	const pins = snapshot.memory.mode === 'external'
		? filePin(snapshot.memory.path, domain, {label: `memory of ${label}`, hold: 'content', snapshot: snapshot.name})
		: [];
	for (const disk of snapshot.domain?.disks ?? []) {
		const mode = snapshot.disks.find(recorded => recorded.target === disk.target)?.mode;
		if (mode === 'external' || mode === 'internal') {
			pins.push(...diskPin(disk, domain, {hold: mode === 'external' ? 'content' : 'existence', label, snapshot: snapshot.name}));
		}
	}

	return pins;
}

/** Everything that this domain holds: its heads (live and for the next start), its media, and what each of its snapshots kept. */
export function pinsOfDomain(domain: Domain, snapshots: readonly Snapshot[]): Pin[] {
	return [...headPins(domain), ...snapshots.flatMap(snapshot => snapshotPins(snapshot, domain))];
}
