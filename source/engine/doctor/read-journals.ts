/**
What the journals, the audit log and the marks of a host tell the doctor: actions that did not come to their end, here or elsewhere, and what actions of ours wrote.
*/
import {describeClaim, remedyFor} from '../../model/plan/claim.ts';
import type {Finding} from '../../model/domain/finding.ts';
import type {HostFacts} from '../../model/domain/inventory.ts';
import {describeTrouble} from '../../model/plan/journal-trouble.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {
	AuditEntry, Host, StateStore, UnfinishedAction,
} from '../ports.ts';

/** Where the doctor looks. */
export type Checks = {
	host: Host;
	store: Pick<StateStore, 'readUnfinished' | 'readJournalTroubles' | 'isDomainLocked' | 'readAudit'>;
};

/** Actions that have not ended, and that no process works on. */
export async function readLeftBehind({store}: Checks, host: HostFacts): Promise<Result<UnfinishedAction[]>> {
	const unfinished = await store.readUnfinished();
	if (!unfinished.ok) {
		return unfinished;
	}

	const left: UnfinishedAction[] = [];
	for (const action of unfinished.value.filter(({plan}) => plan.uri === host.uri)) {
		if (!await store.isDomainLocked(action.plan.action.domain.uuid)) {
			left.push(action);
		}
	}

	return succeed(left);
}

/** Those that concern this domain (undefined: any), or that do not say which one they concern. */
export async function readTroubles({store}: Checks, uuid: string | undefined): Promise<Finding[]> {
	const troubles = await store.readJournalTroubles();
	const concerned = troubles.ok ? troubles.value.filter(({domain}) => uuid === undefined || domain === undefined || domain.uuid === uuid) : [];
	return concerned.map(trouble => ({
		kind: 'journal-unusable', severity: trouble.kind === 'not-a-journal' ? 'warning' : 'problem', ...describeTrouble(trouble),
	}));
}

/** Actions of other users, who have the journal: this user can only be told. */
export async function readForeignActions({host}: Checks, uuid: string | undefined, own: readonly UnfinishedAction[]): Promise<Finding[]> {
	const marks = await host.claims?.readAll();
	const others = marks?.ok === true
		? marks.value.filter(({claim, domainUuid, life}) => life !== 'working'
			&& (uuid === undefined || domainUuid === uuid) && !own.some(({plan}) => plan.id === claim?.planId))
		: [];
	return others.map(mark => {
		const name = mark.claim?.domain.name ?? mark.domainUuid;
		return {
			kind: 'unfinished-action',
			severity: mark.life === 'gone' ? 'problem' : 'warning',
			domain: {uuid: mark.domainUuid, name},
			text: `${mark.life === 'gone' ? 'An action of another run was interrupted' : 'Another run may be working on it'}: ${describeClaim(mark)}.`,
			meaning: 'Images and records may be half changed. The domain refuses other actions until that one has ended.',
			remedy: remedyFor(mark),
		};
	});
}

/** The audit log is a help to judge by, never a condition. */
export async function readOwnWrites({store}: Checks): Promise<AuditEntry[]> {
	const audit = await store.readAudit();
	return audit.ok ? audit.value.entries.filter(({outcome}) => outcome === 'done' || outcome === 'recovered') : [];
}
