/**
Tells of what is in the folder of the journals and cannot be recovered: on stderr, so that the list of what can be is the answer.
*/
import {describeTrouble, type JournalTrouble} from '../model/plan/journal-trouble.ts';
import type {Result} from '../model/result.ts';
import type {UnfinishedAction} from '../engine/ports.ts';
import {describeClaim, remedyFor} from '../model/plan/claim.ts';
import {exitCodes} from '../model/text/exit-codes.ts';
import {sayFailure, sayWarning, type CommandContext} from './context.ts';

/** Gives the exit code: 4 where an action may be half-way that this program cannot recover, 0 where all is well. */
export function sayTroubles(context: CommandContext, troubles: Result<JournalTrouble[]>): number {
	if (!troubles.ok) {
		return sayFailure(context, troubles.failure);
	}

	for (const trouble of troubles.value) {
		const {text, meaning, remedy} = describeTrouble(trouble);
		sayWarning(context, 'journal-unusable', `${text}\n${meaning} ${remedy}`);
	}

	return troubles.value.some(({kind}) => kind !== 'not-a-journal') ? exitCodes.halfWay : exitCodes.done;
}

/** Tells of actions of other users of this host, of which there is no journal here. They are theirs to finish, so they do not change the exit code. */
export async function sayForeignClaims(context: CommandContext, own: readonly UnfinishedAction[]): Promise<void> {
	const marks = await context.world.host.claims?.readAll();
	for (const mark of marks?.ok === true ? marks.value : []) {
		const {claim, domainUuid, life} = mark;
		if (life !== 'working' && !own.some(({plan}) => plan.id === claim?.planId)) {
			const name = claim?.domain.name ?? domainUuid;
			sayWarning(context, 'foreign-action', `"${name}": ${describeClaim(mark)}.\n${remedyFor(mark)}`);
		}
	}
}
