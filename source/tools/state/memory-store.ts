/**
A state folder that is none, for the demo host and for tests: journals, locks and the audit log in memory, gone when the program ends.
*/
import type {AuditEntry, JournalRecord, StateStore, UnfinishedAction} from '../../engine/ports.ts';
import type {RanCommand} from '../../model/plan/ran-command.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {fail, succeed} from '../../model/result.ts';

/** `logged`: what the audit log tells from before. */
export function createMemoryStore(logged: readonly AuditEntry[] = []): StateStore {
	const journals = new Map<string, {plan: Plan; records: JournalRecord[]}>();
	const locked = new Set<string>();
	const commands = new Map<string, RanCommand[]>();
	const entries: AuditEntry[] = [...logged];
	const openJournal = (planId: string) => ({
		async append(record: JournalRecord) {
			journals.get(planId)?.records.push(record);
			return succeed(undefined);
		},
	});
	return {
		workPath: planId => `/var/lib/vsnap-tui/files/${planId}`,
		async openJournal(plan) {
			journals.set(plan.id, {plan, records: []});
			return succeed(openJournal(plan.id));
		},
		reopenJournal: async planId => succeed(openJournal(planId)),
		readUnfinished: async () => succeed<UnfinishedAction[]>([...journals.values()].map(({plan, records}) => ({plan, records: [...records]}))),
		async readUnfinishedPlan(planId) {
			const journal = journals.get(planId);
			return succeed(journal && {plan: journal.plan, records: [...journal.records]});
		},
		readJournalTroubles: async () => succeed([]),
		isDomainLocked: async uuid => locked.has(uuid),
		archiveJournal: async planId => succeed(`/var/lib/vsnap-tui/given-up/${planId}.jsonl`),
		async removeJournal(planId) {
			journals.delete(planId);
			return succeed(undefined);
		},
		async appendAudit(entry) {
			entries.push(entry);
			return succeed(undefined);
		},
		readAudit: async () => succeed({entries: [...entries], damagedLines: 0}),
		async appendCommand(planId, command) {
			commands.set(planId, [...commands.get(planId) ?? [], command]);
			return succeed(undefined);
		},
		readCommands: async planId => succeed(commands.get(planId) ?? []),
		async lockDomain(uuid) {
			if (locked.has(uuid)) {
				return fail({kind: 'busy', what: 'The domain'});
			}

			locked.add(uuid);
			return succeed({
				during: async act => act(),
				async release() {
					locked.delete(uuid);
				},
			});
		},
	};
}
