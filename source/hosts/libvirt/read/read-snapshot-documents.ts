/**
The XML documents of snapshots, by name. virsh lists names one a line, and a name may hold line ends. Such a name is put together again by virsh's table,
which has one row for each snapshot, in the order of the list, and writes a line end as `\x0a` (a backslash before an x as `\x5c`).
*/
import {succeed, type Result} from '../../../model/result.ts';
import {isMissingSnapshot, type Answer, type Virsh} from '../virsh.ts';

type SnapshotDocuments = {
	/** Each name with its document, or with what kept it from being read. */
	documents: Array<{name: string; answer: Answer}>;
	/** A name that is listed more often than it can be: one of its lines is a piece of another name, which could not be told. */
	ambiguousName: string | undefined;
};

/** `listing`: what `snapshot-list --name` gave. */
type ListedSnapshots = {uuid: string; listing: string};

function linesOf(listing: string): string[] {
	const lines = listing.split('\n');
	return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
}

/** Undefined where list and table do not fit each other, as when a snapshot was made in between. */
export function joinNames(lines: readonly string[], table: string): string[] | undefined {
	const pieces = linesOf(table).map(row => row.split(String.raw`\x0a`).length);
	if (pieces.reduce((sum, count) => sum + count, 0) !== lines.length) {
		return undefined;
	}

	let from = 0;
	return pieces.map(count => {
		const name = lines.slice(from, from + count).join('\n');
		from += count;
		return name;
	});
}

const keyOf = (uuid: string, name: string) => JSON.stringify([uuid, name]);

export const documentQuestion = (uuid: string, name: string, secrets: readonly string[]): string[] => ['snapshot-dumpxml', '--domain', uuid, '--snapshotname', name, ...secrets];

/**
One entry for each of `domains`, in their order. `secrets`: more words for the question. `guessed`: names of the one domain that were asked for together with its list, and what they
gave. Fails only where the host cannot be asked.
*/
export async function readSnapshotDocuments(virsh: Virsh, domains: readonly ListedSnapshots[], {secrets = [], guessed = []}: {secrets?: readonly string[]; guessed?: ReadonlyArray<[string, Answer]>} = {}): Promise<Result<SnapshotDocuments[]>> {
	const known = new Map<string, Answer>(guessed.map(([name, answer]) => [keyOf(domains[0]!.uuid, name), answer]));
	const askFor = async (wanted: ReadonlyArray<{uuid: string; name: string}>): Promise<Result<void>> => {
		const unasked = new Map(wanted.filter(({uuid, name}) => name !== '' && !known.has(keyOf(uuid, name))).map(snapshot => [keyOf(snapshot.uuid, snapshot.name), snapshot]));
		const answers = await virsh.ask([...unasked.values()].map(({uuid, name}) => documentQuestion(uuid, name, secrets)));
		if (!answers.ok) {
			return answers;
		}

		for (const [index, key] of [...unasked.keys()].entries()) {
			known.set(key, answers.value[index]!);
		}

		return succeed(undefined);
	};

	const named = domains.map(({uuid, listing}) => ({uuid, names: linesOf(listing)}));
	const asked = await askFor(named.flatMap(({uuid, names}) => names.map(name => ({uuid, name}))));
	if (!asked.ok) {
		return asked;
	}

	const isMissing = (answer: Answer | undefined) => answer?.ok === false && isMissingSnapshot(answer.failure);
	const doubtful = named.filter(({uuid, names}) => new Set(names).size < names.length || names.some(name => name === '' || isMissing(known.get(keyOf(uuid, name)))));
	const tables = await virsh.ask(doubtful.map(({uuid}) => ['snapshot-list', '--domain', uuid]));
	if (!tables.ok) {
		return tables;
	}

	for (const [index, domain] of doubtful.entries()) {
		const table = tables.value[index]!;
		domain.names = (table.ok ? joinNames(domain.names, table.value) : undefined) ?? domain.names;
	}

	const rest = await askFor(doubtful.flatMap(({uuid, names}) => names.map(name => ({uuid, name}))));
	return rest.ok
		? succeed(named.map(({uuid, names}) => ({
			documents: [...new Set(names)].flatMap(name => name === '' ? [] : [{name, answer: known.get(keyOf(uuid, name))!}]),
			ambiguousName: names.find((name, at) => name === '' || names.indexOf(name) !== at),
		})))
		: rest;
}
