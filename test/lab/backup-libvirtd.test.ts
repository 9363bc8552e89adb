/**
libvirtd is killed in the midst of a backup. QEMU goes on copying, and a libvirtd that is back within the minute knows the job, also where it has ended meanwhile: the
backup is finished. The guest goes on, and the next increment is right.
*/
import {existsSync} from 'node:fs';
import {readdir, readFile} from 'node:fs/promises';
import path from 'node:path';
import {setTimeout} from 'node:timers/promises';
import test from 'ava';
import {
	backUp, digestPoint, makeTarget, readBackupPlan, readCheckpointNames, readManifests,
} from './backups.ts';
import {startLab} from './daemons.ts';
import {makeDomain, readState, start} from './domains.ts';
import {report} from './program.ts';
import {
	attemptVirsh, run, virsh, waitFor,
} from './run.ts';
import {makeShims} from './shims.ts';
import {markLive} from './snapshots.ts';

test.before(startLab);

const pidFile = '/run/libvirtd.pid';
/** QEMU copies what is here in about six seconds; so much that it has not copied all before it is told to be so slow. */
const [mebibytes, rate] = [1500, '--rate=240M'];

const cases = [
	{what: 'before', seconds: 1},
	{what: 'after', seconds: 14},
];

for (const {what, seconds} of cases) {
	test.serial(`libvirtd is back ${what} QEMU has copied all, and the backup is finished`, async t => {
		const domain = await makeDomain(t, {sizeMiB: mebibytes + 50, diskCount: 1});
		const folder = await makeTarget(t, domain);
		await start(domain);
		await markLive(domain, 1);
		const first = await backUp(domain, folder);
		t.is(first.exitCode, 0, report(first));
		const {uuid} = domain;
		const alias = /<alias name='(?<name>virtio-disk0)'/.exec(await virsh('dumpxml', '--domain', uuid))!.groups!.name!;
		await virsh('qemu-monitor-command', '--hmp', '--domain', uuid, '--cmd', `qemu-io -d /machine/peripheral/${alias}/virtio-backend "write -P 7 30M ${mebibytes}M"`);
		const held = await markLive(domain, 2);
		const plan = await readBackupPlan(domain, folder, [rate]);
		const shims = await makeShims(t, plan, {
			at: plan.steps.findIndex(({id}) => id === 'limit-vda'),
			script: `"$name" "$@" || exit
kill -9 $(cat ${pidFile}); : >"$here/killed"; exit 0`,
		});
		const argv = (await readFile(`/proc/${(await readFile(pidFile, 'utf8')).trim()}/cmdline`, 'utf8')).split('\0').filter(word => word !== '');
		const startAgain = async () => {
			await waitFor('libvirtd is killed', () => existsSync(path.join(shims.folder, 'killed')));
			await setTimeout(seconds * 1000);
			await run(argv[0]!, argv.slice(1));
		};

		const [made] = await Promise.all([backUp(domain, folder, [rate], shims.options), startAgain()]);
		await shims.settle();
		t.is(made.exitCode, 0, report(made));
		t.true((await virsh('domjobinfo', uuid)).includes('None'));
		t.is(await readState(domain), 'running');
		t.is((await readdir(folder)).length, 4);
		t.is((await readCheckpointNames(domain)).length, 2);
		const now = await markLive(domain, 3);
		const next = await backUp(domain, folder);
		t.is(next.exitCode, 0, report(next));
		const manifests = await readManifests(folder);
		t.true(manifests.slice(1).every(({disks}) => disks[0]!.kind === 'incremental'));
		t.deepEqual(await Promise.all(manifests.slice(1).map(async manifest => digestPoint(folder, manifest))), [held, now]);
		t.is((await attemptVirsh('backup-dumpxml', uuid)).exitCode, 1);
	});
}
