/**
The first command of whatever uses a backup: its files are what they were, and lead nowhere else.
*/
import type {RunOutput} from '../../engine/ports.ts';
import type {ProgramCommand} from '../../model/plan/plan.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';
import {readBackups} from '../files/read-backups.ts';
import {examineBackups} from './examine-backups.ts';

/** `vsnap-tui backup verify [--quick] --at POINT -- FOLDER`. Fails with `unreadable` where the point cannot be restored. */
export async function verifyBackup(runner: Runner, {argv}: ProgramCommand): Promise<Result<RunOutput>> {
	const startedAt = performance.now();
	const folder = argv.at(-1)!;
	const point = argv[argv.indexOf('--at') + 1]!;
	const backups = await readBackups(runner, folder);
	if (!backups.ok) {
		return backups;
	}

	const {points} = backups.value;
	const wanted = points.filter(one => one.point === point);
	const verdicts = await examineBackups(runner, folder, {points, wanted, isQuick: argv.includes('--quick')});
	if (!verdicts.ok) {
		return verdicts;
	}

	const [verdict] = verdicts.value;
	return verdict?.state === 'good'
		? succeed({stdout: '', stderr: '', durationMs: Math.round(performance.now() - startedAt)})
		: fail({kind: 'unreadable', what: `The backup ${point}`, reason: verdict === undefined ? 'it is not there' : verdict.problems.join('; ')});
}
