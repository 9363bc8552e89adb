/** libvirt's host is another machine, or sees other files under the same paths: what needs no file works, and no file of this machine is touched. */
import {
	mkdir, readdir, rm, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain} from './domains.ts';
import {report, runProgram, type ProgramResult} from './program.ts';
import {startSecondHost} from './second-host.ts';
import {isOwnLibvirt} from './settings.ts';
import {writeOffline} from './slots.ts';
import {markOffline, takeDiskSnapshot} from './snapshots.ts';
import {digestFolder, readWorld} from './world.ts';

test.before(startLab);

/** The second daemon is this machine's own libvirtd: where the lab is pointed at another, it does not know the lab's domains. */
function hasSecondHost(t: ExecutionContext): boolean {
	t.is(typeof isOwnLibvirt, 'boolean');
	if (!isOwnLibvirt) {
		t.log('Not run: this needs the domains of the libvirt on this machine.');
	}

	return isOwnLibvirt;
}

test.serial('a host by TCP is looked at without its files, and no plan is made for it', async t => {
	if (!hasSecondHost(t)) {
		return;
	}

	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's2');
	const {tcpUri} = await startSecondHost(t);
	const ask = async (...args: string[]) => runProgram(domain, ['-c', tcpUri, ...args]);
	const before = await readWorld(domain);
	for (const args of [
		['delete', 's1', '--yes'], ['delete', 's1', '--dry-run', '--shell'], ['revert', 's1', '--discard', '--yes'], ['merge', 's1', '--yes'], ['create', 's3', '--disk-only', '--yes'],
	]) {
		const [verb, ...rest] = args as [string, ...string[]];
		const result = await ask(verb, ...rest.slice(1), '--', domain.name, rest[0]!);
		t.is(result.exitCode, 3, report(result));
		t.regex(result.stderr, /qemu\+ssh:\/\/127\.0\.0\.1\/system/);
	}

	// What came later, with folders of this machine's: they are taken for the other's, and nothing in them is read or written.
	const folder = path.join(domain.folder, 'backups');
	await mkdir(folder);
	await writeFile(path.join(folder, 'prune.json'), JSON.stringify({format: 'vsnap-tui-prune', version: 1, replaced: [], removed: []}));
	for (const args of [
		['rename', '--yes', '--', domain.name, 's1', 's9'],
		['branch', '--discard', '--yes', '--', domain.name, 's1', 'b1'],
		['checkpoint', 'create', '--yes', '--', domain.name, 'c1'],
		['backup', 'create', '--to', folder, '--yes', '--', domain.name],
		['backup', 'export', '--socket', path.join(folder, 'nbd.sock'), '--', domain.name],
		['backup', 'list', folder],
		['backup', 'verify', folder],
		['backup', 'prune', folder, '--keep', '1', '--yes'],
		['restore', folder, '--to', folder, '--yes'],
		['restore', folder, '--onto', domain.name, '--discard', '--yes'],
	]) {
		const result = await ask(...args);
		t.is(result.exitCode, 3, `${args.join(' ')}\n${report(result)}`);
		t.regex(result.stderr, /qemu\+ssh:\/\/127\.0\.0\.1\/system/, args.join(' '));
	}

	t.deepEqual(await readdir(folder), ['prune.json']);
	await rm(folder, {recursive: true});
	const reads: Array<[ProgramResult, RegExp, number]> = [
		[await ask('list'), new RegExp(`${domain.name} +off +2`), 0],
		[await ask('tree', '--', domain.name), /s2.*Images\n not read.*qemu\+ssh/s, 0],
		[await ask('log'), /./, 0],
		[await ask('doctor', '--', domain.name), /No image was read/, 0],
	];
	for (const [result, words, exitCode] of reads) {
		t.is(result.exitCode, exitCode, report(result));
		t.regex(result.stdout, words);
	}

	t.deepEqual(await readWorld(domain), before);
	t.deepEqual(await digestFolder(domain.folder), before.files);
});

test.serial('a forwarded socket of a machine with another name is found out, and so are other files on a machine of the same name', async t => {
	if (!hasSecondHost(t)) {
		return;
	}

	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	for (const {slot, hostname, words} of [{slot: 3, hostname: 'elsewhere', words: /called "elsewhere"/}, {slot: 5, hostname: undefined, words: /libvirt sees .*vda\.s1/}]) {
		const {socketUri} = await startSecondHost(t, {hostname});
		// From here on the files differ.
		await writeOffline(`${domain.folder}/vda.s1`, 1, slot);
		const before = await readWorld(domain);
		const refused = await runProgram(domain, ['-c', socketUri, 'delete', '--yes', '--', domain.name, 's1']);
		t.is(refused.exitCode, 3, report(refused));
		t.regex(refused.stderr, words);
		t.deepEqual(await readWorld(domain), before);
	}

	const own = await runProgram(domain, ['delete', '--yes', '--', domain.name, 's1']);
	t.is(own.exitCode, 0, report(own));
});
