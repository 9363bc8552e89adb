/**
A definition is written whole, so whoever has edited it since would be overwritten: more memory, another network. Before it is written, what is there is compared
with what the action knows. An edit is kept by changing nothing but the disks; where the action itself changed more than those, it stops and names the edit.
*/
import {createHash} from 'node:crypto';
import {targetOf, type Command, type Plan} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {changeDomainXml} from '../../model/xml/change-domain.ts';
import {differingParts} from '../../model/xml/compare-definitions.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import type {JournalRecord, Host} from '../ports.ts';

/** The text that this command makes the domain's definition; undefined: it writes none. */
function definitionWritten(command: Command): string | undefined {
	return command.tool === 'virsh' && command.argv.includes('define') ? command.files[0]?.text : undefined;
}

const digestOf = (xml: string) => createHash('sha256').update(xml).digest('hex');

/** How the definition reads just after a step wrote it: libvirt fills in what the text left out. */
export async function readDefinitionDigest(host: Host, plan: Plan, command: Command): Promise<string | undefined> {
	const xml = definitionWritten(command) === undefined ? undefined : await host.readDefinition?.(plan.action.domain.uuid);
	return xml?.ok ? digestOf(xml.value) : undefined;
}

/** The same definition with the disks of another. Undefined where that cannot be expressed. */
function withDisksOf(xml: string, other: string): string | undefined {
	const wanted = parseDomainXml(other);
	if (!wanted.ok || /<backingStore[\s>]/u.test(other)) {
		return undefined;
	}

	const sources = new Map(wanted.value.disks.flatMap(({target, sourcePath, sourceType, format}) => sourcePath === undefined || (sourceType !== 'file' && sourceType !== 'block')
		? []
		: [[target, {path: sourcePath, format: format ?? 'raw', isDevice: sourceType === 'block'}] as const]));
	const changed = changeDomainXml(xml, {sources, leftImages: wanted.value.leftImages ?? []});
	return changed.ok ? changed.value : undefined;
}

const isAlike = (xml: string, other: string) => differingParts(xml, other)?.length === 0;

/** The command, with the edits of others in its text. Fails with `recovery-refused`, naming them, where they cannot be kept. */
export async function keepEdits(host: Host, {plan, records}: {plan: Plan; records: readonly JournalRecord[]}, command: Command): Promise<Result<Command>> {
	const text = definitionWritten(command);
	const current = text === undefined ? undefined : await host.readDefinition?.(plan.action.domain.uuid);
	if (text === undefined || !current?.ok) {
		return current === undefined || current.ok ? succeed(command) : current;
	}

	const {definitionXml: before} = targetOf(plan).before;
	const ours = plan.steps.flatMap(step => definitionWritten(step.command) ?? []);
	const digests = new Set(records.flatMap(record => record.kind === 'done' ? record.definition ?? [] : []));
	if (digests.has(digestOf(current.value)) || [before, ...ours].some(known => isAlike(current.value, known))) {
		return succeed(command);
	}

	// Where the action changes disks alone, so does the way back.
	const kept = ours.every(own => isAlike(own, before)) ? withDisksOf(current.value, text) : undefined;
	if (kept !== undefined) {
		return succeed({...command, files: command.files.map((file, index) => index === 0 ? {...file, text: kept} : file)});
	}

	return fail({
		kind: 'recovery-refused',
		reason: `The definition was edited since (${differingParts(current.value, before)?.join(', ') ?? 'it cannot be read'}), and the edit would be overwritten.`,
		remedy: 'Note the edit, undo it (virsh edit) and recover again; then repeat the edit.',
	});
}

/** After the way back: edits of others that were kept, in a sentence. */
export async function readKeptEdits(host: Host, plan: Plan): Promise<string[]> {
	const writes = plan.steps.some(step => [step.command, ...step.undo ?? []].some(command => definitionWritten(command) !== undefined));
	const current = writes ? await host.readDefinition?.(plan.action.domain.uuid) : undefined;
	const parts = current?.ok ? differingParts(current.value, targetOf(plan).before.definitionXml) ?? [] : [];
	return parts.length === 0 ? [] : [`These later edits of the definition are kept: ${parts.join(', ')}.`];
}
