/** Snapshots made by the program on a real QEMU that was started by hand: each way of the table, its bytes and its memory, and what is left when it fails. */
import {
	chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile,
} from 'node:fs/promises';
import {connect} from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {createInterface} from 'node:readline';
import test, {type ExecutionContext} from 'ava';
import {execa} from 'execa';
import {startLab} from './daemons.ts';
import {writeBootSector} from './memory-counter.ts';
import {run, waitFor} from './run.ts';
import {labEnvironment, programPath} from './settings.ts';
import {digestImage, readTags, writeOffline} from './slots.ts';

test.before(startLab);

type Bare = {folder: string; socketPath: string; pidPath: string};

const targets = ['vda', 'vdb', 'vdc'];

/** One question to the monitor, on a connection of its own. */
async function ask(bare: Bare, execute: string, parameters: Record<string, unknown> = {}): Promise<unknown> {
	const socket = connect(bare.socketPath);
	socket.write(`${JSON.stringify({execute: 'qmp_capabilities'})}\n${JSON.stringify({execute, arguments: parameters, id: 'question'})}\n`);
	try {
		for await (const line of createInterface({input: socket})) {
			const said = JSON.parse(line) as {id?: string; return?: unknown; error?: {desc: string}};
			if (said.id === 'question') {
				if (said.error) {
					throw new Error(said.error.desc);
				}

				return said.return;
			}
		}
	} finally {
		socket.destroy();
	}

	throw new Error('QEMU said nothing');
}

async function readStatus(bare: Bare): Promise<string> {
	const {status} = await ask(bare, 'query-status') as {status: string};
	return status;
}

async function readCounter(bare: Bare): Promise<number> {
	const said = await ask(bare, 'human-monitor-command', {'command-line': 'xp /1wx 0x7000'});
	return Number.parseInt(/: 0x([\da-f]{8})/u.exec(String(said))![1]!, 16);
}

/** What each disk writes to, by QEMU's own word. */
async function readHeads(bare: Bare): Promise<string[]> {
	const disks = await ask(bare, 'query-block') as Array<{inserted?: {image: {filename: string}}}>;
	// Where a header names its backing file in another way than QEMU was told, the name comes as JSON.
	const nameOf = (text: string) => text.startsWith('json:') ? (JSON.parse(text.slice('json:'.length)) as {file: {filename: string}}).file.filename : text;
	return disks.flatMap(({inserted}) => inserted ? [path.basename(nameOf(inserted.image.filename))] : []).sort();
}

/** Three disks: two on nodes that QEMU named, the third on one that a person did. */
async function startQemu(t: ExecutionContext, more: string[] = [], images = targets.map(target => `${target}.qcow2`), given?: string): Promise<Bare> {
	const folder = given ?? await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-bare-'));
	const name = given === undefined ? 'first' : 'again';
	const bare = {folder, socketPath: path.join(folder, `${name}.sock`), pidPath: path.join(folder, `${name}.pid`)};
	let pid = 0;
	t.teardown(async () => {
		// Known from the start: a test may move the folder away.
		if (pid > 0) {
			try {
				process.kill(pid, 'SIGKILL');
			} catch {
				// It has ended.
			}
		}

		await rm(folder, {recursive: true, force: true});
	});
	for (const target of given === undefined ? targets : []) {
		const image = path.join(folder, `${target}.qcow2`);
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '16M']);
		await writeOffline(image, 0x51, 1);
		await chmod(image, 0o600);
	}

	if (given === undefined) {
		await writeBootSector(path.join(folder, 'vda.qcow2'), 'qcow2');
	}

	const [first, second, third] = images.map(image => path.join(folder, image));
	await run('qemu-system-x86_64', [
		'-machine',
		'pc',
		'-accel',
		'tcg',
		'-m',
		'64',
		'-nodefaults',
		'-display',
		'none',
		'-daemonize',
		'-pidfile',
		bare.pidPath,
		'-qmp',
		`unix:${bare.socketPath},server=on,wait=off`,
		'-drive',
		`file=${first!},format=qcow2,if=none,id=first`,
		'-device',
		'virtio-blk,drive=first,bootindex=0',
		'-drive',
		`file=${second!},format=qcow2,if=virtio`,
		'-blockdev',
		`driver=qcow2,node-name=mine,file.driver=file,file.filename=${third!}`,
		'-device',
		'virtio-blk,drive=mine',
		...more,
	]);
	pid = Number(await readFile(bare.pidPath, 'utf8'));
	return bare;
}

