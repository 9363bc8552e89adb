/** What is said where a standalone QEMU does not answer, or an image is gone that it has open, is done, and helps. */
import {chmod, mkdtemp, rm} from 'node:fs/promises';
import {connect, createServer} from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {readQemuProcess} from '../../source/hosts/qemu/read-process.ts';
import {
	askBare, digestBare, doBare, isListening, markBare, quit, readBareTree, runBare, startBare, type BareDomain,
} from './bare-domain.ts';
import {makeOtherUser} from './other-user.ts';
import {attempt, run, waitFor} from './run.ts';
import {domainPrefix} from './settings.ts';
import {digestImage} from './slots.ts';

async function says(t: ExecutionContext, domain: BareDomain, args: string[], words: string): Promise<string> {
	const result = await runBare(domain, args);
	const said = `${result.stdout}${result.stderr}`.replaceAll(/\s+/g, ' ');
	t.true(said.includes(words), said);
	return said;
}

test.serial('nobody listens, or no monitor in control mode does: QEMU is started with one', async t => {
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}monitor-`));
	const domain: BareDomain = {name: 'monitor', folder, socketPath: path.join(folder, 'q.sock'), statePath: path.join(folder, 'state')};
	t.teardown(async () => {
		await quit(domain);
		await rm(folder, {recursive: true, force: true});
	});
	const image = path.join(folder, 'a.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '4M']);
	const pidFile = path.join(folder, 'pid');
	const startWith = async (...monitor: string[]) => {
		await run('qemu-system-x86_64', [...'-nodefaults -display none -m 16 -machine pc,accel=tcg -daemonize'.split(' '), '-pidfile', pidFile, '-drive', `file=${image},if=virtio`, ...monitor]);
	};

	const option = 'unix:SOCKET,server=on,wait=off';
	const off = await says(t, domain, ['tree', domain.name], `Is the domain running, and was it started with -qmp ${option}?`);
	const [, given] = /-qmp (\S+)\?/.exec(off)!;
	await startWith('-monitor', `unix:${domain.socketPath},server=on,wait=off`);
	await says(t, domain, ['tree', domain.name], `The socket has to be a monitor in control mode: -qmp ${option}.`);
	await run('sh', ['-c', `kill $(cat '${pidFile}')`]);
	await waitFor('QEMU ends', async () => (await attempt('sh', ['-c', `kill -0 $(cat '${pidFile}' 2>/dev/null) 2>/dev/null`])).exitCode !== 0);
	await startWith('-qmp', given!.replace('SOCKET', domain.socketPath));
	await waitFor('it answers', async () => (await runBare(domain, ['tree', domain.name])).exitCode === 0);
	await doBare(domain, 'create', domain.name, 's1', '--disk-only', '--yes');
});

test.serial('a monitor that this user may not open is used by its owner', async t => {
	const domain = await startBare(t, {name: 'closed'});
	const user = await makeOtherUser(t);
	await chmod(domain.folder, 0o755);
	const told = await user.runProgram(['--qmp', `${domain.name}=${domain.socketPath}`, 'tree', domain.name], {env: {VSNAP_TUI_STATE: path.join(user.home, 'state')}});
	t.true(told.stderr.includes('Its owner, mostly the user whose QEMU it is, and root may use it.'), told.stderr);
	await doBare(domain, 'create', domain.name, 's1', '--disk-only', '--yes');
});

test.serial('a QEMU that is stopped is let go on as told', async t => {
	const domain = await startBare(t, {name: 'stopped'});
	const {pid} = (await readQemuProcess(domain.socketPath))!;
	process.kill(pid, 'SIGSTOP');
	t.teardown(async () => attempt('kill', ['-CONT', String(pid)]));
	await says(t, domain, ['tree', domain.name], 'If the process of the domain is stopped, let it go on (kill -CONT).');
	process.kill(pid, 'SIGCONT');
	await doBare(domain, 'create', domain.name, 's1', '--disk-only', '--yes');
	await quit(domain);
});

test.serial('an image that was removed while a standalone QEMU has it open is written to a new file as told', async t => {
	const domain = await startBare(t, {name: 'removed'});
	const held = await markBare(domain, 3);
	const [{path: image}] = (await readBareTree(domain)).images.filter(({path: found}) => found.endsWith('data.qcow2')) as unknown as [{path: string}];
	const saved = `${image}.saved`;
	await rm(image);
	const told = await says(t, domain, ['doctor', domain.name], 'to a new file (blockdev-backup by its monitor)');
	t.regex(told, /still has it open/);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', saved, '4M']);
	await askBare(domain, 'blockdev-add', {driver: 'qcow2', 'node-name': 'saved', file: {driver: 'file', filename: saved}});
	await askBare(domain, 'blockdev-backup', {'job-id': 'save', device: 'data', target: 'saved', sync: 'full'});
	await waitFor('it is written', async () => (await askBare<unknown[]>(domain, 'query-block-jobs')).length === 0);
	await askBare(domain, 'blockdev-del', {'node-name': 'saved'});
	t.is(await digestImage(saved, 'qcow2'), held[0]!);
});

/** A monitor before that of QEMU, which says something of its own from the n-th answer to `query-block` on. */
async function startRelay(t: ExecutionContext, {folder, socketPath}: BareDomain, from: number): Promise<string> {
	const relayPath = path.join(folder, `relay-${from}.sock`);
	let count = 0;
	const server = createServer(client => {
		const qemu = connect(socketPath);
		const asked = new Set<unknown>();
		const byLine = (use: (line: string) => void) => {
			let rest = '';
			return (text: string) => {
				const lines = `${rest}${text}`.split('\n');
				rest = lines.pop()!;
				for (const line of lines) {
					use(line);
				}
			};
		};

		client.setEncoding('utf8').on('data', byLine(line => {
			const {execute, id} = JSON.parse(line) as {execute: string; id: unknown};
			if (execute === 'query-block' && ++count >= from) {
				asked.add(id);
			}

			qemu.write(`${line}\n`);
		}));
		qemu.setEncoding('utf8').on('data', byLine(line => {
			const {id} = JSON.parse(line) as {id?: unknown};
			client.write(`${asked.has(id) ? JSON.stringify({id, return: {blocks: 'two'}}) : line}\n`);
		}));
		for (const [socket, other] of [[client, qemu], [qemu, client]] as const) {
			socket.on('error', () => other.destroy()).on('close', () => other.destroy());
		}
	});
	server.listen(relayPath);
	t.teardown(() => server.close());
	await waitFor('the relay listens', async () => isListening({socketPath: relayPath} as BareDomain));
	return relayPath;
}

test.serial('a monitor that answers with something of its own: nothing is changed because of it, and by that of QEMU the same is done', async t => {
	const domain = await startBare(t, {name: 'relayed'});
	const held = await markBare(domain, 3);
	const create = (name: string) => ['create', domain.name, name, '--disk-only', '--yes'];
	const names = async () => (await readBareTree(domain)).snapshots.map(({name}) => name);
	// While it is planned, and when it is looked at once more.
	for (const from of [1, 6]) {
		const socketPath = await startRelay(t, domain, from);
		const told = await runBare({...domain, socketPath}, create(`s${from}`));
		t.is(told.exitCode, 5, told.stderr);
		t.regex(told.stderr, /answers to query-block is not understood: it is an object, and a list was expected\.\s+It may be another program or an unknown version\. Nothing was changed because of it\./);
		t.deepEqual(await names(), []);
	}

	// In the midst of it: it does not claim that.
	const socketPath = await startRelay(t, domain, 10);
	const told = await runBare({...domain, socketPath}, create('s10'));
	t.is(told.exitCode, 4, told.stderr);
	t.notRegex(told.stderr, /Nothing was changed because of it/);
	await doBare(domain, 'recover', '--roll-back', '--yes', domain.name);
	t.deepEqual(await names(), []);
	await doBare(domain, ...create('s1'));
	t.deepEqual(await names(), ['s1']);
	await doBare(domain, 'delete', domain.name, 's1', '--yes');
	t.deepEqual(await digestBare(domain), held);
});
