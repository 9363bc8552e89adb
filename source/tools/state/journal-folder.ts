/**
The folder of the journals, as it is read: what is unfinished, and what is there that is no journal. A file that is damaged concerns only itself. Each
journal is read once, and again only when it has changed.
*/
import {constants, type Dirent} from 'node:fs';
import {
	chmod, lstat, mkdir, open, readdir, rename, rm, stat,
} from 'node:fs/promises';
import path from 'node:path';
import type {JournalRecord, UnfinishedAction} from '../../engine/ports.ts';
import {checkPlan, domainOf} from '../../model/plan/check-plan.ts';
import type {JournalTrouble} from '../../model/plan/journal-trouble.ts';
import {mapLimited} from '../run/concurrency.ts';
import {syncFolder} from '../run/private-files.ts';
import {parseJournal} from './journal-lines.ts';

export const journalSuffix = '.jsonl';

/** How long the first line of a journal may take. */
const beginningMs = 60_000;
const readersAtOnce = 8;
/** Of a journal that was moved aside: enough to find the name of its domain. */
const salvagedBytes = 64 * 1024;

type Found =
	| {kind: 'unfinished'; action: UnfinishedAction}
	| {kind: 'finished'}
	/** Its first line may be being written at this moment. */
	| {kind: 'beginning'}
	| {kind: 'trouble'; trouble: JournalTrouble}
	/** To be moved aside. */
	| {kind: 'damaged'; reason: string; domain: {uuid: string; name: string} | undefined};

type Cached = {signature: string; found: Found};

/** From a line that was cut: the domain stands near its beginning. */
function salvageDomain(text: string): {uuid: string; name: string} | undefined {
	const [, uuid, quotedName] = /"domain":{"uuid":"([\da-f-]{36})","name":("(?:[^"\\]|\\.){1,512}")/.exec(text.slice(0, salvagedBytes)) ?? [];
	try {
		return uuid === undefined || quotedName === undefined ? undefined : {uuid, name: JSON.parse(quotedName) as string};
	} catch {
		return undefined;
	}
}

/** `planId`: by the name of its file. */
function judge(text: string, {planId, filePath, isFresh}: {planId: string; filePath: string; isFresh: boolean}): Found {
	const {records: [first, ...rest], hasFirst, damagedLines, isBarelyBegun} = parseJournal(text);
	const damaged = (reason: string): Found => ({kind: 'damaged', reason, domain: salvageDomain(text)});
	if (isBarelyBegun && isFresh) {
		return {kind: 'beginning'};
	}

	if (isBarelyBegun || !hasFirst) {
		return damaged(text === '' ? 'it is empty' : (isBarelyBegun ? 'its first line is cut off' : 'its first line is damaged'));
	}

	const isPlanRecord = typeof first === 'object' && first !== null && 'kind' in first && first.kind === 'plan' && 'plan' in first;
	const checked = isPlanRecord ? checkPlan(first.plan) : undefined;
	if (checked === undefined) {
		return damaged('its first line holds no plan');
	}

	if (checked.kind === 'damaged') {
		return damaged(`its first line is not what it should be (${checked.reason})`);
	}

	if (checked.kind === 'later-version') {
		const domain = domainOf((first as {plan: unknown}).plan);
		return {
			kind: 'trouble',
			trouble: {
				kind: 'later-version', path: filePath, reason: `it was written by a later version of vsnap-tui (plan version ${checked.version})`, ...(domain && {domain}),
			},
		};
	}

	if (checked.plan.id !== planId) {
		return {kind: 'trouble', trouble: {kind: 'not-a-journal', path: filePath, reason: 'it is the journal of an action of another name', domain: checked.plan.action.domain}};
	}

	const records = [first, ...rest] as JournalRecord[];
	if (records.some(record => record.kind === 'finished')) {
		return {kind: 'finished'};
	}

	const damage = damagedLines.length === 0 ? undefined : `${damagedLines.length === 1 ? 'line' : 'lines'} ${damagedLines.join(', ')} of ${filePath} cannot be read`;
	return {kind: 'unfinished', action: {plan: checked.plan, records, ...(damage !== undefined && {damage})}};
}

function codeOf(error: unknown): string {
	return (error as NodeJS.ErrnoException).code ?? String(error);
}

const byName = (a: string, b: string) => a < b ? -1 : 1;

const isGone = (error: unknown) => codeOf(error) === 'ENOENT';

