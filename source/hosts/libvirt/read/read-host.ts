/**
The host itself: its name, its versions, its domains.
*/
import type {DomainState, DomainSummary} from '../../../model/domain/domain.ts';
import type {HostFacts} from '../../../model/domain/inventory.ts';
import {fail, succeed, type Result} from '../../../model/result.ts';
import {parseVersion} from '../../shared/read-answers.ts';
import {filePlaceOf} from '../file-place.ts';
import {checkScheme} from '../uri.ts';
import type {Answer, Virsh} from '../virsh.ts';

/** By libvirt's number of the state, as `domstats` writes it. */
const states: DomainState[] = ['nostate', 'running', 'blocked', 'paused', 'shutdown', 'shutoff', 'crashed', 'pmsuspended'];

/** In virsh's words, as `dominfo` writes them. */
const stateWords: Record<string, DomainState> = {
	'no state': 'nostate',
	running: 'running',
	idle: 'blocked',
	paused: 'paused',
	'in shutdown': 'shutdown',
	'shut off': 'shutoff',
	crashed: 'crashed',
	pmsuspended: 'pmsuspended',
};

/** Lines of "Label:   value". */
export function parseFields(text: string): Map<string, string> {
	return new Map([...text.matchAll(/^([^:\n]+):[ \t]*(.*)$/gm)].map(([, label, value]) => [label!.trim(), value!.trim()]));
}

export function parseDomainState(words: string | undefined): DomainState {
	return stateWords[words ?? ''] ?? 'nostate';
}

/**
Whether `dominfo` gives the domain a number, which libvirt does as long as it has a process. The state alone does not tell: "crashed" is said of a domain
whose process is preserved, too.
*/
export function hasDomainId(fields: ReadonlyMap<string, string>): boolean {
	return /^\d+$/.test(fields.get('Id') ?? '');
}

/** `list --all --uuid --name`: one line each. A name holds no line end (libvirt refuses it), but anything else. */
export function parseDomainList(text: string): Array<{uuid: string; name: string}> {
	return [...text.matchAll(/^([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}) (.*)$/gm)].map(([, uuid, name]) => ({uuid: uuid!, name: name!}));
}

/** `domstats --state`: the state by the domain's name. */
export function parseDomainStates(text: string): Map<string, DomainState> {
	return new Map([...text.matchAll(/^Domain: '(.*)'\n\s+state\.state=(\d+)$/gm)].map(([, name, state]) => [name!, states[Number(state)] ?? 'nostate']));
}

function textOr(answer: Answer | undefined, skippedNote: string): string {
	return answer?.ok ? answer.value : skippedNote;
}

export async function readHost(virsh: Virsh, given: {uri: string | undefined; hypervisor: HostFacts['hypervisor']; isReadOnly: boolean}): Promise<Result<HostFacts>> {
	const answers = await virsh.ask([['uri'], ['hostname'], ['version', '--daemon']]);
	if (!answers.ok) {
		return answers;
	}

	const [uriAnswer, hostname, versions] = answers.value;
	if (!uriAnswer?.ok) {
		return uriAnswer ?? fail({kind: 'unreadable', what: 'The host', reason: 'virsh gave no answer'});
	}

	const reported = uriAnswer.value.trim();
	const scheme = checkScheme(reported);
	if (!scheme.ok) {
		return scheme;
	}

	const fields = parseFields(textOr(versions, ''));
	return succeed({
		hypervisor: given.hypervisor,
		...(filePlaceOf(reported).kind !== 'here' && {isRemote: true}),
		uri: given.uri ?? reported,
		hostname: textOr(hostname, '').trim(),
		libvirtVersion: parseVersion(fields.get('Running against daemon') ?? fields.get('Using library')),
		hypervisorVersion: parseVersion(fields.get('Running hypervisor')),
		isReadOnly: given.isReadOnly,
	});
}

export async function readDomains(virsh: Virsh): Promise<Result<DomainSummary[]>> {
	const answers = await virsh.ask([['list', '--all', '--uuid', '--name'], ['domstats', '--state']]);
	if (!answers.ok) {
		return answers;
	}

	const [list, stats] = answers.value;
	if (!list?.ok) {
		return list ?? fail({kind: 'unreadable', what: 'The list of domains', reason: 'virsh gave no answer'});
	}

	const stateByName = parseDomainStates(textOr(stats, ''));
	return succeed(parseDomainList(list.value).map(domain => ({...domain, state: stateByName.get(domain.name) ?? 'nostate'})));
}

/** Lines of names. Names are never empty. */
export function parseNames(text: string): string[] {
	return text.split('\n').filter(name => name !== '');
}

/** Domains that cannot be asked are left out. */
export async function readSnapshotCounts(virsh: Virsh, uuids: string[]): Promise<Result<Map<string, number>>> {
	const answers = await virsh.ask(uuids.map(uuid => ['snapshot-list', '--domain', uuid, '--name']));
	return answers.ok
		? succeed(new Map(answers.value.flatMap((answer, index) => answer.ok ? [[uuids[index]!, parseNames(answer.value).length]] : [])))
		: answers;
}
