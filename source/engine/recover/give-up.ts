/**
Giving an unfinished action up: nothing on the host is touched, its journal is archived without secrets, and what it leaves lying is listed. The domain is free
for other actions, and the doctor goes on from there.
*/
import {listUsers} from '../../model/images/image-users.ts';
import {createdPaths, type Plan} from '../../model/plan/plan.ts';
import {succeed} from '../../model/result.ts';
import {redactSecrets} from '../../model/plan/redact-secrets.ts';
import {removablePaths} from '../run/made-files.ts';
import type {JournalRecord, Outcome, Host, StateStore, UnfinishedAction} from '../ports.ts';

/** What the action made, and what it was to remove, as far as it is there. Where nothing can be asked, everything is listed. */
async function listLeft(host: Host, plan: Plan): Promise<string[]> {
	const made = new Set([...createdPaths(plan), ...removablePaths(plan)]);
	const paths = [...made, ...plan.images.removed.filter(path => !made.has(path))].filter(path => path.startsWith('/'));
	const stamps = paths.length === 0 ? succeed([]) : await host.readFileStamps(paths);
	const lines: string[] = [];
	for (const path of paths) {
		if (stamps.ok && !stamps.value.some(stamp => stamp.path === path)) {
			continue;
		}

		const users = await host.readImageUsers(path);
		const use = users.ok ? (users.value.length === 0 ? 'not in use' : `used by ${listUsers(users.value)}`) : 'not known whether it is in use';
		lines.push(`Left: ${path} (${made.has(path) ? 'created by this action' : 'to be removed by this action'}; ${use}).`);
	}

	return lines;
}

/** Under the lock of the domain. Done with what is left in the remarks; half-way where the state folder cannot be written to. */
export async function giveUp({host, store}: {host: Host; store: StateStore}, {plan, records}: UnfinishedAction): Promise<Outcome> {
	const left = await listLeft(host, plan);
	const archived = await store.archiveJournal(plan.id, redactSecrets<readonly JournalRecord[]>(records));
	if (!archived.ok) {
		return {kind: 'half-way', failure: archived.failure};
	}

	const removed = await store.removeJournal(plan.id);
	return removed.ok
		? {kind: 'done', remarks: [...left, `The journal is kept, without secrets: ${archived.value}`]}
		: {kind: 'half-way', failure: removed.failure};
}