/** Undefined where it has gone meanwhile: its own run may end it, and remove it, while we look. Never follows a link, never waits for a pipe. */
async function readFileOnce(filePath: string, known: Cached | undefined): Promise<Cached | undefined> {
	const trouble = (reason: string): Cached => ({signature: '', found: {kind: 'trouble', trouble: {kind: 'not-a-journal', path: filePath, reason}}});
	try {
		const file = await open(filePath, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
		try {
			const facts = await file.stat({bigint: true});
			const signature = [facts.ino, facts.size, facts.mtimeNs, facts.ctimeNs].join(' ');
			if (signature === known?.signature) {
				return known;
			}

			if (!facts.isFile()) {
				return trouble(facts.isDirectory() ? 'it is a folder' : 'it is not a regular file');
			}

			const isFresh = Date.now() - Number(facts.mtimeMs) < beginningMs;
			const planId = path.basename(filePath).slice(0, -journalSuffix.length);
			const found = judge(await file.readFile('utf8'), {planId, filePath, isFresh});
			return {signature: found.kind === 'beginning' ? '' : signature, found};
		} finally {
			await file.close();
		}
	} catch (error) {
		return isGone(error) ? undefined : trouble(codeOf(error) === 'ELOOP' ? 'it is a link' : `it cannot be read (${codeOf(error)})`);
	}
}

/** Moves a file, so that no other is written over, and gives its new path. */
async function moveInto(folder: string, filePath: string): Promise<string> {
	await mkdir(folder, {recursive: true, mode: 0o700});
	const name = path.basename(filePath);
	const isTaken = async (candidate: string) => lstat(candidate).then(() => true, () => false);
	let target = path.join(folder, name);
	for (let turn = 2; await isTaken(target); turn++) {
		target = path.join(folder, `${name}.${turn}`);
	}

	await chmod(filePath, 0o600);
	await rename(filePath, target);
	await syncFolder(folder);
	await syncFolder(path.dirname(filePath));
	return target;
}

type FolderOptions = {
	journalFolder: string;
	/** Where journals go of which the plan cannot be read. They are kept there: a person looks at them. */
	damagedFolder: string;
	/** Removes what secrets may stand in. */
	deleteMetadata: (planId: string) => Promise<void>;
};

/** A beginning that its run never made a journal of: nothing was done yet. */
async function removeOldBeginning(filePath: string): Promise<void> {
	const facts = await stat(filePath).catch(() => undefined);
	if (facts !== undefined && Date.now() - facts.mtimeMs > beginningMs) {
		await rm(filePath, {force: true});
	}
}

function movedAside(filePath: string, {reason, domain}: Found & {kind: 'damaged'}): JournalTrouble {
	return {kind: 'moved-aside', path: filePath, reason, ...(domain && {domain})};
}

export class JournalFolder {
	readonly #options: FolderOptions;
	readonly #cache = new Map<string, Cached>();

	constructor(options: FolderOptions) {
		this.#options = options;
	}

	/** Rejects where the folder itself cannot be read. What has ended is removed with its secrets. */
	async scan(): Promise<{unfinished: UnfinishedAction[]; troubles: JournalTrouble[]}> {
		const entries = (await readdir(this.#options.journalFolder, {withFileTypes: true})).sort((a, b) => byName(a.name, b.name));
		const results = await mapLimited(entries, readersAtOnce, async entry => this.#readNamed(entry));
		const found = results.filter(result => result !== undefined);
		// What was moved aside just now is among what lies there.
		const troubles = found.filter((result): result is JournalTrouble => !('plan' in result) && result.kind !== 'moved-aside');
		return {
			unfinished: found.filter((result): result is UnfinishedAction => 'plan' in result),
			troubles: [...troubles, ...await this.#readAside()],
		};
	}

	/** The same for one journal; undefined where its action is over. Rejects where its plan cannot be read. */
	async read(planId: string): Promise<UnfinishedAction | undefined> {
		const result = await this.#readEntry(path.join(this.#options.journalFolder, `${planId}${journalSuffix}`));
		if (result === undefined || 'plan' in result) {
			return result;
		}

		throw new Error(`${result.path}: ${result.reason}`);
	}

	async #settle(filePath: string, found: Found): Promise<UnfinishedAction | JournalTrouble | undefined> {
		switch (found.kind) {
			case 'unfinished': {
				return found.action;
			}

			case 'trouble': {
				return found.trouble;
			}

			case 'beginning': {
				return undefined;
			}

			case 'finished': {
				await this.#options.deleteMetadata(path.basename(filePath).slice(0, -journalSuffix.length));
				return undefined;
			}

			case 'damaged': {
				return movedAside(await moveInto(this.#options.damagedFolder, filePath), found);
			}
		}
	}

	async #readCached(filePath: string): Promise<Cached | undefined> {
		const read = await readFileOnce(filePath, this.#cache.get(filePath));
		if (read === undefined) {
			this.#cache.delete(filePath);
		} else {
			this.#cache.set(filePath, read);
		}

		return read;
	}

	async #readEntry(filePath: string): Promise<UnfinishedAction | JournalTrouble | undefined> {
		const read = await this.#readCached(filePath);
		try {
			return read && await this.#settle(filePath, read.found);
		} catch (error) {
			if (isGone(error)) {
				return undefined;
			}

			const reason = read?.found.kind === 'damaged' ? read.found.reason : 'its action has ended';
			return {kind: 'not-a-journal', path: filePath, reason: `${reason}, and it cannot be moved (${codeOf(error)})`};
		}
	}

	async #readNamed(entry: Dirent): Promise<UnfinishedAction | JournalTrouble | undefined> {
		const filePath = path.join(this.#options.journalFolder, entry.name);
		if (entry.name.startsWith('.') && entry.name.endsWith(`${journalSuffix}.new`)) {
			await removeOldBeginning(filePath);
			return undefined;
		}

		return entry.name.endsWith(journalSuffix) && !entry.name.startsWith('.')
			? this.#readEntry(filePath)
			: {kind: 'not-a-journal', path: filePath, reason: entry.isDirectory() ? 'it is a folder' : 'it is not named like a journal'};
	}

	async #readAside(): Promise<JournalTrouble[]> {
		const {damagedFolder} = this.#options;
		const names = await readdir(damagedFolder).catch((error: unknown) => {
			if (isGone(error)) {
				return [];
			}

			throw error;
		});
		return Promise.all([...names].sort(byName).map(async (name): Promise<JournalTrouble> => {
			const filePath = path.join(damagedFolder, name);
			const read = await this.#readCached(filePath);
			return read?.found.kind === 'damaged'
				? movedAside(filePath, read.found)
				: {kind: 'moved-aside', path: filePath, reason: 'its plan could not be read'};
		}));
	}
}
