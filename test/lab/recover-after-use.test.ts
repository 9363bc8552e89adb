/** What others did with a domain between the crash and its recovery is never lost, and nobody is left without a way on. */
import {readdir, readFile, rename} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {createdPaths} from '../../source/model/plan/plan.ts';
import {makeCrashed} from './crash.ts';
import {startLab} from './daemons.ts';
import {start, stop} from './domains.ts';
import {
	readError, readLeftSecrets, recover, report, revert, runProgram,
} from './program.ts';
import {virsh} from './run.ts';
import {digestAll, digestHeads, readHeads} from './slots.ts';
import {
	markLive, markOffline, readCurrent, takeDiskSnapshot,
} from './snapshots.ts';

test.before(startLab);

test.serial('what a snapshot of somebody else froze since the crash stays, in both directions; giving up leads on', async t => {
	const {domain, plan} = await makeCrashed(t, 'define');
	const frozen = await markOffline(domain, 5);
	const frozenPaths = await readHeads(domain);
	t.deepEqual([...frozenPaths.values()].sort(), createdPaths(plan).sort());
	const digestFrozen = async () => digestAll([...frozenPaths]);
	await takeDiskSnapshot(domain, 'night');
	const written = await markOffline(domain, 6);
	for (const direction of ['--roll-back', '--roll-forward'] as const) {
		const result = await recover(domain, direction);
		t.true(result.exitCode === 3 || result.exitCode === 4, direction + report(result));
		t.regex(readError(result).message, /"night"/, direction);
		t.regex(readError(result).hint ?? '', /--give-up/, direction);
		t.deepEqual(await digestHeads(domain), written, direction);
		t.deepEqual(await digestFrozen(), frozen, direction);
		t.is(await readCurrent(domain), 'night', direction);
	}

	const shown = await runProgram(domain, ['recover', '--json']);
	t.is(shown.exitCode, 4, report(shown));
	t.like((JSON.parse(shown.stdout) as unknown[])[0], {advice: 'give-up'});
	const other = await runProgram(domain, ['recover', '--give-up', '--yes', '--json', '--', 'another-domain']);
	t.is(other.exitCode, 0, report(other));
	t.is((await readdir(path.join(domain.statePath, 'journal'))).length, 1, 'the action of this domain is still there');

	await virsh('desc', '--domain', domain.uuid, '--config', '--new-desc', 'as somebody left it');
	const definition = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	const givenUp = await runProgram(domain, ['recover', '--give-up', '--yes', '--json', '--', domain.name]);
	t.is(givenUp.exitCode, 0, report(givenUp));
	t.true([...frozenPaths.values()].every(file => givenUp.stdout.includes(file)), 'what is left lying is listed');
	t.is(await virsh('dumpxml', '--domain', domain.uuid, '--inactive'), definition, 'nothing is touched');
	t.deepEqual(await digestHeads(domain), written);
	t.deepEqual(await readLeftSecrets(domain), []);
	const archives = await readdir(path.join(domain.statePath, 'given-up'));
	t.is(archives.length, 1);
	t.regex(await readFile(path.join(domain.statePath, 'given-up', archives[0]!), 'utf8'), /"kind":"plan"/);
	t.is((await runProgram(domain, ['create', '--dry-run', '--disk-only', '--', domain.name, 'n1'])).exitCode, 0, 'other actions are possible');
	const doctor = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.false(doctor.stdout.includes('unfinished-action'), report(doctor));
});

test.serial('what a guest wrote since the crash is not thrown away by putting back, and the way to lose it is never advised', async t => {
	const {domain} = await makeCrashed(t, 'define', {diskCount: 1});
	await start(domain);
	const written = await markLive(domain, 6);
	for (const state of ['on', 'off'] as const) {
		const refused = await recover(domain, '--roll-back');
		t.is(refused.exitCode, 3, state + report(refused));
		t.regex(readError(refused).message, /would be lost/, state);
		t.notRegex(JSON.stringify(readError(refused)), /[Ss]hut it down/, state);
		t.regex(readError(refused).hint ?? '', /--roll-forward.*--give-up/su, state);
		t.deepEqual(await digestHeads(domain), written, state);
		await stop(domain);
	}

	const finished = await recover(domain, '--roll-forward');
	t.is(finished.exitCode, 0, report(finished));
	t.deepEqual(await digestHeads(domain), written);
	t.is((await revert(domain, 's2')).exitCode, 0, 'other actions are possible');
});

test.serial('a roll-back does not say that all is as it was before where the images are gone', async t => {
	const {domain, digests} = await makeCrashed(t, 'create-vda', {diskCount: 1});
	const away = `${domain.folder}-away`;
	await rename(domain.folder, away);
	const refused = await recover(domain, '--roll-back');
	await rename(away, domain.folder);
	t.is(refused.exitCode, 4, report(refused));
	t.true(readError(refused).message.includes((await readHeads(domain)).get('vda')!), report(refused));
	t.true(readError(refused).hint?.endsWith(`vsnap-tui doctor ${domain.name} checks what is wrong.`), report(refused));
	await rename(domain.folder, away);
	const checked = await runProgram(domain, ['doctor', domain.name]);
	t.regex(checked.stdout, /PROBLEM \(image-missing\)/, report(checked));
	await rename(away, domain.folder);
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual(await digestHeads(domain), digests.get(''));
	t.is((await revert(domain, 's1')).exitCode, 0);
});
