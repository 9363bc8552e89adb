/**
A restore that the screen plans for a domain and that leaves it as it is: the images go to a folder, or a new domain is defined on them. Killed after each of its steps
it is put back, or finished where the new domain is defined.
*/
import {execFile} from 'node:child_process';
import {mkdir, readdir} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import type {Elsewhere, Request} from '../../source/model/plan/request.ts';
import {makeBackups, makeTarget, type BackedUp} from './backups.ts';
import {startLab} from './daemons.ts';
import {readState, type LabDomain} from './domains.ts';
import {act} from './in-process.ts';
import {recover, report} from './program.ts';
import {attemptVirsh, lines, virsh} from './run.ts';
import {labEnvironment} from './settings.ts';
import {digestAll, digestHeads, readHeads} from './slots.ts';
import {readWorld} from './world.ts';

test.before(startLab);

const wishFor = ({domain, folder, points}: BackedUp, elsewhere: Elsewhere): Request => ({
	kind: 'restore', uuid: domain.uuid, from: folder, at: points[0], isVerified: true, elsewhere, currentState: {kind: 'keep', name: 'kept'}, endState: 'shutoff',
});

const isThere = async (name: string): Promise<boolean> => lines(await virsh('list', '--all', '--name')).includes(name);

async function runKilled(given: {domain: LabDomain; request: Request; killAfter: number}): Promise<{signal: unknown; output: string}> {
	return new Promise(resolve => {
		execFile(process.execPath, ['--import', 'tsx', path.join(import.meta.dirname, 'killed-action.ts'), JSON.stringify(given)], {env: labEnvironment()}, (error, stdout, stderr) => {
			resolve({signal: error?.signal, output: stdout + stderr});
		});
	});
}

test.serial('to a folder, and as a new domain: the bytes are those of the point, and the domain goes on as it was', async t => {
	const made = await makeBackups(t, 2);
	const {domain, points, held} = made;
	const [before, now] = [await readWorld(domain), await digestHeads(domain)];
	const target = await makeTarget(t, domain, 'restored');
	const folder = path.join(target, 'alone');
	const alone = await act(domain, wishFor(made, {kind: 'folder', path: folder}));
	t.is(alone.kind, 'done', JSON.stringify(alone));
	t.deepEqual(await readdir(folder).then(names => names.sort()), ['domain.xml', 'vda.qcow2', 'vdb.qcow2']);
	t.deepEqual(await digestAll(['vda', 'vdb'].map(disk => [disk, path.join(folder, `${disk}.qcow2`)] as const)), held.get(points[0]!)!);
	const name = `${domain.name}-restored`;
	t.teardown(async () => attemptVirsh(`undefine ${name}`));
	const anew = await act(domain, wishFor(made, {kind: 'new', name, path: path.join(target, 'anew')}));
	t.is(anew.kind, 'done', JSON.stringify(anew));
	t.deepEqual(await digestAll([...await readHeads({uuid: name})]), held.get(points[0]!)!);
	t.is(await readState(domain), 'running');
	t.deepEqual([await readWorld(domain), await digestHeads(domain)], [before, now]);
	const taken = await act(domain, wishFor(made, {kind: 'new', name, path: undefined}));
	t.regex(JSON.stringify(taken), /There is a domain/);
});

test.serial('killed after each step', async t => {
	const made = await makeBackups(t, 1, {diskCount: 1});
	const {domain, points, held} = made;
	const target = await makeTarget(t, domain, 'restored');
	let killAfter = 0;
	for (let wasKilled = true; wasKilled;) {
		killAfter++;
		const folder = path.join(target, `place-${killAfter}`);
		await mkdir(folder, {mode: 0o755});
		const name = `${domain.name}-restored-${killAfter}`;
		t.teardown(async () => attemptVirsh(`undefine ${name}`));
		const request = wishFor(made, {kind: 'new', name, path: folder});
		const killed = await runKilled({domain, request, killAfter});
		const where = `killed after step ${killAfter}`;
		wasKilled = killed.signal === 'SIGKILL';
		t.true(wasKilled || killAfter > 8, `${where}: ${killed.output}`);
		const isDefined = await isThere(name);
		const recovered = await recover(domain, isDefined ? '--roll-forward' : '--roll-back');
		t.is(recovered.exitCode, 0, `${where}\n${report(recovered)}`);
		t.deepEqual(await readdir(folder), isDefined ? [`${name}.vda.qcow2`] : [], where);
		t.deepEqual(isDefined ? await digestAll([...await readHeads({uuid: name})]) : held.get(points[0]!)!, held.get(points[0]!)!, where);
	}
});
