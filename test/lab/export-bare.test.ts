/**
Exports of standalone QEMUs: other programs read what the disks held when they began, whatever the guest writes meanwhile; nothing is left when they end, be it by a signal, for
want of room, with QEMU, or by the next vsnap-tui where the first was killed.
*/
import {mkdir, readdir, rm} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Finding} from '../../source/model/domain/finding.ts';
import {
	askBare, doBare, killBare, markBareDisks, readRemains, runBare, startBare, type BareDomain,
} from './bare-domain.ts';
import {digestExport, exportBare, readDirtyBytes} from './exports.ts';
import {mountSmall} from './file-systems.ts';
import {runAsTold} from './remedies.ts';
import type {Digests} from './snapshots.ts';

const digestBoth = async (t: ExecutionContext, socket: string): Promise<Digests> => ({vda: await digestExport(t, socket, 'vda'), vdb: await digestExport(t, socket, 'vdb')});

/** In a folder of its own. */
async function makeSocket(t: ExecutionContext, {folder}: BareDomain): Promise<string> {
	const place = `${folder}-sockets`;
	await mkdir(place);
	t.teardown(async () => rm(place, {recursive: true, force: true}));
	return path.join(place, 'export.sock');
}

const readFiles = async ({folder}: BareDomain) => (await readdir(folder)).filter(name => name !== 'state').sort();

async function expectNothingLeft(t: ExecutionContext, domain: BareDomain, {socket, files}: {socket: string; files: string[]}): Promise<void> {
	t.deepEqual(await readRemains(domain), []);
	t.deepEqual(await askBare(domain, 'query-block-exports'), []);
	t.deepEqual(await readFiles(domain), files);
	t.deepEqual(await readdir(path.dirname(socket)), []);
	// The server has gone, too: another can be started.
	await askBare(domain, 'nbd-server-start', {addr: {type: 'unix', data: {path: socket}}});
	await askBare(domain, 'nbd-server-stop');
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
	test.serial(`what is read is what the disks held when it began, and ${signal} ends it and leaves nothing`, async t => {
		const domain = await startBare(t);
		const socket = await makeSocket(t, domain);
		const held = await markBareDisks(domain, 1);
		const files = await readFiles(domain);
		const exporting = exportBare(domain, socket);
		const {disks} = await exporting.begun as unknown as {disks: Array<{uri: string; dirtyBitmap: null}>};
		t.deepEqual(disks.map(({uri, dirtyBitmap}) => [uri, dirtyBitmap]), ['vda', 'vdb'].map(target => [`nbd+unix:///${target}?socket=${socket}`, null]));
		t.notDeepEqual(await markBareDisks(domain, 2), held);
		t.notDeepEqual(await markBareDisks(domain, 1), held);
		t.deepEqual(await digestBoth(t, socket), held);
		const refused = await runBare(domain, ['create', '--disk-only', '--yes', domain.name, 's1']);
		t.is(refused.exitCode, 6, refused.stderr);
		exporting.end(signal);
		const {exitCode, stderr} = await exporting.ended;
		t.is(exitCode, 0, stderr);
		await expectNothingLeft(t, domain, {socket, files});
	});
}

test.serial('since a checkpoint, over the layers of a snapshot: the bitmap tells what was written, and the checkpoint that was asked for stays', async t => {
	const domain = await startBare(t);
	const socket = await makeSocket(t, domain);
	await doBare(domain, 'checkpoint', 'create', '--yes', domain.name, 'c1');
	await markBareDisks(domain, 1);
	await doBare(domain, 'create', '--disk-only', '--yes', domain.name, 's1');
	const held = await markBareDisks(domain, 2);
	const files = await readFiles(domain);
	const exporting = exportBare(domain, socket, ['--since=c1', '--checkpoint=c2']);
	const {disks} = await exporting.begun as unknown as {disks: Array<{disk: string; dirtyBitmap: string}>};
	await markBareDisks(domain, 3);
	t.deepEqual(await digestBoth(t, socket), held);
	for (const {disk, dirtyBitmap} of disks) {
		t.is(await readDirtyBytes(socket, disk, dirtyBitmap), 2 * 65_536);
	}

	exporting.end();
	const {exitCode, stderr} = await exporting.ended;
	t.is(exitCode, 0, stderr);
	await expectNothingLeft(t, domain, {socket, files});
	const {checkpoints} = JSON.parse(await doBare(domain, 'tree', '--json', domain.name)) as {checkpoints: Array<{name: string}>};
	t.deepEqual(checkpoints.map(({name}) => name), ['c1', 'c2']);
	const next = exportBare(domain, socket, ['--since=c2']);
	await next.begun;
	t.is(await readDirtyBytes(socket, 'vda', 'qemu:dirty-bitmap:vsnap-export-vda'), 65_536);
	next.end();
	await next.ended;
});

