/**
`vsnap-tui tree`: the snapshots, checkpoints and images of one domain. The names in its JSON are a contract.
*/
import {describeProblem, holdingsOf, ownImages, type ImageHolding} from '../model/images/describe-images.ts';
import {describeHealth, ownerOf, summariseCheckpoint} from '../model/text/describe-checkpoint.ts';
import {formatBytes, formatTime, timeZoneName, formatMoment} from '../model/text/format.ts';
import {isDenied, usedBytes} from '../model/images/image.ts';
import type {DomainDetails, HostFacts} from '../model/domain/inventory.ts';
import {conditionOf, frozenPath, type Condition, type Snapshot} from '../model/domain/snapshot.ts';
import {permissionRemedy} from '../model/images/unreadable-image.ts';
import {isAdoptable, unrecordedTags} from '../model/images/unrecorded-tags.ts';
import {stateWord} from '../model/domain/state-word.ts';
import {makeVisible} from '../model/text/visible-text.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {findDomain} from './find-domain.ts';
import {formatTable} from './table.ts';
import {treeLines} from './tree-lines.ts';

/** How good the state is that a snapshot keeps. */
const conditionWords: Record<Condition, string> = {
	off: 'off', 'crash-consistent': 'crash-consistent', frozen: 'file systems frozen', memory: 'with memory', unknown: 'unknown state',
};

const isoTime = (seconds: number) => new Date(seconds * 1000).toISOString();

/** Only images that this domain has to do with. */
function concerned(details: DomainDetails): ImageHolding[] {
	const own = new Set(ownImages(details).map(image => image.path));
	return holdingsOf(details).filter(({image}) => own.has(image.path));
}

function snapshotJson(snapshot: Snapshot) {
	return {
		name: snapshot.name,
		parent: snapshot.parent ?? null,
		current: snapshot.isCurrent,
		state: snapshot.state,
		condition: conditionOf(snapshot),
		createdAt: isoTime(snapshot.createdAt),
		description: snapshot.description ?? '',
		memory: snapshot.memory.mode,
		disks: snapshot.disks.map(disk => ({
			name: disk.target,
			mode: disk.mode,
			frozen: frozenPath(snapshot, disk.target) ?? null,
			overlay: (snapshot.revertDisks.find(candidate => candidate.target === disk.target) ?? disk).overlayPath ?? null,
		})),
	};
}

function pictureJson(details: DomainDetails, host: HostFacts) {
	const {domain} = details;
	return {
		domain: {name: domain.name, uuid: domain.uuid, state: domain.state, owner: host.hypervisor},
		snapshots: details.snapshots.map(snapshot => snapshotJson(snapshot)),
		checkpoints: details.checkpoints.map(checkpoint => ({
			name: checkpoint.name,
			parent: checkpoint.parent ?? null,
			createdAt: isoTime(checkpoint.createdAt),
			disks: checkpoint.disks.filter(disk => disk.bitmap !== undefined).map(disk => ({name: disk.target, bitmap: disk.bitmap})),
		})),
		images: concerned(details).map(({image, all}) => ({
			path: image.path,
			format: image.format ?? null,
			backing: image.backingPath ?? null,
			virtualSize: image.virtualSizeBytes,
			allocated: image.allocatedBytes,
			pins: [...new Set(all.map(pin => pin.label))],
			problems: image.problems.map(problem => describeProblem(problem)),
		})),
		unrecorded: unrecordedTags(details).map(({tag, createdAt, targets}) => ({name: tag, createdAt: createdAt === undefined ? null : isoTime(createdAt), disks: targets})),
		unreadable: details.unreadable,
		unreadableOthers: details.unreadableOthers,
		...(details.filesElsewhere && {imagesNotRead: details.filesElsewhere.text}),
	};
}

function imageLines(details: DomainDetails): string[] {
	return formatTable(concerned(details).map(({image, direct, all}) => [
		` ${image.path}`,
		image.format ?? '?',
		usedBytes(image) === undefined ? '-' : formatBytes(image.allocatedBytes),
		direct.length > 0
			? direct.map(pin => pin.label).join(', ')
			: (all.length > 0 ? `under ${all.length === 1 ? all[0]!.label : `${all.length} others`}` : 'needed by nothing known'),
		image.problems.filter(problem => !isDenied(problem)).map(problem => describeProblem(problem)).join('; '),
	]));
}

function checkpointLines(details: DomainDetails, isAscii: boolean): string[] {
	const {checkpoints} = details;
	const lines = treeLines(checkpoints, isAscii, checkpoint => [
		formatTime(checkpoint.createdAt), describeHealth(summariseCheckpoint(details, checkpoint)), [checkpoint.description ?? '', ownerOf(checkpoint.name)].filter(text => text !== '').join(', '),
	]);
	return checkpoints.length === 0 ? [] : ['', `Checkpoints (${checkpoints.length})`, ...lines];
}

function pictureLines(details: DomainDetails, isAscii: boolean): string[] {
	const {domain, snapshots, checkpoints} = details;
	const images = imageLines(details);
	return [
		`${makeVisible(domain.name)}  ${stateWord(domain.state)}  ${domain.uuid}`,
		'',
		`Snapshots (${snapshots.length})${snapshots.length + checkpoints.length === 0 ? '' : `, times in ${timeZoneName()}`}`,
		...treeLines(snapshots, isAscii, snapshot => [
			formatTime(snapshot.createdAt),
			conditionWords[conditionOf(snapshot)],
			snapshot.isCurrent ? '<- you are here' : '',
			snapshot.description ?? '',
		]),
		...unrecordedTags(details).map(found => ` ${makeVisible(found.tag)}: inside ${found.targets.join(', ')}${found.createdAt === undefined ? '' : ` since ${formatMoment(found.createdAt)}`}${found.hasMemory ? ', with memory' : ''}, not recorded (${isAdoptable(found) ? 'vsnap-tui doctor can record it' : 'see vsnap-tui doctor'})`),
		...details.unreadable.map(({name, reason}) => ` ${makeVisible(name)}: unreadable, ${reason}`),
		...checkpointLines(details, isAscii),
		'',
		...(details.filesElsewhere === undefined
			? [`Images (${images.length})`, ...images]
			: ['Images', ` not read. ${details.filesElsewhere.text}`, ` ${details.filesElsewhere.remedy}`]),
		...(concerned(details).some(({image}) => image.problems.some(problem => isDenied(problem)))
			? ['', `This user may not open some of these images, so their sizes and backing files are not known. ${permissionRemedy}`]
			: []),
		...(details.unreadableOthers.length === 0
			? []
			: ['', 'Not known to this program, because it cannot be read, is which of these images is also needed by:', ...details.unreadableOthers.map(({name, reason}) => ` ${makeVisible(name)}: ${reason}`)]),
	];
}

export async function showTree(context: CommandContext, name: string): Promise<number> {
	const {host} = context.world;
	const domain = await findDomain(host, name);
	if (!domain.ok) {
		return sayFailure(context, domain.failure);
	}

	const details = await host.readDetails(domain.value.uuid, {withForeignPins: true});
	if (!details.ok) {
		return sayFailure(context, details.failure);
	}

	if (!context.isJson) {
		sayLines(context, pictureLines(details.value, context.isAscii));
		return 0;
	}

	const facts = await host.readHost();
	if (!facts.ok) {
		return sayFailure(context, facts.failure);
	}

	sayJson(context, pictureJson(details.value, facts.value));
	return 0;
}
