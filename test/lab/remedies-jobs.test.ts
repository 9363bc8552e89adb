/** What a domain is busy with, and what is advised until it is not: jobs that are no backup, copies to what is no file, a guest that sleeps. */
import {Buffer} from 'node:buffer';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {
	chmod, mkdtemp, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, readState, start, stop, withFile, type LabDomain,
} from './domains.ts';
import {expectStarts} from './expect.ts';
import {
	createArgs, findings, refused, runAsTold, succeeds, type FindingLine,
} from './remedies.ts';
import {
	attemptVirsh, run, virsh, waitFor,
} from './run.ts';
import {labEnvironment, labUri} from './settings.ts';
import {digestHeads} from './slots.ts';
import {takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('a dump that its reader holds up is aborted as advised', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const pipe = path.join(domain.folder, 'dump');
	await run('mkfifo', [pipe]);
	await chmod(pipe, 0o666);
	// It opens the pipe and reads nothing.
	const reader = spawn('sh', ['-c', `exec 3<'${pipe}'; exec sleep 60`], {stdio: 'ignore'});
	const dump = spawn('virsh', ['-q', '-c', labUri, 'dump', '--live', domain.uuid, pipe], {stdio: 'ignore', env: labEnvironment()});
	const ended = once(dump, 'exit');
	t.teardown(() => {
		reader.kill('SIGKILL');
		dump.kill('SIGKILL');
	});
	await waitFor('the dump begins', async () => (await attemptVirsh('domjobinfo', domain.uuid)).stdout.includes('Dump'));
	const asked = createArgs(domain, 's1', '--disk-only');
	const advice = await refused(t, domain, asked, `Wait until it has ended, or abort it (virsh domjobabort ${domain.name}).`);
	await runAsTold(/abort it \((.*)\)/.exec(advice)![1]!);
	reader.kill('SIGKILL');
	await ended;
	await succeeds(t, domain, asked);
	await stop(domain);
});

/** An NBD server on a raw file of this size, by its socket. */
async function serve(t: ExecutionContext, mebibytes: number): Promise<{store: string; source: string}> {
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-nbd-'));
	const [store, socket] = ['store.raw', 'socket'].map(name => path.join(folder, name)) as [string, string];
	await run('truncate', ['-s', `${mebibytes}M`, store]);
	await chmod(folder, 0o755);
	await run('qemu-nbd', ['--fork', '--persistent', '--shared=5', '-f', 'raw', '-k', socket, '--pid-file', `${socket}.pid`, store]);
	t.teardown(async () => {
		await run('sh', ['-c', `kill $(cat '${socket}.pid')`]);
		await rm(folder, {recursive: true, force: true});
	});
	await chmod(socket, 0o666);
	return {store, source: `<source protocol='nbd'><host transport='unix' socket='${socket}'/></source>`};
}

test.serial('a copy to what is no file waits to be ended: both ways that are named end it', async t => {
	for (const way of ['--abort', '--pivot']) {
		const domain = await makeDomain(t, {diskCount: 1});
		const {source} = await serve(t, 16);
		await start(domain);
		await withFile(`<disk type='network' device='disk'><driver name='qemu' type='raw'/>${source}</disk>`, async file => virsh('blockcopy', '--domain', domain.uuid, '--path', 'vda', '--xml', file, '--transient-job', '--wait'));
		const asked = createArgs(domain, 's1', '--disk-only');
		const advice = await refused(t, domain, asked, /--pivot \(vda continues on the copy\), or cancel it with virsh blockjob \S+ vda --abort/);
		const [{remedy}] = await findings(domain, 'block-job') as [FindingLine, ...FindingLine[]];
		t.regex(remedy!, /--pivot \(it continues on the copy\)/);
		await runAsTold(new RegExp(String.raw`virsh blockjob \S+ vda ${way}`).exec(way === '--abort' ? advice : remedy!)![0]);
		t.deepEqual(await findings(domain, 'block-job'), []);
		t.is((await virsh('dumpxml', domain.uuid)).includes('protocol=\'nbd\''), way === '--pivot');
		if (way === '--abort') {
			await succeeds(t, domain, asked);
		}

		await stop(domain);
	}
});

/** Sleeps (S3, by the power management of this board) when it is started, notes in the clock's memory that it has, and waits from then on. */
const sleeper = Buffer.from('b040e670e4713c5a740bb05ae671ba0406b80024effbf4ebfc', 'hex');

async function makeSleeper(t: ExecutionContext): Promise<LabDomain> {
	const domain = await makeDomain(t, {diskCount: 1});
	const sector = Buffer.alloc(512);
	sleeper.copy(sector);
	sector.writeUInt16LE(0xAA_55, 510);
	const file = path.join(domain.folder, 'sector');
	await writeFile(file, sector);
	await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -s ${file} 0 512`, domain.disks[0]!.path]);
	await rm(file);
	await defineXml(domainXml(domain).replace('<devices>', '<pm><suspend-to-mem enabled=\'yes\'/></pm><devices>'));
	return domain;
}

test.serial('a guest that sleeps: once it runs again the snapshot is taken, and it is gone back to', async t => {
	const domain = await makeSleeper(t);
	await takeDiskSnapshot(domain, 's1');
	const held = await digestHeads(domain);
	await start(domain);
	await waitFor('the guest sleeps', async () => await readState(domain) === 'pmsuspended');
	const remedy = 'Wait until it is running, paused or shut off; then try again.';
	const back = ['revert', '--discard', '--yes', '--json', '--', domain.name, 's1'];
	await refused(t, domain, back, remedy);
	await virsh('dompmwakeup', domain.uuid);
	await waitFor('it runs', async () => await readState(domain) === 'running');
	await succeeds(t, domain, back);
	t.deepEqual(await digestHeads(domain), held);
});

test.serial('a disk that is named without a folder is named by its whole path as advised', async t => {
	// Relative to whatever folder its QEMU will be started in.
	const domain = await makeDomain(t, {diskCount: 1, devicesXml: '<disk type=\'file\' device=\'disk\'><driver name=\'qemu\' type=\'raw\'/><source file=\'data.raw\'/><target dev=\'vdb\' bus=\'virtio\'/></disk>'});
	await run('truncate', ['-s', '1M', path.join(domain.folder, 'data.raw')]);
	await takeDiskSnapshot(domain, 's1', ['--diskspec', 'vdb,snapshot=no']);
	const asked = ['delete', '--yes', '--json', '--', domain.name, 's1'];
	const advice = await refused(t, domain, asked, `Name the file by its absolute path (virsh edit ${domain.name}; in the record of a snapshot: virsh snapshot-edit ${domain.name} SNAPSHOT), then try again.`);
	for (const command of advice.match(/virsh (?:snapshot-)?edit [^;)]*/g)!) {
		await runAsTold(`EDITOR='sed -i s#data.raw#${domain.folder}/data.raw#' ${command.replace('SNAPSHOT', 's1')}`);
	}

	await succeeds(t, domain, asked);
	await expectStarts(t, domain, ['vdb']);
});
