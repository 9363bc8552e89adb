/**
How a snapshot is made, decided by what is asked for: one table of 25 rows, read from the top. Where the libvirt that runs goes another way
is told beside it; the table itself knows neither host nor disks.
*/

type MemoryAnswer = '-' | 'no' | 'internal' | 'external';
/** The mode of the disks that take part. `mixed`: some internal, some external. */
export type DiskAnswer = '-' | 'no' | 'internal' | 'external' | 'mixed';

/** What is asked for; '-' means left out. */
export type Answers = {
	isActive: boolean;
	memory: MemoryAnswer;
	disk: DiskAnswer;
	isDiskOnly: boolean;
	/** Whether somebody else takes care of a disk (`manual`). Such a disk takes no part. */
	isManual?: boolean;
};

/** `default`: each disk as its definition says, else external. */
export type SnapshotMethod = {memory: 'no' | 'internal' | 'external'; disk: 'no' | 'internal' | 'external' | 'default'; by: 'qemu-img' | 'savevm' | 'transaction' | 'migrate' | 'migrate and transaction'};

type Refusal = {reason: string; instead: string};

/** `row` is undefined only where the table has no row for what is asked. */
export type Decision =
	| {kind: 'method'; row: number; method: SnapshotMethod; reason: string}
	| ({kind: 'refused'; row: number | undefined} & Refusal);

type Result = {method: SnapshotMethod; reason: string} | Refusal;

const inImages: Result = {
	method: {memory: 'no', disk: 'internal', by: 'qemu-img'},
	reason: 'The domain is off, so there is no memory to save, and its disks are frozen inside their images.',
};
const offOverlay: Result = {
	method: {memory: 'no', disk: 'external', by: 'qemu-img'},
	reason: 'The domain is off: its images are frozen, and it continues on new overlays.',
};
const savevm: Result = {
	method: {memory: 'internal', disk: 'internal', by: 'savevm'},
	reason: 'The memory of the guest and its disks are saved inside the images.',
};

function overlays(disk: 'default' | 'external'): Result {
	return {method: {memory: 'no', disk, by: 'transaction'}, reason: 'Only the disks: they are frozen at one moment, and the guest continues on new overlays.'};
}

function migrated(disk: 'default' | 'external'): Result {
	return {
		method: {memory: 'external', disk, by: 'migrate and transaction'},
		reason: 'The memory is saved in its own file, the disks are frozen at the same moment, and the guest continues on new overlays.',
	};
}

const memoryAlone: Result = {
	method: {memory: 'external', disk: 'no', by: 'migrate'},
	reason: 'The memory is saved in its own file; no disk takes part.',
};
const offNothing: Result = {
	reason: 'The domain is off and no disk takes part: there is nothing to snapshot.',
	instead: 'Include at least one disk, or leave --disk out.',
};
const offMemory: Result = {
	reason: 'The domain is off: it has no memory to save.',
	instead: 'Leave --memory out, or start the domain first.',
};
const noInternal: Result = {
	reason: 'The memory of the guest would be saved inside an image without any disk: that is not possible.',
	instead: 'Ask for the disks alone (--disk-only), or for memory in a file (--memory external).',
};
const onNothing: Result = {
	reason: 'Neither memory nor a disk takes part: there is nothing to snapshot.',
	instead: 'Include at least one disk, or leave --disk out.',
};
const liveInternal: Result = {
	reason: 'The disks of a running guest cannot be frozen inside their images without its memory.',
	instead: 'Ask for --memory internal (without --disk-only), or for external disks.',
};
const contradiction: Result = {
	reason: '--disk-only leaves memory out, but --memory asks for it.',
	instead: 'Leave one of the two out.',
};
const needsInternal: Result = {
	reason: 'Memory inside an image needs the disks inside their images too.',
	instead: 'Ask for internal disks, or for memory in a file (--memory external).',
};
const needsExternal: Result = {
	reason: 'Memory in a file and disks inside their images cannot be mixed.',
	instead: 'Ask for external disks, or for --memory internal.',
};

/** Domain, memory, disk, disk-only, result. Several answers in one field are parted by "/", and "any" is each of them. */
type Row = readonly ['off' | 'on', string, string, 'any' | 'yes' | 'no', Result];

