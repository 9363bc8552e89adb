/** What is found after the libvirtd was down: a delete of virsh that it was killed in, and a record as very old versions wrote them. Each remedy is followed, and helps. */
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, readState} from './domains.ts';
import {
	findings, refused, runAsTold, succeeds, type FindingLine,
} from './remedies.ts';
import {
	attempt, attemptVirsh, run, virsh, waitFor,
} from './run.ts';
import {labUri} from './settings.ts';
import {digestHeads, digestImage} from './slots.ts';
import {markOffline, readParents, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

const pidFile = '/run/libvirtd.pid';

/** Kills the libvirtd; gives what starts it again. */
async function killDaemon(): Promise<() => Promise<void>> {
	const pid = Number(await readFile(pidFile, 'utf8'));
	const argv = (await readFile(`/proc/${pid}/cmdline`, 'utf8')).split('\0').filter(word => word !== '');
	process.kill(pid, 'SIGKILL');
	return async () => {
		await run(argv[0]!, argv.slice(1));
		await waitFor('libvirtd answers', async () => (await attemptVirsh('uri')).exitCode === 0);
	};
}

for (const name of ['s1', 's2']) {
	test.serial(`a delete of virsh in which libvirtd was killed is finished as advised (${name})`, async t => {
		const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 600});
		const names = ['s1', 's2'].slice(0, name === 's1' ? 1 : 2);
		for (const [index, each] of names.entries()) {
			await markOffline(domain, index + 1);
			await takeDiskSnapshot(domain, each);
		}

		await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -P 5 4M 500M', path.join(domain.folder, `vda.${name}`)]);
		const now = await digestHeads(domain);
		const deletion = attempt('virsh', ['-q', '-c', labUri, 'snapshot-delete', domain.uuid, name]);
		await waitFor('it merges', async () => (await attemptVirsh('blockjob', domain.uuid, 'vda', '--raw')).stdout.includes('type='));
		const start = await killDaemon();
		await deletion;
		await start();
		await waitFor('the commit is ready', async () => (await virsh('dumpxml', domain.uuid)).includes('ready=\'yes\''));
		const [job] = await findings(domain, 'block-job') as [FindingLine, ...FindingLine[]];
		t.notRegex(job.remedy!, /--pivot/);
		// The mark is on what it is merged into, if that has a record.
		const marked = name === 's1' ? [] : ['Once the job has ended and the domain is off, run the same virsh snapshot-delete again: it finishes the merge.'];
		t.deepEqual((await findings(domain, 'delete-in-progress')).map(({remedy}) => remedy), marked);
		await runAsTold(/virsh blockjob \S+ vda --abort/.exec(job.remedy!)![0]);
		await runAsTold(/virsh destroy [^,]*/.exec(job.remedy!)![0]);
		t.deepEqual((await findings(domain, 'delete-in-progress')).map(({remedy}) => remedy), marked.map(() => 'Run the same virsh snapshot-delete again: it finishes the merge.'));
		await virsh('snapshot-delete', domain.uuid, name);
		t.deepEqual(Object.keys(await readParents(domain)), names.slice(0, -1));
		t.deepEqual(await digestHeads(domain), now);
		t.is(await readState(domain), 'shut off');
		for (const kind of ['delete-in-progress', 'block-job']) {
			t.deepEqual(await findings(domain, kind), []);
		}
	});
}

test.serial('a record without a domain, as very old ones are: the domain is added to it, or the record alone is deleted, as advised', async t => {
	for (const adds of [true, false]) {
		const domain = await makeDomain(t, {diskCount: 1});
		const held = await markOffline(domain, 1);
		await takeDiskSnapshot(domain, 's1');
		await markOffline(domain, 2);
		const start = await killDaemon();
		const file = `/var/lib/libvirt/qemu/snapshot/${domain.name}/s1.xml`;
		const record = await readFile(file, 'utf8');
		await writeFile(file, record.replace(/<domain .*<\/domain>/s, `<domain><uuid>${domain.uuid}</uuid></domain>`).replace(/<inactiveDomain .*<\/inactiveDomain>/s, ''));
		await start();
		const back = ['revert', '--discard', '--yes', '--json', '--', domain.name, 's1'];
		const drop = ['delete', '--yes', '--json', '--', domain.name, 's1'];
		if (adds) {
			await refused(t, domain, back, 'Add the <domain> to its record (virsh snapshot-edit).');
			const whole = path.join(domain.folder, 'domain.xml');
			await writeFile(whole, (await virsh('dumpxml', '--domain', domain.uuid, '--inactive')).replace('vda.s1', 'vda.qcow2'));
			await runAsTold(`EDITOR='sed -i -e "/<domain>/,/<.domain>/d" -e "/<.disks>/r ${whole}"' virsh snapshot-edit ${domain.name} s1`);
			await succeeds(t, domain, back);
			t.deepEqual(await digestHeads(domain), held);
		} else {
			await refused(t, domain, drop, 'Delete only the record with --metadata.');
			await succeeds(t, domain, ['delete', '--metadata', ...drop.slice(1)]);
			t.deepEqual(await readParents(domain), {});
			t.is(await digestImage(domain.disks[0]!.path), held.vda!);
		}
	}
});
