/**
What is asked of the host before a backup is restored elsewhere: the folder, and what a new domain of that name would meet.
*/
import {posix} from 'node:path';
import {randomUUID} from 'node:crypto';
import type {Manifest} from '../../model/backup/manifest.ts';
import type {NewIdentity, RestorePlace, RestoreTarget, ElsewhereRequest} from '../../model/domain/inventory.ts';
import {tpmPathFor} from '../../model/domain/tpm.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import type {Host} from '../ports.ts';

/** A folder that is not there is made, in one that is. */
async function readTarget(host: Host, path: string): Promise<Result<RestoreTarget>> {
	const folder = await host.readFolder(path);
	if (folder.ok) {
		return succeed({path, facts: folder.value, isMade: false});
	}

	const above = await host.readFolder(posix.dirname(path));
	return above.ok && !above.value.names.has(posix.basename(path)) ? succeed({path, facts: above.value, isMade: true}) : folder;
}

/** Where the images of a new domain go: beside those that the domain had. */
function placeBeside({domain, disks}: Manifest): Result<string> {
	const definition = parseDomainXml(domain.definition);
	const path = definition.ok ? definition.value.disks.find(({target}) => target === disks[0]?.disk)?.sourcePath : undefined;
	return path?.startsWith('/') ? succeed(posix.dirname(path)) : fail({kind: 'usage', message: 'The backup does not say in which folder the images were.', hint: 'Give the folder for them as well: --to FOLDER.'});
}

/** Undefined where the state of a TPM is not in the backup, or was in a place of its own. */
async function placeTpm(host: Host, {extras}: Manifest, uuid: string): Promise<NewIdentity['tpm']> {
	const extra = extras.find(({kind}) => kind === 'tpm');
	const path = extra && tpmPathFor(extra.path, uuid);
	if (path === undefined) {
		return undefined;
	}

	const own = posix.dirname(path);
	const all = posix.dirname(posix.dirname(own));
	const isThere = await host.observe({kind: 'file-exists', path: all});
	return {path, folders: [...(isThere.ok && isThere.value ? [] : [all]), posix.dirname(own), own]};
}

/** Fails with `refused` where a domain has the name. */
async function readIdentity(host: Host, point: Manifest, name: string): Promise<Result<NewIdentity>> {
	const domains = await host.readDomains();
	if (!domains.ok) {
		return domains;
	}

	if (domains.value.some(domain => domain.name === name)) {
		return fail({kind: 'refused', blockers: [{kind: 'name-taken', text: `There is a domain "${name}".`, remedy: 'Choose another name.'}]});
	}

	const uuid = randomUUID();
	return succeed({name, uuid, generationId: randomUUID(), tpm: await placeTpm(host, point, uuid)});
}

/** Fails with `refused`, with `usage`, or where the host cannot be asked. */
export async function readRestorePlace(host: Host, {point, to, as}: ElsewhereRequest): Promise<Result<RestorePlace>> {
	const path = to === undefined ? placeBeside(point) : succeed(to);
	const target = path.ok ? await readTarget(host, path.value) : path;
	const identity = target.ok && as !== undefined ? await readIdentity(host, point, as) : succeed(undefined);
	return target.ok && identity.ok ? succeed({target: target.value, identity: identity.value}) : (target.ok ? identity as Result<never> : target);
}
