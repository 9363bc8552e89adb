/**
Secrets of libvirt that definitions name and that are not there. Only names are asked for: whether a secret has a value would be told by the value alone.
*/
import type {DomainDefinition} from '../../model/domain.ts';
import {succeed, type Result} from '../../model/result.ts';
import {describeSecret} from '../../model/start-files.ts';
import type {Virsh} from './virsh.ts';

/** `secret-list`: a UUID and what it is used for ("iscsi NAME", "Unused"), one a line, below a heading. In the words of `describeSecret`. */
export function parseSecretList(text: string): Set<string> {
	return new Set([...text.matchAll(/^ ?([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})\s+(\S.*?)\s*$/gmu)].flatMap(([, uuid, usage]) => [uuid!, `usage ${usage!}`]));
}

/** In the words of `describeSecret`. Where libvirt does not tell its secrets, none counts as missing. Fails only where the host cannot be asked. */
export async function readMissingSecrets(virsh: Virsh, definitions: ReadonlyArray<DomainDefinition | undefined>): Promise<Result<Set<string>>> {
	const named = [...new Set(definitions.flatMap(definition => definition?.secrets ?? []).map(secret => describeSecret(secret)))];
	if (named.length === 0) {
		return succeed(new Set());
	}

	const answers = await virsh.ask([['secret-list']]);
	if (!answers.ok) {
		return answers;
	}

	const [list] = answers.value;
	const known = list?.ok ? parseSecretList(list.value) : new Set(named);
	return succeed(new Set(named.filter(secret => !known.has(secret))));
}
