/**
What ran for each action: a file of its own, one line of JSON for each command. Only those of the latest actions are kept.
*/
import {constants} from 'node:fs';
import {readdir, readFile, rm} from 'node:fs/promises';
import path from 'node:path';
import type {RanCommand} from '../../model/plan/ran-command.ts';
import {endsInMidLine, usingFile} from '../run/private-files.ts';

const suffix = '.jsonl';
const mostKept = 500;

/** Names of plans begin with their time, so that they sort by it. */
async function removeOld(folder: string): Promise<void> {
	const names = (await readdir(folder)).filter(name => name.endsWith(suffix)).sort();
	await Promise.all(names.slice(0, -mostKept).map(async name => rm(path.join(folder, name), {force: true})));
}

export async function appendRan(folder: string, planId: string, command: RanCommand): Promise<void> {
	let isFirst = false;
	await usingFile(path.join(folder, planId + suffix), constants.O_APPEND | constants.O_CREAT | constants.O_RDWR, async file => {
		isFirst = (await file.stat()).size === 0;
		await file.appendFile(`${await endsInMidLine(file) ? '\n' : ''}${JSON.stringify(command)}\n`);
	});
	if (isFirst) {
		await removeOld(folder);
	}
}

function parseLine(line: string): RanCommand | undefined {
	try {
		const value = JSON.parse(line) as Partial<RanCommand> | null;
		const isWhole = typeof value === 'object' && value !== null
			&& (['at', 'command', 'output'] as const).every(name => typeof value[name] === 'string')
			&& typeof value.durationMs === 'number' && typeof value.isFailed === 'boolean'
			&& (value.exitCode === undefined || typeof value.exitCode === 'number');
		return isWhole ? value as RanCommand : undefined;
	} catch {
		return undefined;
	}
}

/** Empty where nothing is kept, also for a name that no plan has. Rejects where it cannot be read. */
export async function readRan(folder: string, planId: string): Promise<RanCommand[]> {
	const names = await readdir(folder).catch((error: unknown) => {
		if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
			return [];
		}

		throw error;
	});
	const name = names.find(candidate => candidate === planId + suffix);
	if (name === undefined) {
		return [];
	}

	const text = await readFile(path.join(folder, name), {encoding: 'utf8', flag: constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW});
	return text.split('\n').flatMap(line => parseLine(line) ?? []);
}
