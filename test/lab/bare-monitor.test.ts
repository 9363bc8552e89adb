/** Our own client on the monitor of a real QEMU: what a stand-in could only pretend. */
import {readFile, stat, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import type {QmpCommand, QmpEnd} from '../../source/model/plan/plan.ts';
import {createMonitors, type Monitors, type MonitorsOptions} from '../../source/hosts/shared/qmp/monitors.ts';
import {QmpConnection} from '../../source/hosts/shared/qmp/qmp.ts';
import {readQemuProcess} from '../../source/hosts/qemu/read-process.ts';
import {unwrap} from '../helpers/unwrap.ts';
import {markBare, startBare, type BareDomain} from './bare-domain.ts';
import {fill, mountSmall} from './file-systems.ts';
import {attempt, run, waitFor} from './run.ts';
import {digestImage} from './slots.ts';

type Session = {monitors: Monitors; run: (execute: string, parameters?: Record<string, unknown>, until?: QmpEnd, timeoutMs?: number) => ReturnType<Monitors['run']>};

function speakWith(t: ExecutionContext, domain: BareDomain, options: MonitorsOptions = {}): Session {
	const monitors = createMonitors({idleMs: 20, ...options});
	t.teardown(async () => monitors.close());
	return {
		monitors,
		async run(execute, parameters, until, timeoutMs) {
			const command: QmpCommand = {tool: 'qmp', socketPath: domain.socketPath, execute, arguments: parameters ?? {}, ...(until && {until}), files: []};
			return monitors.run(command, {...(timeoutMs !== undefined && {timeoutMs})});
		},
	};
}

/** The files that the disks write to, by QEMU's own word. */
async function readHeads(session: Session, domain: BareDomain): Promise<string[]> {
	const disks = await ask<Array<{inserted?: {file: string}}>>(session, domain, 'query-block');
	return disks.flatMap(({inserted}) => inserted?.file ?? []);
}

async function ask<T>(session: Session, domain: BareDomain, execute: string): Promise<T> {
	const answer = await session.monitors.ask(domain.socketPath, execute);
	if (!answer.ok) {
		throw new Error(JSON.stringify(answer.failure));
	}

	return answer.value as T;
}

async function readStatus(session: Session, domain: BareDomain): Promise<string> {
	return (await ask<{status: string}>(session, domain, 'query-status')).status;
}

/** Sends the QEMU of this domain a signal. */
async function signal(domain: BareDomain, name: NodeJS.Signals): Promise<void> {
	const found = await readQemuProcess(domain.socketPath);
	process.kill(found!.pid, name);
}

test('a second client is told that another program holds the monitor, and gets it when that lets go', async t => {
	const domain = await startBare(t);
	const first = unwrap(await QmpConnection.open(domain.socketPath));
	const second = speakWith(t, domain, {greetingMs: 300});
	t.like(await second.monitors.ask(domain.socketPath, 'query-status'), {ok: false, failure: {kind: 'busy', what: `The monitor ${domain.socketPath}`}});
	const domainCheck = speakWith(t, domain);
	const asked = domainCheck.monitors.ask(domain.socketPath, 'query-status');
	first.close();
	t.true((await asked).ok);
});

test('a migration has ended only when the program that writes has, and the domain is run on from there', async t => {
	const domain = await startBare(t);
	const session = speakWith(t, domain);
	const memoryPath = path.join(domain.folder, 'slow');
	await session.run('stop');
	const saved = await session.run('migrate', {uri: `exec:cat > ${memoryPath}.part; sleep 0.4; mv ${memoryPath}.part ${memoryPath}`}, {kind: 'migration'});
	t.true(saved.ok);
	t.true((await stat(memoryPath)).size > 100_000);
	t.is(await readStatus(session, domain), 'postmigrate');
	t.true((await session.run('cont')).ok);
	t.is(await readStatus(session, domain), 'running');
});

test('a migration can be watched and cancelled over the same connection, and the guest runs on', async t => {
	const domain = await startBare(t);
	const session = speakWith(t, domain);
	await session.run('migrate-set-parameters', {'max-bandwidth': 10_000});
	const memoryPath = path.join(domain.folder, 'cancelled');
	const saving = session.run('migrate', {uri: `exec:cat > ${memoryPath}`}, {kind: 'migration'});
	await waitFor('progress is told', async () => {
		const copied = await session.monitors.readProgress({kind: 'qmp-migration', socketPath: domain.socketPath});
		return copied !== undefined && copied.doneBytes > 0 && copied.doneBytes < copied.totalBytes;
	});
	t.true((await session.run('migrate_cancel')).ok);
	t.like(await saving, {ok: false, failure: {kind: 'qmp-failed', class: 'Cancelled'}});
	t.is(await readStatus(session, domain), 'running');
});

test('a migration that takes longer than it may is stopped, and the guest runs on', async t => {
	const domain = await startBare(t);
	const session = speakWith(t, domain);
	await session.run('migrate-set-parameters', {'max-bandwidth': 10_000});
	const saved = await session.run('migrate', {uri: 'exec:cat > /dev/null'}, {kind: 'migration'}, 300);
	t.like(saved, {ok: false, failure: {kind: 'qmp-failed', class: 'TimedOut'}});
	t.is((await ask<{status: string}>(session, domain, 'query-migrate')).status, 'cancelled');
	t.is(await readStatus(session, domain), 'running');
});

test('a migration that cannot be written fails, whether its program or its disk gives up', async t => {
	const folder = await mountSmall(t, 1);
	const domain = await startBare(t);
	const session = speakWith(t, domain);
	await fill(folder);
	for (const uri of [`exec:cat > ${folder}/full`, 'exec:exit 3']) {
		const saved = await session.run('migrate', {uri}, {kind: 'migration'});
		t.like(saved, {ok: false, failure: {kind: 'qmp-failed', command: 'migrate'}}, uri);
		t.is(await readStatus(session, domain), 'running', uri);
	}
});

test('a job that fails is told with QEMU\'s reason and dismissed, so that its name is free for the next', async t => {
	const domain = await startBare(t);
	const session = speakWith(t, domain);
	const save = async (tag: string, devices: string[]) => session.run('snapshot-save', {'job-id': 'j', tag, vmstate: 'data', devices}, {kind: 'job', id: 'j'});
	t.like(await save('one', ['data', 'none']), {ok: false, failure: {kind: 'qmp-failed', command: 'snapshot-save', description: 'No block device node \'none\''}});
	t.true((await save('one', ['data'])).ok);
	t.like(await save('one', ['data']), {ok: false, failure: {kind: 'qmp-failed', description: 'Snapshot \'one\' already exists in one or more devices'}});
	t.deepEqual(await ask(session, domain, 'query-jobs'), []);
});

test('an active commit becomes ready, is completed, and dismisses itself', async t => {
	const domain = await startBare(t);
	const session = speakWith(t, domain);
	const overlay = path.join(domain.folder, 'over');
	const base = path.join(domain.folder, 'data.qcow2');
	const frozen = await digestImage(base, 'qcow2');
	t.true((await session.run('blockdev-snapshot-sync', {'node-name': 'data', 'snapshot-file': overlay, 'snapshot-node-name': 'over', format: 'qcow2'})).ok);
	await markBare(domain, 1);
	t.true((await session.run('block-commit', {'job-id': 'back', device: 'over'}, {kind: 'job-ready', id: 'back'})).ok);
	t.true((await session.run('job-complete', {id: 'back'}, {kind: 'job', id: 'back'})).ok);
	const heads = await readHeads(session, domain);
	t.true(heads.includes(base) && !heads.includes(overlay));
	t.not(await digestImage(base, 'qcow2'), frozen);
});

test('a commit that is cancelled before it is ready is a failure, and the overlay stays the head', async t => {
	const domain = await startBare(t);
	const session = speakWith(t, domain);
	const overlay = path.join(domain.folder, 'over');
	await session.run('blockdev-snapshot-sync', {'node-name': 'data', 'snapshot-file': overlay, 'snapshot-node-name': 'over', format: 'qcow2'});
	for (const mark of [1, 2, 3, 4, 5, 6, 7, 8]) {
		await markBare(domain, mark);
	}

	const committing = session.run('block-commit', {'job-id': 'back', device: 'over', speed: 65_536}, {kind: 'job-ready', id: 'back'});
	await waitFor('progress is told', async () => {
		const copied = await session.monitors.readProgress({kind: 'qmp-job', socketPath: domain.socketPath, id: 'back'});
		return copied !== undefined && copied.totalBytes >= 8 * 65_536;
	});
	t.true((await session.run('job-cancel', {id: 'back'})).ok);
	t.like(await committing, {ok: false, failure: {kind: 'qmp-failed', class: 'Cancelled'}});
	t.true((await readHeads(session, domain)).includes(overlay));
});

test('QEMU that is killed while it saves memory fails the command at once, and is known to be off', async t => {
	const domain = await startBare(t);
	const session = speakWith(t, domain);
	await session.run('migrate-set-parameters', {'max-bandwidth': 10_000});
	const saving = session.run('migrate', {uri: 'exec:cat > /dev/null'}, {kind: 'migration'});
	await waitFor('it migrates', async () => await session.monitors.readProgress({kind: 'qmp-migration', socketPath: domain.socketPath}) !== undefined);
	await signal(domain, 'SIGKILL');
	t.like(await saving, {ok: false, failure: {kind: 'monitor-failed', reason: 'closed'}});
	t.like(await session.monitors.ask(domain.socketPath, 'query-status'), {ok: false, failure: {kind: 'monitor-failed', reason: 'not-listening'}});
});

test('QEMU that hangs gives no answer in time, and answers again when it goes on', async t => {
	const domain = await startBare(t);
	const session = speakWith(t, domain, {idleMs: 5000});
	await readStatus(session, domain);
	await signal(domain, 'SIGSTOP');
	t.like(await session.monitors.ask(domain.socketPath, 'query-status', {}, {timeoutMs: 200}), {ok: false, failure: {kind: 'monitor-failed', reason: 'no-answer'}});
	await signal(domain, 'SIGCONT');
	t.is(await readStatus(session, domain), 'running');
});

test('memory that is damaged ends the QEMU that reads it, and the failure says that it has gone', async t => {
	const domain = await startBare(t, {more: ['-S', '-incoming', 'defer']});
	const session = speakWith(t, domain);
	const memoryPath = path.join(domain.folder, 'damaged');
	await writeFile(memoryPath, 'QEVM is how it begins, not how it goes on');
	const read = await session.run('migrate-incoming', {uri: `exec:cat ${memoryPath}`}, {kind: 'incoming'});
	t.false(read.ok);
	t.true((await readFile(memoryPath)).length > 0);
});

test('when quitting has ended, nothing holds the images any more', async t => {
	const domain = await startBare(t);
	const session = speakWith(t, domain);
	const base = path.join(domain.folder, 'data.qcow2');
	t.not((await attempt('qemu-io', ['-f', 'qcow2', '-c', 'write -q 0 64k', base])).exitCode, 0);
	const found = await readQemuProcess(domain.socketPath);
	t.true((await session.run('quit', {}, {kind: 'gone'})).ok);
	await waitFor('the process ends', async () => readFile(`/proc/${found!.pid}/stat`, 'utf8').then(text => text.includes(') Z '), () => true));
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q 0 64k', base]);
	t.true((await session.run('quit', {}, {kind: 'gone'})).ok);
});
