/**
F21: a snapshot while a backup runs leaves its bitmap without the writes since the backup began. So no action that changes images is planned while there is a backup job, whoever
made it; once it has ended all goes on, and the next increment is right.
*/
import {chmod, mkdtemp, rm} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {
	askBare, doBare, markBare, runBare, startBare,
} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, withFile} from './domains.ts';
import {readIncrement, rememberPoint} from './increments.ts';
import {report, runProgram} from './program.ts';
import {virsh, waitFor} from './run.ts';
import {markLive, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

const actions = [
	['create', '--disk-only', 's2'],
	['create', '--memory=external', 's2'],
	['create', 's2'],
	['revert', '--keep=k', 's1'],
	['branch', '--keep=k', 's1', 'b1'],
	['merge', 's1'],
	['delete', 's1'],
	['checkpoint', 'create', 'c2'],
	['checkpoint', 'delete', 'c1'],
];

/** Its words with the domain's name in front of the others. */
function wordsOf(action: readonly string[], name: string, ...flags: string[]): string[] {
	const verbs = action.slice(0, action[0] === 'checkpoint' ? 2 : 1);
	const rest = action.slice(verbs.length);
	return [...verbs, ...rest.filter(word => word.startsWith('--')), ...flags, '--', name, ...rest.filter(word => !word.startsWith('--'))];
}

test.serial('libvirt: an incremental pull of somebody else', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	await start(domain);
	await takeDiskSnapshot(domain, 's1');
	await virsh('checkpoint-create-as', '--domain', domain.uuid, '--name', 'c1');
	await rememberPoint(t, domain, 'c1');
	await markLive(domain, 1);
	// QEMU's user makes the socket.
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-'));
	await chmod(folder, 0o777);
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const server = `<server transport='unix' socket='${folder}/nbd.sock'/>`;
	await withFile(`<domainbackup mode='pull'><incremental>c1</incremental>${server}<disks><disk name='vda' type='file'><scratch file='${domain.folder}/vda.scratch'/></disk></disks></domainbackup>`, async backup =>
		virsh('backup-begin', domain.uuid, '--backupxml', backup));
	for (const action of actions) {
		const refused = await runProgram(domain, wordsOf(action, domain.name, '--yes'));
		t.is(refused.exitCode, 6, `${action.join(' ')}\n${report(refused)}`);
		t.regex(refused.stderr, /A job is running: Backup/, action.join(' '));
	}

	await markLive(domain, 2);
	await virsh('domjobabort', '--domain', domain.uuid);
	await waitFor('the backup has ended', async () => (await virsh('domjobinfo', '--domain', domain.uuid)).includes('None'));
	const done = await runProgram(domain, wordsOf(actions[0]!, domain.name, '--yes'));
	t.is(done.exitCode, 0, report(done));
	await markLive(domain, 3);
	t.like(await readIncrement(domain, 'c1'), {refusal: undefined, isExact: true});
});

test.serial('a standalone QEMU: an incremental backup from the bitmap of a checkpoint', async t => {
	const domain = await startBare(t);
	await doBare(domain, ...wordsOf(['create', '--disk-only', 's1'], domain.name, '--yes'));
	await doBare(domain, ...wordsOf(['checkpoint', 'create', 'c1'], domain.name, '--yes'));
	for (const mark of [1, 3, 5, 7, 9]) {
		await markBare(domain, mark);
	}

	const backends = await askBare<Array<{inserted?: {'node-name': string; 'dirty-bitmaps'?: unknown[]}}>>(domain, 'query-block');
	const node = backends.find(({inserted}) => inserted?.['dirty-bitmaps'])!.inserted!['node-name'];
	await askBare(domain, 'blockdev-add', {driver: 'null-co', 'node-name': 'target', size: 4 * 1024 * 1024});
	await askBare(domain, 'blockdev-backup', {
		'job-id': 'theirs', device: node, target: 'target', sync: 'bitmap', bitmap: 'c1', 'bitmap-mode': 'never', speed: 1,
	});
	t.is((await askBare<unknown[]>(domain, 'query-jobs')).length, 1);
	for (const action of actions) {
		const refused = await runBare(domain, wordsOf(action, domain.name, '--yes'));
		t.not(refused.exitCode, 0, `${action.join(' ')}\n${refused.stdout}${refused.stderr}`);
		t.regex(refused.stderr, /A job is running: backup \("theirs"/, action.join(' '));
	}

	await askBare(domain, 'job-cancel', {id: 'theirs'});
	await waitFor('the backup has ended', async () => (await askBare<unknown[]>(domain, 'query-jobs')).length === 0);
	await doBare(domain, ...wordsOf(actions[0]!, domain.name, '--yes'));
	const told = JSON.parse(await doBare(domain, 'checkpoint', 'list', '--json', '--', domain.name)) as {checkpoints: Array<{size: number; disks: Array<{health: string}>}>};
	t.deepEqual(told.checkpoints.flatMap(({disks}) => disks.map(({health}) => health)), ['good', 'good']);
	t.is(told.checkpoints[0]!.size, 2 * 5 * 65_536);
});
