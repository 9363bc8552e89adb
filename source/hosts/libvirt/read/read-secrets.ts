/**
Secrets of libvirt that definitions name, and that are not there or hold nothing: libvirt would then start no domain that needs them.
*/
import type {DomainDefinition} from '../../../model/domain/domain.ts';
import type {MissingForStart} from '../../../model/domain/inventory.ts';
import {succeed, type Result} from '../../../model/result.ts';
import {describeSecret} from '../../../model/domain/start-files.ts';
import {reasonOf} from '../../shared/read-answers.ts';
import {type Virsh} from '../virsh.ts';

type LostSecrets = Omit<MissingForStart, 'files'>;

/** `secret-list`: a UUID and what it is used for ("iscsi NAME", "Unused"), one a line, below a heading. By the words of `describeSecret`, the UUID. */
export function parseSecretList(text: string): Map<string, string> {
	return new Map([...text.matchAll(/^ ?([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}) +(\S.*)$/gmu)].flatMap(([, uuid, usage]) => [[uuid!, uuid!], [`usage ${usage!.trimEnd()}`, uuid!]] as const));
}

/** Why libvirt does not tell what the secret holds; undefined: it does, and what it tells is dropped at once. */
async function obstacleTo(virsh: Virsh, uuid: string): Promise<'valueless' | 'untold' | undefined> {
	const answer = await virsh.askOne(['secret-get-value', '--secret', uuid]);
	return answer.ok ? undefined : (reasonOf(answer.failure).includes('does not have a value') ? 'valueless' : 'untold');
}

/**
In the words of `describeSecret`. Where libvirt does not tell its secrets, none counts as missing. `withValues`: it is also asked whether they have a value.
Fails only where the host cannot be asked.
*/
export async function readLostSecrets(virsh: Virsh, definitions: ReadonlyArray<DomainDefinition | undefined>, {withValues}: {withValues: boolean}): Promise<Result<LostSecrets>> {
	const named = [...new Set(definitions.flatMap(definition => definition?.secrets ?? []).map(secret => describeSecret(secret)))];
	if (named.length === 0) {
		return succeed({secrets: new Set()});
	}

	const answers = await virsh.ask([['secret-list']]);
	if (!answers.ok) {
		return answers;
	}

	const [list] = answers.value;
	if (!list?.ok) {
		return succeed({secrets: new Set()});
	}

	const known = parseSecretList(list.value);
	const present = withValues ? named.filter(secret => known.has(secret)) : [];
	const obstacles = await Promise.all(present.map(async secret => ({secret, obstacle: await obstacleTo(virsh, known.get(secret)!)})));
	const those = (wanted: 'valueless' | 'untold') => new Set(obstacles.filter(({obstacle}) => obstacle === wanted).map(({secret}) => secret));
	return succeed({
		secrets: new Set(named.filter(secret => !known.has(secret))),
		valueless: those('valueless'),
		untold: those('untold'),
		secretUuids: new Map(present.map(secret => [secret, known.get(secret)!])),
	});
}
