/**
Backups of encrypted disks, off and running: copied only where that is asked for, because the copies are not encrypted; every point is then what the guest read.
*/
import {readdir} from 'node:fs/promises';
import test from 'ava';
import {
	backUp, digestPoint, makeTarget, readManifests,
} from './backups.ts';
import {startLab} from './daemons.ts';
import {start, stop} from './domains.ts';
import {makeEncryptedDomain, markEncrypted} from './encrypted.ts';
import {readError, report, runProgram} from './program.ts';
import {run} from './run.ts';
import {readStrays} from './world.ts';

test.before(startLab);

test.serial('an encrypted disk, off and running, over a snapshot: refused unless it is to be decrypted, and then each point is what the guest read', async t => {
	const on = await makeEncryptedDomain(t);
	const {domain} = on;
	const folder = await makeTarget(t, domain);
	const held: string[] = [];
	const mark = async (pattern: number) => {
		held.push((await markEncrypted(on, pattern, pattern)).vda!);
	};

	const copy = async () => {
		const made = await backUp(domain, folder, ['--disk=vda', '--decrypt']);
		t.is(made.exitCode, 0, report(made));
	};

	for (const isRunning of [false, true]) {
		if (isRunning) {
			await start(domain);
		}

		const refused = await backUp(domain, folder, ['--disk=vda']);
		t.is(refused.exitCode, 3, report(refused));
		t.deepEqual(readError(refused).blockers!.map(({text, remedy}) => [text, remedy]), [['What is on vda is encrypted, and its copy would not be.', 'To have it so all the same: --decrypt.']]);
		t.deepEqual(await readdir(folder), []);
		if (isRunning) {
			await stop(domain);
		}
	}

	await mark(1);
	await copy();
	await mark(2);
	await copy();
	const made = await runProgram(domain, ['create', '--disk-only', '--yes', domain.name, 's1']);
	t.is(made.exitCode, 0, report(made));
	await mark(3);
	await copy();
	await start(domain);
	await mark(4);
	await copy();
	await mark(5);
	await stop(domain);
	await copy();
	const manifests = await readManifests(folder);
	t.deepEqual(manifests.map(({disks}) => disks.map(({kind}) => kind)), [['full'], ...Array.from({length: 4}, () => ['incremental'])]);
	t.deepEqual((await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest)))).map(({vda}) => vda), held);
	t.deepEqual(await readStrays(domain), []);
	// The passphrase is in no command line.
	t.notRegex(await run('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" " "']), new RegExp(on.passphrase));
});

test.serial('beside a disk that is encrypted as a whole (LUKS), off and running: each point is what the guest read', async t => {
	const on = await makeEncryptedDomain(t);
	const {domain} = on;
	const folder = await makeTarget(t, domain);
	const held = [];
	for (const isRunning of [false, true]) {
		if (isRunning) {
			await start(domain);
		}

		held.push(await markEncrypted(on, held.length + 1, held.length + 1));
		const made = await backUp(domain, folder, ['--decrypt']);
		t.is(made.exitCode, 0, report(made));
	}

	const manifests = await readManifests(folder);
	// The second has no bitmap: libvirt sees a raw image.
	t.deepEqual(manifests.map(({disks}) => disks.map(({kind}) => kind)), [['full', 'full'], ['incremental', 'full']]);
	t.deepEqual(await Promise.all(manifests.map(async manifest => digestPoint(folder, manifest))), held);
	await stop(domain);
});
