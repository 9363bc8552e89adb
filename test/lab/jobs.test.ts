/** What runs on a domain is seen before anything is planned: a job without a limit, and one that is complete and waits. */
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {expectRefused} from './expect.ts';
import {revert, runProgram} from './program.ts';
import {attempt, attemptVirsh, virsh, waitFor} from './run.ts';
import {labUri} from './settings.ts';
import {digestHeads, digestImage, readHeads} from './slots.ts';
import {takeChain} from './snapshots.ts';

test.before(startLab);

test.serial('an unlimited pull and a ready active commit are refused as jobs, and the command that is offered ends the commit', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 64});
	await start(domain);
	const digests = await takeChain(domain, ['s1']);
	const head = (await readHeads(domain)).get('vda')!;
	await virsh('blockpull', '--domain', domain.uuid, '--path', 'vda', '--bandwidth', '1', '--bytes');
	// Held still, and without its limit: so it lasts as long as the test, and looks like one that was started without a limit.
	const monitor = async (command: string, more: Record<string, unknown>) =>
		virsh('qemu-monitor-command', '--domain', domain.uuid, '--cmd', JSON.stringify({execute: command, arguments: more}));
	const [job] = (JSON.parse(await monitor('query-jobs', {})) as {return: Array<{id: string}>}).return;
	await monitor('job-pause', {id: job!.id});
	await monitor('block-job-set-speed', {device: job!.id, speed: 0});
	for (const currentState of [['--keep', 'k'], ['--discard']]) {
		await expectRefused(t, domain, async () => revert(domain, 's1', {flags: currentState}), /Block Pull on vda[\s\S]*blockjob .* vda --abort/, 6);
	}

	await monitor('block-job-set-speed', {device: job!.id, speed: 1});
	await monitor('job-resume', {id: job!.id});
	await virsh('blockjob', '--domain', domain.uuid, '--path', 'vda', '--abort');
	await virsh('blockcommit', '--domain', domain.uuid, '--path', 'vda', '--active');
	await waitFor('the commit is ready', async () => (await virsh('dumpxml', '--domain', domain.uuid)).includes('ready=\'yes\''));
	const refused = await runProgram(domain, ['revert', '--discard', '--dry-run', '--', domain.name, 's1']);
	t.is(refused.exitCode, 6);
	t.regex(refused.stderr, /an active commit of vda that is complete and waits/);
	const giveUp = /cancel it with (virsh blockjob .* --abort) /.exec(refused.stderr)![1]!;
	const ended = await attempt('sh', ['-c', giveUp.replace(/^virsh /, `virsh -c '${labUri}' `)]);
	t.is(ended.exitCode, 0, ended.stderr);
	t.is((await readHeads(domain)).get('vda'), head);
	t.regex(refused.stderr, /what it has copied stays in the image below, so the state of a snapshot that froze that image is lost/);
	t.is((await attemptVirsh('blockjob', '--domain', domain.uuid, '--path', 'vda', '--raw')).stdout.trim(), '');
	// After a commit that was given up, QEMU keeps the lower image's write lock as long as it runs.
	await stop(domain);
	t.deepEqual(await digestHeads(domain), digests.get(''));
	t.not(await digestImage(domain.disks[0]!.path), digests.get('s1')!.vda, 'as was said: what the snapshot froze has been written to');
});
