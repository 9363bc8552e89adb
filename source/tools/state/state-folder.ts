/**
Where the private folder of this user is, and whether it may be trusted: what stands in it is run later on (journals, records of standalone QEMUs), so
nobody else may be able to put anything there.
*/
import {stat} from 'node:fs/promises';
import path from 'node:path';
import {fail, succeed, type Result} from '../../model/result.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';

/** Of several folders the first that is an absolute path: the XDG base directory specification has relative and empty ones ignored. */
export function firstAbsolute(...folders: Array<string | undefined>): string | undefined {
	return folders.find(folder => folder !== undefined && path.isAbsolute(folder));
}

/**
`VSNAP_TUI_STATE`, else /var/lib/vsnap-tui for root, else vsnap-tui in the state folder of the user. `homes`: candidates for the home folder, the best first.
Always absolute: a value that is empty or relative counts as missing, so that nothing lands in the current folder.
*/
export function stateFolder(environment: NodeJS.ProcessEnv, {uid, homes}: {uid: number; homes: readonly string[]}): string {
	const given = firstAbsolute(environment.VSNAP_TUI_STATE);
	const systemFolder = '/var/lib/vsnap-tui';
	if (given !== undefined || uid === 0) {
		return path.normalize(given ?? systemFolder);
	}

	const home = firstAbsolute(...homes);
	return path.join(firstAbsolute(environment.XDG_STATE_HOME) ?? path.join(home ?? '/', '.local', 'state'), 'vsnap-tui');
}

const writableByGroupOrOthers = 0o022;
const writableByOthers = 0o002;
const sticky = 0o1000;

type Facts = {uid: number; mode: number; isFolder: boolean};

/** Undefined where nothing is there, or where it cannot be looked at: then it cannot be used either, and that is said when it is. */
async function readFacts(folder: string): Promise<Facts | undefined> {
	try {
		const facts = await stat(folder);
		return {uid: facts.uid, mode: facts.mode, isFolder: facts.isDirectory()};
	} catch {
		return undefined;
	}
}

function unsafe(folderPath: string, reason: string, remedy: string): Result<never> {
	return fail({kind: 'state-folder-unsafe', path: folderPath, reason, remedy: `${remedy}, or name another folder with VSNAP_TUI_STATE.`});
}

function checkParent(folderPath: string, parent: string, facts: Facts | undefined, {uid, isDirect}: {uid: number; isDirect: boolean}): Result<void> {
	if (facts !== undefined && (facts.mode & writableByOthers) !== 0 && (facts.mode & sticky) === 0) {
		return unsafe(folderPath, `everyone may rename files in ${parent}`, `Remove that right: chmod o-w -- ${quoteForShell(parent)}`);
	}

	return isDirect && facts !== undefined && facts.uid !== uid && facts.uid !== 0
		? unsafe(folderPath, `${parent} belongs to another user (${facts.uid}), who may replace it`, 'Move it to a folder of your own')
		: succeed(undefined);
}

/**
Fails with `state-folder-unsafe` where the folder belongs to somebody else, or where others could write to it or put another in its place. One that is not
there yet is fine as far as its parents are.
*/
export async function checkStateFolder(folderPath: string, uid: number): Promise<Result<void>> {
	const facts = await readFacts(folderPath);
	const quoted = quoteForShell(folderPath);
	if (facts !== undefined && facts.uid !== uid) {
		return unsafe(folderPath, `it belongs to another user (${facts.uid})`, `Check its content; if all of it is yours, take it over: chown -R ${uid} -- ${quoted}`);
	}

	if (facts?.isFolder && (facts.mode & writableByGroupOrOthers) !== 0) {
		return unsafe(folderPath, 'other users may write to it', `Check its content, then remove that right: chmod go-w -- ${quoted}`);
	}

	for (let child = folderPath, parent = path.dirname(child); parent !== child; child = parent, parent = path.dirname(child)) {
		const checked = checkParent(folderPath, parent, await readFacts(parent), {uid, isDirect: child === folderPath});
		if (!checked.ok) {
			return checked;
		}
	}

	return succeed(undefined);
}
