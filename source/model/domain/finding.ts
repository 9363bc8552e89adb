/**
What `doctor` finds: a sentence on what is so, one on what it means, and the way out where there is one.
*/
import type {Request} from '../plan/request.ts';

/** `info` alone is healthy. `problem`: something is lost, does not open, or is lost by the next ordinary command. */
export type Severity = 'info' | 'warning' | 'problem';

/** Stable: scripts and `doctor --repair KIND` go by these. */
export const findingKinds = [
	'domain-unreadable',
	'files-elsewhere',
	'record-unreadable',
	'unfinished-action',
	'journal-unusable',
	'image-missing',
	'image-unreadable',
	'not-permitted',
	'format',
	'head-not-permitted',
	'backing-missing',
	'backing-format',
	'base-changed',
	'frozen-written',
	'two-writers',
	'shared-frozen',
	'orphan',
	'unused-image',
	'unused-nvram',
	'not-revertible',
	'cannot-start',
	'chain-conflict',
	'current-record',
	'lost-source',
	'parent-missing',
	'unrecorded-layer',
	'unrecorded-tag',
	'deep-chain',
	'block-job',
	'delete-in-progress',
	'checkpoint-broken',
	'orphan-bitmap',
	'managed-save',
	'transient',
	'native-revert',
	'native-delete',
] as const;

export type FindingKind = typeof findingKinds[number];

export type Finding = {
	kind: FindingKind;
	severity: Severity;
	/** Undefined: it concerns the host. */
	domain?: {uuid: string; name: string};
	/** What is so. */
	text: string;
	/** What follows from it. */
	meaning: string;
	/** What a person can do by hand. */
	remedy?: string;
	/** What vsnap-tui can do about it: to be planned, shown and confirmed like any other action. */
	request?: Request;
	/** Another way than `request`, to choose from. */
	otherWay?: {option: 'fold'; words: string; request: Request};
	/** The image files that it is about. */
	images?: string[];
	/** What each of them takes on the host, in the same order. */
	imageBytes?: number[];
};

export function isHealthy(findings: readonly Finding[]): boolean {
	return findings.every(finding => finding.severity === 'info');
}

const order: Record<Severity, number> = {problem: 0, warning: 1, info: 2};

/** The worst first, then by domain (those of the host first); else in the order in which they were found. */
export function sortFindings(findings: readonly Finding[]): Finding[] {
	const place = (finding: Finding) => finding.domain?.name ?? '';
	return [...findings].sort((a, b) => order[a.severity] - order[b.severity] || (place(a) < place(b) ? -1 : (place(a) > place(b) ? 1 : 0)));
}
