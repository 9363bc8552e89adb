/**
A restore to a folder, or as a new domain, killed after each of its steps: what has the name of a whole file is whole, a domain is defined last, and the restore can be
had anew: as the refusal advises where something lies in its way.
*/
import {readdir, rm} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {makeBackups, makeTarget, type BackedUp} from './backups.ts';
import {startLab} from './daemons.ts';
import type {LabDomain} from './domains.ts';
import {readError, report, runProgram} from './program.ts';
import {attemptVirsh, lines, virsh} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {digestAll, readHeads} from './slots.ts';

test.before(startLab);

type Shown = {steps: Array<{title: string; argv: string[]}>};

/** As the shims want it, without the first step, which is this program's own. */
async function readSteps(t: ExecutionContext, {domain}: BackedUp, args: string[]): Promise<Plan> {
	const shown = await runProgram(domain, [...args, '--dry-run', '--json']);
	t.is(shown.exitCode, 0, report(shown));
	const steps = (JSON.parse(shown.stdout) as Shown).steps.slice(1).map(({title, argv}) => ({title, command: {tool: 'file', argv, files: []}}));
	const work = steps.find(({command: {argv}}) => argv.includes('define'))?.command.argv.at(-1);
	return {id: work === undefined ? 'none' : path.basename(path.dirname(work)), steps} as unknown as Plan;
}

/** What is in the folder under names of whole images. */
async function digestWhole(folder: string, prefix: string) {
	const names: string[] = await readdir(folder).catch(() => []);
	return digestAll(['vda', 'vdb'].filter(disk => names.includes(`${prefix}${disk}.qcow2`)).map(disk => [disk, path.join(folder, `${prefix}${disk}.qcow2`)] as const));
}

/** Follows what a refusal says of leftovers; gives whether something else is in the way. */
async function clear(t: ExecutionContext, domain: LabDomain, {args, folder}: {args: string[]; folder: string}): Promise<boolean> {
	const again = await runProgram(domain, [...args, '--yes', '--json']);
	if (again.exitCode === 0) {
		return false;
	}

	t.is(again.exitCode, 3, report(again));
	const {remedy = ''} = readError(again).blockers![0]!;
	const [, left] = /remove what an interrupted restore left: (.*)\.$/.exec(remedy) ?? [];
	for (const name of left?.split(', ') ?? []) {
		t.true(name.endsWith('.partial'));
		await rm(path.join(folder, name));
	}

	return left === undefined || clear(t, domain, {args, folder});
}

test.serial('to a folder', async t => {
	const made = await makeBackups(t, 2, {sizeMiB: 8});
	const held = made.held.get(made.points[1]!)!;
	const target = await makeTarget(t, made.domain, 'restored');
	const argsFor = (folder: string) => ['restore', made.folder, '--to', folder];
	const {steps} = await readSteps(t, made, argsFor(path.join(target, 'first')));
	for (const [at, {title}] of steps.entries()) {
		const where = `killed after "${title}" (${at + 1})`;
		const folder = path.join(target, `place-${at}`);
		const shims = await makeShims(t, await readSteps(t, made, argsFor(folder)), {at, script: killMoments.after});
		const killed = await runProgram(made.domain, [...argsFor(folder), '--yes', '--json'], shims.options);
		await shims.settle();
		t.is(killed.signal, 'SIGKILL', `${where}\n${report(killed)}`);
		const whole = await digestWhole(folder, '');
		t.deepEqual(whole, Object.fromEntries(Object.entries(held).filter(([disk]) => disk in whole)), where);
		if (await clear(t, made.domain, {args: argsFor(folder), folder})) {
			t.true(Object.keys(whole).length > 0, where);
			const other = await runProgram(made.domain, [...argsFor(`${folder}-other`), '--yes', '--json']);
			t.is(other.exitCode, 0, `${where}\n${report(other)}`);
			t.deepEqual(await digestWhole(`${folder}-other`, ''), held, where);
		} else {
			t.deepEqual(await digestWhole(folder, ''), held, where);
		}
	}
});

test.serial('as a new domain', async t => {
	const made = await makeBackups(t, 1, {sizeMiB: 8, diskCount: 1});
	const {domain, folder, points} = made;
	const held = made.held.get(points[0]!)!;
	const argsFor = (name: string) => ['restore', folder, '--as', name];
	const {steps} = await readSteps(t, made, argsFor(`${domain.name}-first`));
	const defined = async () => lines(await virsh('list', '--all', '--name'));
	for (const [at, {title}] of steps.entries()) {
		const where = `killed after "${title}" (${at + 1})`;
		const name = `${domain.name}-${at}`;
		t.teardown(async () => attemptVirsh(`undefine ${name}; undefine ${name}-other`));
		const shims = await makeShims(t, await readSteps(t, made, argsFor(name)), {at, script: killMoments.after});
		const killed = await runProgram(domain, [...argsFor(name), '--yes', '--json'], shims.options);
		await shims.settle();
		t.is(killed.signal, 'SIGKILL', `${where}\n${report(killed)}`);
		const isLast = at === steps.length - 1;
		t.is((await defined()).includes(name), isLast, where);
		const whole = await digestWhole(domain.folder, `${name}.`);
		t.deepEqual(whole, Object.fromEntries(Object.entries(held).filter(([disk]) => disk in whole)), where);
		const isBlocked = await clear(t, made.domain, {args: argsFor(name), folder: domain.folder});
		const now = isBlocked && !isLast ? `${name}-other` : name;
		const other = now === name ? undefined : await runProgram(domain, [...argsFor(now), '--yes', '--json']);
		t.true(other === undefined || other.exitCode === 0, `${where}\n${other && report(other)}`);
		t.deepEqual(await digestAll([...await readHeads({uuid: (await virsh('domuuid', now)).trim()})]), held, where);
	}
});
