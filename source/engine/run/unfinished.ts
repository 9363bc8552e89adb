/**
What an earlier run left half-way on a domain: nothing else begins on it, and is not planned either, before that is over.
*/
import {formatWritten} from '../../model/text/format.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {nounOfAction} from '../../actions/registry.ts';
import {describeTrouble} from '../../model/plan/journal-trouble.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {StateStore} from '../ports.ts';

/** `replaces`: the action that is to be done anew. Fails with `refused`, and where the journals cannot be read. */
export async function checkNothingUnfinished(store: Pick<StateStore, 'readUnfinished' | 'readJournalTroubles'>, uuid: string, replaces: string | undefined): Promise<Result<void>> {
	const unfinished = await store.readUnfinished();
	if (!unfinished.ok) {
		return unfinished;
	}

	const troubles = await store.readJournalTroubles();
	const later = troubles.ok ? troubles.value.find(trouble => trouble.kind === 'later-version' && trouble.domain?.uuid === uuid) : undefined;
	if (later !== undefined) {
		const {text, meaning, remedy} = describeTrouble(later);
		return fail({kind: 'refused', blockers: [{kind: 'unfinished-action', text: `${text} ${meaning}`, remedy}]});
	}

	const other = unfinished.value.find(({plan}) => plan.id !== replaces && plan.action.domain.uuid === uuid)?.plan;
	return other === undefined
		? succeed(undefined)
		: fail({
			kind: 'refused',
			blockers: [{
				kind: 'unfinished-action',
				text: `The ${nounOfAction(other.action)} was interrupted (planned ${formatWritten(other.plannedAt)}).`,
				remedy: `Finish it, roll it back, or give it up first: vsnap-tui recover ${quoteForShell(other.action.domain.name)}.`,
			}],
		});
}
