/**
What earlier actions on this host took, by the audit log and the logs of their commands. What cannot be read was not measured.
*/
import type {Measured, Sample} from '../model/duration/measured.ts';
import type {AuditEntry, StateStore} from './ports.ts';

/** So many actions are looked at, the latest ones. */
const mostActions = 40;

/** One that waited for no other domain, and was not put back. */
const isWhole = ({outcome, others}: AuditEntry) => outcome === 'done' && others === undefined;

export async function readMeasured(store: Pick<StateStore, 'readAudit' | 'readCommands'>, uri: string): Promise<Measured> {
	const log = await store.readAudit();
	const entries = log.ok ? log.value.entries.filter(entry => entry.uri === uri && entry.id !== undefined).slice(-mostActions) : [];
	const all = await Promise.all(entries.map(async entry => {
		const commands = await store.readCommands(entry.id!);
		return {entry, commands: commands.ok ? commands.value : []};
	}));
	const samples = all.flatMap(({entry, commands}) => commands.flatMap(({measured, isFailed, durationMs}): Sample[] => measured === undefined || isFailed ? [] : [{...measured, domain: entry.domain.uuid, durationMs}]));
	const around = all.filter(({entry, commands}) => isWhole(entry) && commands.length > 0)
		.map(({entry, commands}) => ({
			action: entry.request?.kind ?? '',
			durationMs: Math.max(0, entry.durationMs - commands.reduce((sum, {durationMs}) => sum + durationMs, 0)) / commands.length,
		}));
	return {samples, around};
}