test.serial('it ends before its scratch files fill the file system, and no write of the guest fails', async t => {
	const scratch = await mountSmall(t, 32);
	const domain = await startBare(t, {sizeMiB: 64});
	await markBareDisks(domain, 1, 60);
	const files = await readFiles(domain);
	const socket = await makeSocket(t, domain);
	const exporting = exportBare(domain, socket, [`--scratch=${scratch}`, '--keep-free=16M', '--disk=vda']);
	await exporting.begun;
	const over = new Set<string>();
	void (async () => {
		await exporting.ended;
		over.add('export');
	})();

	for (let mark = 1; mark < 56 * 16 && over.size === 0; mark += 16) {
		// Throws where what was written is not on the disk.
		await markBareDisks(domain, mark, 1);
	}

	t.is(over.size, 1);
	const {exitCode, stdout} = await exporting.ended;
	t.not(exitCode, 0);
	t.regex(stdout, /"kind":"ended","why":"no-space"/);
	t.deepEqual(await readdir(scratch), []);
	await expectNothingLeft(t, domain, {socket, files});
});

test.serial('QEMU is killed: the export says so, and its files go', async t => {
	const domain = await startBare(t);
	const socket = await makeSocket(t, domain);
	const files = await readFiles(domain);
	const exporting = exportBare(domain, socket);
	await exporting.begun;
	await killBare(domain);
	const {exitCode, stdout} = await exporting.ended;
	t.not(exitCode, 0);
	t.regex(stdout, /"why":"gone"/);
	t.deepEqual(await readFiles(domain), files);
	t.deepEqual(await readdir(path.dirname(socket)), []);
});

test.serial('killed: what the doctor and the next action tell ends it, also once QEMU has been killed as well', async t => {
	const domain = await startBare(t, {name: 'bare-export'});
	const socket = await makeSocket(t, domain);
	await doBare(domain, 'checkpoint', 'create', '--yes', domain.name, 'c1');
	const files = await readFiles(domain);
	const program = (told: string) => told.replace('DOMAIN', domain.name).split(' ').slice(1);
	for (const isQemuKilled of [false, true]) {
		const exporting = exportBare(domain, socket, ['--since=c1']);
		await exporting.begun;
		exporting.end('SIGKILL');
		await exporting.ended;
		const refused = await runBare(domain, ['create', '--disk-only', '--yes', '--json', domain.name, 's1']);
		t.is(refused.exitCode, 6, refused.stderr);
		const told = /vsnap-tui backup export DOMAIN --end/.exec(refused.stderr)?.[0];
		t.truthy(told, refused.stderr);
		if (isQemuKilled) {
			await killBare(domain);
		}

		const doctor = await runBare(domain, ['doctor', domain.name, '--json']);
		const found = (JSON.parse(doctor.stdout) as Finding[]).find(({text}) => text.includes('are exported'));
		const command = /vsnap-tui backup export \S+ --end/.exec(found?.remedy ?? '')?.[0];
		t.truthy(command, doctor.stdout);
		await doBare(domain, ...program(isQemuKilled ? command! : told!));
		t.deepEqual(await readFiles(domain), files);
		if (!isQemuKilled) {
			await rm(socket, {force: true});
			await expectNothingLeft(t, domain, {socket, files});
		}
	}

	t.regex(await doBare(domain, 'backup', 'export', domain.name, '--end'), /No export of "bare-export" was going on/);
});

test.serial('refused with a reason, and nothing is left: a socket that cannot be made, another server, a disk that is not there', async t => {
	const domain = await startBare(t);
	const socket = await makeSocket(t, domain);
	const files = await readFiles(domain);
	const attempt = async (...flags: string[]) => runBare(domain, ['backup', 'export', ...flags, domain.name]);
	t.regex((await attempt('--socket=/proc/export.sock')).stderr, /QEMU could not make the socket \/proc\/export\.sock/);
	t.regex((await attempt(`--socket=${socket}`, '--disk=vdz')).stderr, /no disk "vdz" that can be exported/);
	t.regex((await attempt(`--socket=${socket}`, '--keep-free=900000G')).stderr, /are to stay free/);
	t.is((await attempt()).exitCode, 2);
	t.is((await attempt('--end', `--socket=${socket}`)).exitCode, 2);
	await askBare(domain, 'nbd-server-start', {addr: {type: 'unix', data: {path: `${socket}2`}}});
	const {stderr} = await attempt(`--socket=${socket}`);
	t.regex(stderr, /lets others read something over NBD already/);
	await runAsTold(`socat -u /dev/null UNIX-CONNECT:${socket}2`);
	await askBare(domain, 'nbd-server-stop');
	await expectNothingLeft(t, domain, {socket, files});
});