async function create(bare: Bare, args: string[], env: Record<string, string> = {}): Promise<{exitCode: number | undefined; said: string}> {
	const result = await execa(process.execPath, [programPath, '--qmp', `bare=${bare.socketPath}`, 'create', 'bare', ...args, '--yes'], {
		reject: false, extendEnv: false, timeout: 60_000, env: labEnvironment({VSNAP_TUI_STATE: path.join(bare.folder, 'state'), ...env}),
	});
	return {exitCode: result.exitCode, said: `${result.stdout}\n${result.stderr}`};
}

/** A PATH on which this program does something else first. */
async function withShim(bare: Bare, program: string, script: string): Promise<Record<string, string>> {
	const shims = path.join(bare.folder, 'shims');
	await mkdir(shims, {recursive: true});
	await writeFile(path.join(shims, program), `#!/bin/sh\nPATH='${process.env.PATH ?? ''}'\n${script}\nexec ${program} "$@"\n`);
	await chmod(path.join(shims, program), 0o755);
	return {PATH: `${shims}:${process.env.PATH ?? ''}`};
}

async function digests(bare: Bare, names: string[]): Promise<string[]> {
	return Promise.all(names.map(async name => digestImage(path.join(bare.folder, name))));
}

const bases = targets.map(target => `${target}.qcow2`);

test.serial('bare, rows 8 and 11: all disks in one transaction, frozen images stay as they are, and a prepared relative overlay stays relative', async t => {
	const bare = await startQemu(t);
	const frozen = await digests(bare, bases);
	const first = await create(bare, ['s1', '--disk-only']);
	t.is(first.exitCode, 0, first.said);
	t.deepEqual(await readHeads(bare), ['vda.s1', 'vdb.s1', 'vdc.s1']);
	t.is(await readStatus(bare), 'running');
	t.deepEqual(await digests(bare, bases), frozen);
	const prepared = path.join(bare.folder, 'vdb.prepared');
	await run('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', 'vdb.s1', prepared, '16M']);
	const second = await create(bare, ['s2', '--disk-only', '--disk', 'vda=external', '--disk', `vdb=external:${prepared}`, '--reuse', 'vdb=existing', '--disk', 'vdc=no']);
	t.is(second.exitCode, 0, second.said);
	t.deepEqual(await readHeads(bare), ['vda.s2', 'vdb.prepared', 'vdc.s1']);
	const info = JSON.parse(await run('qemu-img', ['info', '-U', '--output=json', '-f', 'qcow2', prepared])) as {'backing-filename': string};
	t.is(info['backing-filename'], 'vdb.s1');
	t.is((await digests(bare, ['vdb.prepared']))[0], frozen[1]);
});

test.serial('bare, rows 7 and 19: memory and disks inside the images', async t => {
	const bare = await startQemu(t);
	for (const [name, ...flags] of [['i1'], ['i2', '--memory', 'internal']]) {
		const result = await create(bare, [name!, ...flags]);
		t.is(result.exitCode, 0, result.said);
	}

	t.is(await readStatus(bare), 'running');
	for (const base of bases) {
		t.deepEqual(await readTags(path.join(bare.folder, base)), ['i1', 'i2']);
	}
});

test.serial('bare, rows 22, 23 and 25: a QEMU that is started from the memory file goes on from the saved value', async t => {
	const bare = await startQemu(t);
	await waitFor('the guest counts', async () => await readCounter(bare) >= 5);
	const low = await readCounter(bare);
	const memoryPath = path.join(bare.folder, 'it\'s $HOME.mem');
	const result = await create(bare, ['m1', '--memory', `external:${memoryPath}`]);
	t.is(result.exitCode, 0, result.said);
	const high = await readCounter(bare);
	t.deepEqual(await readHeads(bare), ['vda.m1', 'vdb.m1', 'vdc.m1']);
	const live = await create(bare, ['m2', '--memory', 'external', '--live', ...targets.flatMap(target => ['--disk', `${target}=external`])]);
	t.is(live.exitCode, 0, live.said);
	const alone = await create(bare, ['m3', '--memory', 'external', ...targets.flatMap(target => ['--disk', `${target}=no`])]);
	t.is(alone.exitCode, 0, alone.said);
	t.deepEqual(await readHeads(bare), ['vda.m2', 'vdb.m2', 'vdc.m2']);
	// QEMU tells its disks in an order of its own: the memory lies beside the first.
	const saved = (await readdir(bare.folder)).find(name => /^vd[abc]\.m3\.mem$/.test(name));
	t.true((await stat(path.join(bare.folder, saved!))).size > 100_000);
	await waitFor('the guest goes on', async () => await readCounter(bare) > high + 10);
	const again = await startQemu(t, ['-S', '-incoming', `exec:cat "${memoryPath.replace('$', String.raw`\$`)}"`, '-snapshot'], bases, bare.folder);
	await waitFor('the memory is read', async () => await readStatus(again) !== 'inmigrate');
	const counter = await readCounter(again);
	t.true(low <= counter && counter <= high, `${low} <= ${counter} <= ${high}`);
});

