/**
The mark of an action under way that every user of a libvirt sees: who is at work on a domain, from where, since when, at what. Made by others, too, so
its shape is checked where it comes in.
*/
import {formatWritten} from '../text/format.ts';

export type Claim = {
	planId: string;
	domain: {uuid: string; name: string};
	user: string;
	/** The machine on which the program runs, which need not be that of the domain. */
	host: string;
	/** Tells one boot of that machine, and one space of process ids on it, from others. */
	space: string;
	pid: number;
	/** ISO 8601. */
	since: string;
	/** The action in words. */
	what: string;
	/** The private folder that has its journal. */
	statePath: string;
	/** `checking`: nothing was changed yet, and there is no journal. */
	stage: 'checking' | 'running';
};

const texts = ['planId', 'user', 'host', 'space', 'since', 'what', 'statePath'] as const;

/** Undefined: it is not what this program writes. Never throws. */
export function parseClaim(text: string): Claim | undefined {
	try {
		const value = JSON.parse(text) as Partial<Claim> | null;
		const isWhole = typeof value === 'object' && value !== null
			&& texts.every(name => typeof value[name] === 'string')
			&& typeof value.pid === 'number'
			&& (value.stage === 'checking' || value.stage === 'running')
			&& typeof value.domain === 'object' && value.domain !== null
			&& typeof value.domain.uuid === 'string' && typeof value.domain.name === 'string';
		return isWhole ? value as Claim : undefined;
	} catch {
		return undefined;
	}
}

/** `working` and `gone` are only said of a process that can be seen from here. */
export type ClaimLife = 'working' | 'gone' | 'unknown';

/** A mark that was found (`id` as the host has it), and whether its process is still there. `claim` is missing where it cannot be read. */
export type FoundClaim = {id: string; domainUuid: string; claim: Claim | undefined; life: ClaimLife};

/** A clause: who, where, since when. */
export function describeClaim({claim, life}: FoundClaim): string {
	if (claim === undefined) {
		return 'somebody has marked it as in use, in a way that cannot be read';
	}

	const process = {working: `process ${claim.pid}`, gone: `process ${claim.pid}, which has ended`, unknown: `process ${claim.pid}, which cannot be seen from here`}[life];
	return `${claim.user} on ${claim.host} (${process}) began at ${formatWritten(claim.since)}: ${claim.what}`;
}

/** The way on for everybody but the one whose action it is. The mark is a secret without a value (hosts/libvirt/claims.ts). */
export function remedyFor({claim, id}: FoundClaim): string {
	return `${claim === undefined ? 'Its owner' : `${claim.user} on ${claim.host}`} can finish it or roll it back with vsnap-tui recover.`
		+ ` If that will never happen, virsh secret-undefine ${id} removes the mark and touches nothing else.`;
}
