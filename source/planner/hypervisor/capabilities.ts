/**
What the hypervisor of a host can do, each fact of a version once: since which version, and how it shows. Nobody else compares versions.
*/
import type {HostFacts} from '../../model/domain/inventory.ts';
import type {MemoryFormat} from '../../model/domain/memory-format.ts';
import {formatVersion, versionNumber} from '../../model/text/format.ts';

/** What follows from the kind of the hypervisor alone, and so is known from a plan as well. */
type KindFacts = {
	/** The ways to make a snapshot are those of the decision table; libvirt goes some of them another way, or wants to be asked in other words. */
	goesByTable: boolean;
	/** A snapshot of a running domain is recorded by libvirt, and dated with the moment at which it begins. Our own records are dated with the time of the plan. */
	recordsRunning: boolean;
	/** A domain can be started with an empty drive in place of a lost medium. A standalone QEMU is started with its own command line, which is not changed for that. */
	emptiesDrives: boolean;
	/** Images belong to QEMU's user while the domain runs, and go back to their owners when it stops. A standalone QEMU changes no owners. */
	changesOwners: boolean;
	/** Memory inside the images can be gone back to only with all disks that the guest can write. libvirt's records of such snapshots have them all. */
	resumesWithAllDisks: boolean;
	/** A disk can be declared transient, and is left out then. A standalone QEMU whose disks are was started with `-snapshot`. */
	hasTransientDisks: boolean;
	/** virsh can work on its snapshots, too, in its own way. */
	isKnownToVirsh: boolean;
	/** A bitmap may be called otherwise than its checkpoint. libvirt's format has a name for each, and its driver for QEMU refuses every other (9.0). */
	namesBitmaps: boolean;
	/** The merge of images that a running QEMU has open takes bitmaps along: libvirt tells QEMU to. By itself QEMU does not. */
	carriesBitmaps: boolean;
	/** It knows the passphrases of encrypted images, and tells them to QEMU's programs. */
	opensEncrypted: boolean;
	/** While nothing is recorded of it a domain is known by its process alone, and not at all once that has ended. */
	vanishesWithProcess: boolean;
};

export type Capabilities = KindFacts & {
	/**
	Since libvirt 9.9: its own revert unlinks what the record of the current snapshot names as overlays, crashes where external snapshots exist and none is current
	(R3), and puts left-out disks on overlays as well. Its own delete no longer merges into an image that another branch is backed by.
	*/
	revertUnlinksRecordedOverlays: boolean;
	/** The record of the current snapshot has to name the heads, because libvirt acts on it (as above). The records of a standalone QEMU are kept as the newest libvirt wants them. */
	currentNamesHeads: boolean;
	/** Snapshot records can be changed and made beside checkpoints. Seen on libvirt 11.3; 10.0 refuses. Nothing in between was tried, so it counts as refusing. */
	redefinesBesideCheckpoints: boolean;
	/** Since libvirt 10.9: memory can be saved inside an image although there is NVRAM, whose qcow2 file gets an internal snapshot as well. */
	savesNvramInside: boolean;
	/** Since libvirt 10.10: offline internal snapshots, reverts and deletes take NVRAM in a qcow2 file along, too. 10.9 forgets the file there. */
	takesNvramAlong: boolean;
	/** Since QEMU 8.2: the migration transport `file:`. Before that, memory goes through a shell (`exec:`). */
	migratesToFile: boolean;
	/** Since QEMU 10.0: a guest that was resumed paused keeps its images inactive until it runs for the first time. */
	activatesLate: boolean;
	/** Seen on QEMU 11.1, and not there in 10.0: where what the guest writes over cannot be kept, whoever reads an export gets the error and not the guest. */
	sparesGuestOfCopies: boolean;
	/** The most images a chain may have. libvirt starts no domain on more than 200, and on no more than 25 from 10.8 up to 11.10. QEMU alone has no limit of its own; more than 200 was never tried. */
	deepestChain: number;
	/** Since libvirt 9.9: one disk that is asked to be external is enough to make all of a domain that is off so. Before, it wants to hear `--disk-only`. */
	externalOfflineSnapshots: boolean;
	/** Since libvirt 11.9: a snapshot of manual disks alone. It stops the guest's writes and records the moment. */
	manualAlone: boolean;
	/** Why this libvirt cannot resume from memory of that kind, as the end of a sentence; undefined: it can. A newer one wrote the file. */
	refusesMemory: (format: MemoryFormat) => string | undefined;
};

export function kindFactsOf(kind: HostFacts['hypervisor']): KindFacts {
	const isStandalone = kind === 'qemu';
	return {
		goesByTable: isStandalone,
		recordsRunning: !isStandalone,
		emptiesDrives: !isStandalone,
		changesOwners: !isStandalone,
		resumesWithAllDisks: isStandalone,
		hasTransientDisks: !isStandalone,
		isKnownToVirsh: !isStandalone,
		namesBitmaps: isStandalone,
		carriesBitmaps: !isStandalone,
		opensEncrypted: !isStandalone,
		vanishesWithProcess: isStandalone,
	};
}

export function capabilitiesOf({hypervisor, libvirtVersion: libvirt, hypervisorVersion: qemu}: Pick<HostFacts, 'hypervisor' | 'libvirtVersion' | 'hypervisorVersion'>): Capabilities {
	const isStandalone = hypervisor === 'qemu';
	const since = (major: number, minor: number) => !isStandalone && libvirt >= versionNumber(major, minor);
	return {
		...kindFactsOf(hypervisor),
		revertUnlinksRecordedOverlays: since(9, 9),
		currentNamesHeads: isStandalone || since(9, 9),
		redefinesBesideCheckpoints: isStandalone || since(11, 3),
		savesNvramInside: since(10, 9),
		takesNvramAlong: since(10, 10),
		migratesToFile: qemu >= versionNumber(8, 2),
		activatesLate: qemu >= versionNumber(10, 0),
		sparesGuestOfCopies: qemu >= versionNumber(11, 1),
		deepestChain: since(10, 8) && !since(11, 11) ? 25 : 200,
		externalOfflineSnapshots: since(9, 9),
		manualAlone: since(11, 9),
		refusesMemory: ({name, since: first}) => first === undefined || libvirt >= first
			? undefined
			: `its memory is ${name}, which needs libvirt ${formatVersion(first)} or newer, and this is ${formatVersion(libvirt)}`,
	};
}