test.serial('bare: the third of three targets cannot be made: all disks as they were, no stray file, guest running', async t => {
	const bare = await startQemu(t);
	const gone = path.join(bare.folder, 'gone');
	await mkdir(gone);
	const heads = await readHeads(bare);
	const frozen = await digests(bare, bases);
	// The folder goes away after the names were reserved: QEMU itself meets it, within the transaction.
	const env = await withShim(bare, 'dd', `case "$*" in *vdb.img*) dd "$@"; rm -rf '${gone}'; exit 0;; esac`);
	const names = await readdir(bare.folder);
	const result = await create(bare, ['s1', '--disk-only', '--disk', `vdb=external:${path.join(gone, 'vdb.img')}`, '--disk', 'vdc=no'], env);
	t.is(result.exitCode, 1, result.said);
	t.regex(result.said, /transaction|Put vda/);
	t.deepEqual(await readHeads(bare), heads);
	t.is(await readStatus(bare), 'running');
	t.deepEqual((await readdir(bare.folder)).filter(name => name !== 'state'), names.filter(name => name !== 'gone'));
	t.deepEqual(await digests(bare, bases), frozen);
	await mkdir(gone);
	const third = await create(bare, ['s1', '--disk-only', '--disk', `vdc=external:${path.join(gone, 'vdb.img')}`], env);
	t.is(third.exitCode, 1, third.said);
	t.deepEqual(await readHeads(bare), heads);
	t.is(await readStatus(bare), 'running');
	t.deepEqual((await readdir(bare.folder)).filter(name => name !== 'state'), names.filter(name => name !== 'gone'));
});

test.serial('bare: when the record cannot be written the overlays are merged back, each into its own head', async t => {
	const bare = await startQemu(t);
	const first = await create(bare, ['s1', '--disk-only']);
	t.is(first.exitCode, 0, first.said);
	const heads = await readHeads(bare);
	const frozen = await digests(bare, [...bases, ...heads]);
	const env = await withShim(bare, 'mv', 'case "$*" in *snapshot-new*) exit 1;; esac');
	for (const flags of [['--disk-only'], ['--memory', 'external']]) {
		const names = await readdir(bare.folder);
		const result = await create(bare, ['s2', ...flags], env);
		t.is(result.exitCode, 1, result.said);
		t.deepEqual(await readHeads(bare), heads);
		t.is(await readStatus(bare), 'running');
		t.deepEqual(await readdir(bare.folder), names);
		t.deepEqual(await digests(bare, [...bases, ...heads]), frozen);
	}
});

test.serial('bare: an interruption while memory is written cancels it, and the guest goes on on its old disks', async t => {
	const bare = await startQemu(t);
	await waitFor('the guest counts', async () => await readCounter(bare) >= 2);
	await ask(bare, 'migrate-set-parameters', {'max-bandwidth': 20_000});
	const heads = await readHeads(bare);
	const names = await readdir(bare.folder);
	const child = execa(process.execPath, [programPath, '--qmp', `bare=${bare.socketPath}`, 'create', 'bare', 'm1', '--memory', 'external', '--yes', '--json'], {
		reject: false, extendEnv: false, timeout: 60_000, env: labEnvironment({VSNAP_TUI_STATE: path.join(bare.folder, 'state')}),
	});
	let said = '';
	child.stdout.on('data', (data: Uint8Array) => {
		said += String(data);
	});
	// Progress is told while memory is written.
	await waitFor('progress is told', () => said.includes('"kind":"step-progress","step":"memory"'));
	child.kill('SIGINT');
	const result = await child;
	t.is(result.exitCode, 130, `${said}${result.stderr}`);
	t.deepEqual(await readHeads(bare), heads);
	t.is(await readStatus(bare), 'running');
	t.deepEqual((await readdir(bare.folder)).filter(name => name !== 'state'), names);
	const before = await readCounter(bare);
	await waitFor('the guest goes on', async () => await readCounter(bare) > before);
});
