/**
Backups of a domain that is off at the other end of ssh: what has changed is copied by a program over there, whose socket ssh forwards.
*/
import {readdirSync} from 'node:fs';
import {
	mkdtemp, readdir, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {backUp, digestPoint, makeTarget, readManifests} from './backups.ts';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop, type LabDomain} from './domains.ts';
import {report, runProgram} from './program.ts';
import {run} from './run.ts';
import {digestImage, readHeads} from './slots.ts';
import {markLive, takeDiskSnapshot, type Digests} from './snapshots.ts';
import {startSshServer, withoutImageTools} from './ssh-server.ts';
import {readStrays} from './world.ts';

test.before(startLab);

/** Writes to each disk as the domain would have; what it then holds. */
async function markOff(domain: LabDomain, command: string): Promise<Digests> {
	const heads = await readHeads(domain, {inactive: true});
	return Object.fromEntries(await Promise.all([...heads].map(async ([target, head]) => {
		await run('qemu-io', ['-f', 'qcow2', '-c', command, head]);
		return [target, await digestImage(head, 'qcow2')] as const;
	})));
}

const readFolders = () => readdirSync('/tmp').filter(name => name.startsWith('vsnap-tui-'));
const foldersBefore = new Set(readFolders());
const socketFolders = () => readFolders().filter(name => !foldersBefore.has(name));

test.serial('increments of a domain that is off are copied at the other end, and restored there byte by byte', async t => {
	const domain = await makeDomain(t, {sizeMiB: 16});
	const [uri, env] = [await startSshServer(t), await withoutImageTools(t)];
	const folder = await makeTarget(t, domain);
	const held: Digests[] = [];
	for (const index of [0, 1, 2]) {
		held.push(await markOff(domain, `write -q -P ${index + 1} ${index}M 64k`));
		const made = await backUp(domain, folder, ['-c', uri], {env});
		t.is(made.exitCode, 0, report(made));
		if (index === 0) {
			await start(domain);
			await markLive(domain, 9);
			await takeDiskSnapshot(domain, 's1');
			await stop(domain);
		}
	}

	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({disks}) => disks.map(({kind}) => kind)), [['full', 'full'], ['incremental', 'incremental'], ['incremental', 'incremental']]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), held);
	t.deepEqual(await readStrays(domain), []);
	t.deepEqual(socketFolders(), []);
	const to = await makeTarget(t, domain, 'restored');
	const restored = await runProgram(domain, ['-c', uri, 'restore', folder, `--to=${to}`, '--yes'], {env});
	t.is(restored.exitCode, 0, report(restored));
	for (const [target, digest] of Object.entries(held[2]!)) {
		const file = (await readdir(to)).find(name => name.includes(target))!;
		t.is(await digestImage(path.join(to, file), 'qcow2'), digest);
	}
});

test.serial('killed while a program at the other end copies, recover ends that and leaves nothing', async t => {
	const domain = await makeDomain(t, {sizeMiB: 16, diskCount: 1});
	const [uri, env] = [await startSshServer(t), await withoutImageTools(t)];
	const folder = await makeTarget(t, domain);
	await markOff(domain, 'write -q -P 1 0 64k');
	const full = await backUp(domain, folder, ['-c', uri], {env});
	t.is(full.exitCode, 0, report(full));
	await markOff(domain, 'write -q -P 2 1M 4M');
	const before = await readdir(folder);
	const killed = await backUp(domain, folder, ['-c', uri, '--rate=64K'], {
		env,
		onOutput(text, kill) {
			if (text.replaceAll(' ', '').includes('"step-done","step":"backup"')) {
				kill();
			}
		},
	});
	t.is(killed.signal, 'SIGKILL', report(killed));
	t.is(socketFolders().length, 1);
	const recovered = await runProgram(domain, ['-c', uri, 'recover', '--roll-back', '--yes', '--json'], {env});
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual(await readdir(folder), before);
	t.deepEqual(socketFolders(), []);
	t.deepEqual(await readStrays(domain), []);
	const held = await markOff(domain, 'write -q -P 3 2M 64k');
	const again = await backUp(domain, folder, ['-c', uri], {env});
	t.is(again.exitCode, 0, report(again));
	t.deepEqual(await digestPoint(folder, (await readManifests(folder)).at(-1)!), held);
});

test.serial('the exported script copies the changes at the other end as well', async t => {
	const domain = await makeDomain(t, {sizeMiB: 16, diskCount: 1});
	const [uri, env] = [await startSshServer(t), await withoutImageTools(t)];
	const folder = await makeTarget(t, domain);
	await markOff(domain, 'write -q -P 1 0 64k');
	const full = await backUp(domain, folder, ['-c', uri], {env});
	t.is(full.exitCode, 0, report(full));
	const held = await markOff(domain, 'write -q -P 2 1M 1M');
	const script = await runProgram(domain, ['-c', uri, 'backup', 'create', `--to=${folder}`, '--no-checkpoint', '--dry-run', '--shell', '--', domain.name], {env});
	t.is(script.exitCode, 0, report(script));
	const own = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-script-'));
	t.teardown(async () => rm(own, {recursive: true, force: true}));
	// The manifest is the program's own work, which a test of its own sees.
	await writeFile(path.join(own, 'script'), script.stdout.replace(/^vsnap-tui .*$/m, 'true'));
	await run('sh', [path.join(own, 'script')]);
	const file = (await readdir(folder)).filter(name => name.endsWith('.qcow2')).sort().at(-1)!;
	t.is(await digestImage(path.join(folder, file), 'qcow2'), held.vda!);
	t.deepEqual(socketFolders(), []);
});
