/** What `--keep` and `branch --keep` promise is proven at the end: the very files that the kept record names, or the run says that they are not there and removes nothing. */
import {readdir} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {startLab} from './daemons.ts';
import {makeDomain} from './domains.ts';
import {
	readError, readLeftSecrets, recover, report, runProgram,
} from './program.ts';
import {run} from './run.ts';
import {makeShims} from './shims.ts';
import {digestHeads, readHeads} from './slots.ts';
import {
	markOffline, readParents, takeDiskSnapshot, takeInternalSnapshot,
} from './snapshots.ts';

test.before(startLab);

const external = ['revert', '--keep', 'k1'];

for (const {title, words, after, isInside, script, finding, isBackAtOnce} of [
	{title: 'removed', words: external, after: 'define', isInside: false, script: 'mv "$head" "$head.away"', finding: /k(?:ept)?.*gone/s, isBackAtOnce: false},
	{title: 'replaced by a copy', words: external, after: 'define', isInside: false, script: 'cp "$head" "$head.copy"; mv "$head.copy" "$head"', finding: /is now another file/, isBackAtOnce: true},
	{title: 'removed, in a branch', words: ['branch', '--keep', 'k1'], after: 'define', isInside: false, script: 'mv "$head" "$head.away"', finding: /gone/, isBackAtOnce: false},
	{title: 'taken out of its image', words: external, after: 'current', isInside: true, script: 'qemu-img snapshot -d k1 "$head"', finding: /is not there/, isBackAtOnce: false},
]) {
	test.serial(`the state that is to be kept is ${title} in the midst: the run says so, and what it left leads on`, async t => {
		const domain = await makeDomain(t, {sizeMiB: 8, diskCount: 1});
		await markOffline(domain, 1);
		await (isInside ? takeInternalSnapshot(domain, 's1') : takeDiskSnapshot(domain, 's1'));
		const written = await markOffline(domain, 2);
		const head = (await readHeads(domain)).get('vda')!;
		const args = [...words, ...words[0] === 'branch' ? ['--', domain.name, 's1', 'b1'] : ['--', domain.name, 's1']];
		const shown = await runProgram(domain, [words[0]!, '--dry-run', '--json', ...args.slice(1)]);
		t.is(shown.exitCode, 0, report(shown));
		const plan = JSON.parse(shown.stdout) as Plan;
		const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === after), script: `head='${head}'; "$name" "$@" || exit; ${script}; exit 0`});
		const before = await readdir(domain.folder);
		const result = await runProgram(domain, [words[0]!, '--yes', '--json', ...args.slice(1)], shims.options);
		t.is(result.exitCode, isBackAtOnce ? 1 : 4, report(result));
		t.regex(readError(result).message, finding, report(result));
		t.false(result.stdout.includes('"step":"remove-'), report(result));
		if (isInside) {
			return;
		}

		await (isBackAtOnce ? undefined : run('mv', [`${head}.away`, head]));
		const back = await recover(domain, '--roll-back');
		t.is(back.exitCode, 0, report(back));

		t.deepEqual(await digestHeads(domain), written);
		t.deepEqual(await readParents(domain), {s1: undefined});
		t.deepEqual((await readdir(domain.folder)).sort(), before.sort().map(name => path.basename(name)));
		t.deepEqual(await readLeftSecrets(domain), []);
	});
}
