/**
Marks of actions under way, kept by libvirt itself so that all its users see them, over ssh as well. Each is a secret without a value (`virsh secret-define`),
whose usage names the domain. libvirt takes only one secret for a usage, and decides that under its own lock, so a mark is a lock that two cannot get at once.

Why not in the domain's `<metadata>`: a `define` of the plan would take it away in the middle, libvirt copies it into every snapshot that anybody takes
meanwhile, and two who write it at once both believe that they have it.
*/
import {readFile, readlink, rm} from 'node:fs/promises';
import {hostname} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type {Claims} from '../../engine/ports.ts';
import {escapeText} from '../../model/xml/change-xml.ts';
import {parseClaim, type Claim, type ClaimLife, type FoundClaim} from '../../model/plan/claim.ts';
import {digest} from '../../model/plan/fingerprint.ts';
import {succeed, type Result} from '../../model/result.ts';
import {decodeEntities} from '../../model/xml/read-xml.ts';
import {writePrivately} from '../../tools/run/private-files.ts';
import type {Runner} from '../../tools/run/run.ts';
import {isNotSupported, type Virsh} from './virsh.ts';

const usagePrefix = 'vsnap-tui/';

/** The same for an action and for its recovery, which takes the mark over by writing it once more. */
function secretUuid(planId: string): string {
	const hex = digest(`claim of ${planId}`);
	return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

function secretXml(claim: Claim): string {
	// Control characters, which XML cannot hold, are escaped by JSON.
	return `<secret ephemeral='no' private='yes'><uuid>${secretUuid(claim.planId)}</uuid><description>${escapeText(JSON.stringify(claim))}</description>`
		+ `<usage type='tls'><name>${usagePrefix}${claim.domain.uuid}</name></usage></secret>\n`;
}

/** Lines of `secret-list`: the UUID, the kind of the usage, its name. By the domain's UUID that of the secret. */
export function parseClaimList(text: string): Map<string, string> {
	return new Map([...text.matchAll(/^ ?([\da-f-]{36}) +tls +vsnap-tui\/([\da-f-]{36}) *$/gm)].map(([, secret, domain]) => [domain!, secret!]));
}

async function readOr(read: Promise<string>, skippedNote: string): Promise<string> {
	return read.then(text => text.trim(), () => skippedNote);
}

/** One boot of this machine, and one space of process ids. */
async function readSpace(): Promise<{boot: string; pids: string}> {
	const [boot, pids] = await Promise.all([readOr(readFile('/proc/sys/kernel/random/boot_id', 'utf8'), '?'), readOr(readlink('/proc/self/ns/pid'), '?')]);
	return {boot, pids};
}

async function readLife(claim: Claim | undefined): Promise<ClaimLife> {
	if (claim?.host !== hostname()) {
		return 'unknown';
	}

	const {boot, pids} = await readSpace();
	const [claimedBoot, claimedPids] = claim.space.split(' ');
	if (claimedBoot !== boot) {
		return 'gone';
	}

	if (claimedPids !== pids) {
		return 'unknown';
	}

	try {
		// Also where /proc hides the processes of others.
		process.kill(claim.pid, 0);
		return 'working';
	} catch (error) {
		return (error as NodeJS.ErrnoException).code === 'ESRCH' ? 'gone' : 'working';
	}
}

/** `folderPath`: private, for the file that virsh reads. */
export function createClaims({virsh, runner, folderPath}: {virsh: Virsh; runner: Runner; folderPath: string}): Claims {
	async function readSecrets(): Promise<Result<Map<string, string>>> {
		const list = await virsh.askOne(['secret-list']);
		// A libvirt without secrets knows no marks.
		return list.ok ? succeed(parseClaimList(list.value)) : (isNotSupported(list.failure) ? succeed(new Map()) : list);
	}

	async function readOne(domainUuid: string, secret: string): Promise<FoundClaim | undefined> {
		const xml = await virsh.askOne(['secret-dumpxml', secret]);
		if (!xml.ok) {
			return undefined;
		}

		const [, description = ''] = /<description>([\s\S]*?)<\/description>/.exec(xml.value) ?? [];
		const claim = parseClaim(decodeEntities(description));
		return {
			id: secret, domainUuid, claim, life: await readLife(claim),
		};
	}

	async function read(domainUuid: string): Promise<Result<FoundClaim | undefined>> {
		const secrets = await readSecrets();
		const secret = secrets.ok ? secrets.value.get(domainUuid) : undefined;
		return secrets.ok ? succeed(secret === undefined ? undefined : await readOne(domainUuid, secret)) : secrets;
	}

	/** A mark that is written twice is one, and one whose writer has gone counts for nothing while nothing was changed: so this needs no process that outlives us. */
	async function change(words: string[], file?: {path: string; text: string}): Promise<Result<void>> {
		await writePrivately(file === undefined ? [] : [file]).catch(() => undefined);
		if (await virsh.tell(words, file)) {
			return succeed(undefined);
		}

		const done = await runner({argv: [...virsh.prefix, ...words], where: 'here', timeoutMs: 30_000, isMutating: true, files: file === undefined ? [] : [file]});
		return done.ok ? succeed(undefined) : done;
	}

	return {
		read,
		async readAll() {
			const secrets = await readSecrets();
			if (!secrets.ok) {
				return secrets;
			}

			const found: FoundClaim[] = [];
			for (const [domainUuid, secret] of secrets.value) {
				const claim = await readOne(domainUuid, secret);
				if (claim !== undefined) {
					found.push(claim);
				}
			}

			return succeed(found);
		},
		async take(claim) {
			const {boot, pids} = await readSpace();
			const filePath = path.join(folderPath, `${claim.planId}.claim.xml`);
			const defined = await change(['secret-define', '--file', filePath], {path: filePath, text: secretXml({...claim, host: hostname(), space: `${boot} ${pids}`})});
			await rm(filePath, {force: true});
			if (defined.ok || isNotSupported(defined.failure)) {
				return succeed(undefined);
			}

			const other = await read(claim.domain.uuid);
			return other.ok && other.value !== undefined ? succeed(other.value) : defined;
		},
		async release(planId) {
			const released = await change(['secret-undefine', '--secret', secretUuid(planId)]);
			return released.ok || isNotSupported(released.failure) ? succeed(undefined) : released;
		},
		clear: async ({id}) => change(['secret-undefine', '--secret', id]),
	};
}