/** Row 1 first. The number of a row is for programs and tests: people are told its reason. */
const table: readonly Row[] = [
	['off', '-', '-', 'any', inImages],
	['off', 'no', '-', 'any', inImages],
	['off', '-/no', 'no', 'any', offNothing],
	['off', '-/no', 'internal', 'any', inImages],
	['off', '-/no', 'external', 'any', offOverlay],
	['off', 'internal/external', 'any', 'any', offMemory],
	['on', '-', '-', 'no', savevm],
	['on', '-', '-', 'yes', overlays('default')],
	['on', '-', 'no/external', 'no', noInternal],
	['on', '-', 'no', 'yes', onNothing],
	['on', '-', 'external', 'yes', overlays('external')],
	['on', '-', 'internal', 'no', savevm],
	['on', '-', 'internal', 'yes', liveInternal],
	['on', 'no', '-', 'any', overlays('default')],
	['on', 'no', 'no', 'any', onNothing],
	['on', 'no', 'internal', 'any', liveInternal],
	['on', 'no', 'external', 'any', overlays('external')],
	['on', 'internal/external', 'any', 'yes', contradiction],
	['on', 'internal', '-', 'no', savevm],
	['on', 'internal', 'no/external', 'no', needsInternal],
	['on', 'internal', 'internal', 'no', savevm],
	['on', 'external', '-', 'no', migrated('default')],
	['on', 'external', 'no', 'no', memoryAlone],
	['on', 'external', 'internal', 'no', needsExternal],
	['on', 'external', 'external', 'no', migrated('external')],
];

function fits([domain, memories, disks, diskOnly]: Row, {isActive, memory, disk, isDiskOnly}: Answers): boolean {
	const isOneOf = (field: string, answer: string) => field === 'any' || field.split('/').includes(answer);
	return isOneOf(domain, isActive ? 'on' : 'off') && isOneOf(memories, memory) && isOneOf(disks, disk) && isOneOf(diskOnly, isDiskOnly ? 'yes' : 'no');
}

/** Which row answers, what it says, and why. */
export function decide(answers: Answers): Decision {
	const index = table.findIndex(row => fits(row, answers));
	const row = table[index];
	if (row === undefined) {
		return {
			kind: 'refused',
			row: undefined,
			reason: 'Internal and external disks cannot be mixed in one snapshot: neither libvirt nor QEMU could revert to it or delete it.',
			instead: 'Ask for the same mode for all disks that take part.',
		};
	}

	const result = row[4];
	return 'method' in result
		? {kind: 'method', row: index + 1, ...result}
		: {kind: 'refused', row: index + 1, ...result};
}

/** What depends on the host: planner/hypervisor/capabilities.ts. */
type HostWays = {goesByTable: boolean; externalOfflineSnapshots: boolean; manualAlone: boolean};

/** Rows for which no disk takes part and no memory is asked for. */
const rowsWithoutAnything = new Set<number | undefined>([3, 9, 10, 15]);

function decideManual(decision: Extract<Decision, {kind: 'refused'}>, {isActive}: Answers, can: HostWays): Decision {
	if (!rowsWithoutAnything.has(decision.row)) {
		return decision;
	}

	return can.manualAlone
		? {
			kind: 'method',
			row: decision.row!,
			method: {memory: 'no', disk: 'no', by: isActive ? 'transaction' : 'qemu-img'},
			reason: 'The disks are left to you: libvirt only records the snapshot.',
		}
		: {...decision, reason: `${decision.reason} A snapshot of only manual disks needs libvirt 11.9 or newer.`};
}

/**
The same on this host: the way that the running libvirt goes, and in words where that is another one than the table's. Nothing is refused that the table allows:
what libvirt only wants to be asked for in other words is asked for so.
*/
export function decideOn(answers: Answers, can: HostWays): {decision: Decision; differences: string[]} {
	const decision = decide(answers);
	if (can.goesByTable) {
		return {decision, differences: []};
	}

	if (decision.kind === 'refused') {
		const manual = answers.isManual ? decideManual(decision, answers, can) : decision;
		return {decision: manual, differences: manual.kind === 'method' ? ['No disk takes part by itself: libvirt 11.9 and newer allow a snapshot of manual disks alone.'] : []};
	}

	const {isDiskOnly} = answers;
	switch (decision.row) {
		case 1:
		case 2: {
			return isDiskOnly
				? {
					decision: {
						...decision,
						method: {memory: 'no', disk: 'default', by: 'qemu-img'},
						reason: 'The domain is off, and --disk-only means external disks to libvirt: its images are frozen.',
					},
					differences: ['A snapshot of a domain that is off is internal by default; with --disk-only libvirt makes it external, and so does vsnap-tui.'],
				}
				: {decision, differences: []};
		}

		case 5: {
			return isDiskOnly || can.externalOfflineSnapshots
				? {decision, differences: []}
				: {decision, differences: ['This version of libvirt requires --disk-only for external disks of a domain that is off; vsnap-tui uses qemu-img and does not need it. The record is the same.']};
		}

		case 14:
		case 17: {
			return isDiskOnly
				? {decision, differences: []}
				: {decision, differences: ['libvirt leaves out the memory of a running guest only with "disk only", so that is used.']};
		}

		default: {
			return {decision, differences: []};
		}
	}
}
