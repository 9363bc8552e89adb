/**
`vsnap-tui checkpoint list` and `show`: the checkpoints of a domain, whether a backup can start from each, and how much it would copy. The names in the JSON are a
contract.
*/
import {hasProcess} from '../model/domain/domain.ts';
import type {DomainDetails} from '../model/domain/inventory.ts';
import type {Checkpoint} from '../model/domain/snapshot.ts';
import {withDescendants} from '../model/domain/tree.ts';
import {fail, succeed, type Result} from '../model/result.ts';
import {
	describeHealth, describeNextBackup, formatSince, healthWords, ownerOf, summariseCheckpoint, type SizeSince, type CheckpointSummary,
} from '../model/text/describe-checkpoint.ts';
import {formatMomentWithAge, formatTime} from '../model/text/format.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {findDomain} from './find-domain.ts';
import {formatTable} from './table.ts';
import {treeLines} from './tree-lines.ts';

type ListedCheckpoint = CheckpointSummary & {children: string[]; descendants: string[]};

function tell(details: DomainDetails, checkpoint: Checkpoint): ListedCheckpoint {
	const {checkpoints} = details;
	return {
		...summariseCheckpoint(details, checkpoint),
		children: checkpoints.filter(({parent}) => parent === checkpoint.name).map(({name}) => name),
		descendants: [...withDescendants(checkpoints, checkpoint.name)].filter(name => name !== checkpoint.name),
	};
}

function checkpointJson({checkpoint, disks: diskFacts, size, children, descendants}: ListedCheckpoint) {
	const {name, description, parent, createdAt, disks} = checkpoint;
	return {
		name,
		description: description ?? null,
		parent: parent ?? null,
		children,
		descendants,
		createdAt: new Date(createdAt * 1000).toISOString(),
		size: size?.bytes ?? null,
		disks: disks.map(disk => ({
			name: disk.target, bitmap: disk.bitmap ?? null, health: diskFacts.find(({target}) => target === disk.target)?.health ?? null, size: disk.sizeBytes ?? null,
		})),
	};
}

const sizeText = (size: SizeSince | undefined) => size === undefined ? '' : `${formatSince(size)} since`;

async function readDetails({world: {host}}: CommandContext, name: string): Promise<Result<DomainDetails>> {
	const domain = await findDomain(host, name);
	return domain.ok ? host.readDetails(domain.value.uuid, {withForeignPins: false}) : domain;
}

/** Gives the exit code. */
export async function listCheckpoints(context: CommandContext, name: string): Promise<number> {
	const details = await readDetails(context, name);
	if (!details.ok) {
		return sayFailure(context, details.failure);
	}

	const {domain, checkpoints} = details.value;
	if (context.isJson) {
		sayJson(context, {domain: {name: domain.name, uuid: domain.uuid, state: domain.state}, checkpoints: checkpoints.map(checkpoint => checkpointJson(tell(details.value, checkpoint)))});
	} else if (checkpoints.length === 0) {
		sayLines(context, [`"${domain.name}" has no checkpoints. vsnap-tui checkpoint create makes one.`]);
	} else {
		sayLines(context, treeLines(checkpoints, context.isAscii, checkpoint => {
			const facts = summariseCheckpoint(details.value, checkpoint);
			return [
				formatTime(checkpoint.createdAt), facts.disks.map(({target}) => target).join(' '), sizeText(facts.size), describeHealth(facts), [checkpoint.description ?? '', ownerOf(checkpoint.name)].filter(text => text !== '').join(', '),
			];
		}));
	}

	return 0;
}

function findIn({domain, checkpoints}: DomainDetails, name: string): Result<Checkpoint> {
	const found = checkpoints.find(checkpoint => checkpoint.name === name);
	return found === undefined ? fail({kind: 'checkpoint-not-found', domain: domain.name, name, known: checkpoints.map(checkpoint => checkpoint.name)}) : succeed(found);
}

/** `isXml`: the record as it is, for `checkpoint redefine`. Gives the exit code. */
export async function showCheckpoint(context: CommandContext, given: {domain: string; checkpoint: string; isXml: boolean}): Promise<number> {
	const details = await readDetails(context, given.domain);
	const found = details.ok ? findIn(details.value, given.checkpoint) : details;
	if (!details.ok || !found.ok) {
		return sayFailure(context, (details.ok ? found as Extract<typeof found, {ok: false}> : details).failure);
	}

	const {checkpoint, ...told} = tell(details.value, found.value);
	if (given.isXml) {
		sayLines(context, [checkpoint.xml.trimEnd()]);
	} else if (context.isJson) {
		sayJson(context, {...checkpointJson({checkpoint, ...told}), xml: checkpoint.xml});
	} else {
		const nowSeconds = Math.floor(context.world.clock.now().getTime() / 1000);
		sayLines(context, [
			`${[checkpoint.name, ownerOf(checkpoint.name)].filter(text => text !== '').join(' ')}${checkpoint.description === undefined ? '' : `: ${checkpoint.description}`}`,
			`  created     ${formatMomentWithAge(checkpoint.createdAt, nowSeconds)}`,
			`  comes after ${checkpoint.parent ?? 'none (a root)'}`,
			`  before      ${told.children.length === 0 ? 'none' : told.children.join(', ')}`,
			...formatTable(checkpoint.disks.map(({target, bitmap}) => {
				const disk = told.disks.find(one => one.target === target);
				return [`  ${target}`, bitmap === undefined ? 'left out' : `bitmap ${bitmap}`, disk === undefined ? '' : healthWords[disk.health], sizeText(disk?.size)];
			})),
			...[describeNextBackup({checkpoint, ...told})].flatMap(text => text === undefined ? [] : [`  ${text}`]),
			...(hasProcess(details.value.domain) ? [] : ['  The domain is off: how much was written since is counted only while it runs.']),
		]);
	}

	return 0;
}
