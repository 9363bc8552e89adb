/** A journal, or what lies beside it, that is not as it was written: nothing is removed or forgotten on its account, and all of it is told. */
import {
	chmod, copyFile, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, type LabDomain} from './domains.ts';
import {
	readError, recover, report, revert, runProgram,
} from './program.ts';
import {killMoments, makeShims, readPlan} from './shims.ts';
import {digestHeads, readHeads, writeOffline} from './slots.ts';
import {markOffline, takeDiskSnapshot, type Digests} from './snapshots.ts';
import {readStrays} from './world.ts';

test.before(startLab);

type Crashed = {domain: LabDomain; journalPath: string; before: Digests};

async function makeCrashed(t: ExecutionContext, stepId: string): Promise<Crashed> {
	const domain = await makeDomain(t, {sizeMiB: 4, diskCount: 1});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const before = await markOffline(domain, 2);
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === stepId), script: killMoments.after});
	const killed = await revert(domain, 's1', shims.options);
	t.is(killed.signal, 'SIGKILL', report(killed));
	const folder = path.join(domain.statePath, 'journal');
	return {domain, journalPath: path.join(folder, (await readdir(folder))[0]!), before};
}

/** One byte of each record that speaks of this step and of the switch: what a reader who stops there believes was never begun. */
async function damageLine(journalPath: string, pattern: RegExp): Promise<void> {
	const lines = (await readFile(journalPath, 'utf8')).split('\n');
	const at = lines.findIndex((line, index) => index > 0 && pattern.test(line));
	lines[at] = lines[at]!.replace('"at"', '"au"');
	await writeFile(journalPath, lines.join('\n'));
}

test.serial('after the switch a damaged line hides nothing: the head that the definition names stays, with what was written to it', async t => {
	const {domain, journalPath} = await makeCrashed(t, 'define');
	const [[, head]] = [...await readHeads(domain)] as [[string, string]];
	await writeOffline(head, 0x77, 2);
	const used = await digestHeads(domain);
	await damageLine(journalPath, /"done","step":"check-vda"/);

	const told = await runProgram(domain, ['recover']);
	t.is(told.exitCode, 4, report(told));
	t.regex(told.stdout, /damaged: line 3 of /);
	const recovered = await runProgram(domain, ['recover', '--yes', '--json']);
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual([...await readHeads(domain)], [['vda', head]]);
	t.deepEqual(await digestHeads(domain), used);
	t.deepEqual(await readStrays(domain), []);
});

test.serial('before the switch a damaged line removes nothing that the domain uses, and what cannot be vouched for is named', async t => {
	const {domain, journalPath, before} = await makeCrashed(t, 'create-vda');
	await damageLine(journalPath, /"done","step":"reserve-vda"/);
	const recovered = await runProgram(domain, ['recover', '--yes', '--json']);
	t.deepEqual(await digestHeads(domain), before);
	const strays = await readStrays(domain);
	t.is(recovered.exitCode, strays.length === 0 ? 0 : 4, report(recovered));
	for (const name of strays) {
		t.true(recovered.stderr.includes(name), `${name} is named\n${report(recovered)}`);
	}
});

test.serial('a journal whose plan cannot be read is moved aside and told; strange files and later versions concern only themselves', async t => {
	const {domain, journalPath, before} = await makeCrashed(t, 'create-vda');
	const folder = path.dirname(journalPath);
	const whole = await readFile(journalPath, 'utf8');
	const later = whole.split('\n')[0]!.replace(/,"n":0,"sum":"\w+"}$/, '}').replace('"version":2', '"version":3').replaceAll(domain.uuid, '11111111-1111-4111-8111-111111111111');
	await writeFile(path.join(folder, 'later.jsonl'), `${later}\n`);
	await writeFile(path.join(folder, 'null.jsonl'), 'null\n');
	await writeFile(path.join(folder, 'half.jsonl'), '{"kind":"plan"}\n');
	await writeFile(path.join(folder, 'empty.jsonl'), '');
	await utimes(path.join(folder, 'empty.jsonl'), 1, 1);
	await mkdir(path.join(folder, 'folder.jsonl'));
	await copyFile('/etc/hostname', path.join(folder, 'notes'));

	const other = await makeDomain(t, {sizeMiB: 4, diskCount: 1});
	const made = await runProgram({statePath: domain.statePath}, ['create', other.name, 'c1', '--disk-only', '--yes']);
	t.is(made.exitCode, 0, `another domain is not concerned\n${report(made)}`);
	t.is((await runProgram(domain, ['list'])).exitCode, 0);
	const told = await runProgram(domain, ['recover', '--json']);
	t.is(told.exitCode, 4);
	for (const name of ['damaged/empty.jsonl', 'later.jsonl', 'plan version 3', 'damaged/null.jsonl', 'damaged/half.jsonl', 'folder.jsonl', 'journal/notes']) {
		t.true(told.stderr.includes(name), `${name}\n${told.stderr}`);
	}

	t.is((JSON.parse(told.stdout) as unknown[]).length, 1, 'the real one is still there');
	await writeFile(journalPath, whole.slice(0, 700));
	// Older than the time that its writing may take.
	await utimes(journalPath, 1, 1);
	const doctor = await runProgram(domain, ['doctor', domain.name]);
	t.is(doctor.exitCode, 10, report(doctor));
	t.regex(doctor.stdout, new RegExp(`damaged/${path.basename(journalPath)}[\\s\\S]*"${domain.name}" may have been interrupted`));
	const aside = path.join(domain.statePath, 'damaged', path.basename(journalPath));
	t.is(await readFile(aside, 'utf8'), whole.slice(0, 700));
	t.is((await stat(aside)).mode % 0o1000, 0o600);
	t.deepEqual(await digestHeads(domain), before);

	// What is advised is done.
	t.regex(report(doctor).replaceAll(/\s+/g, ' '), /Look at the domain with vsnap-tui doctor\. If all is well, remove \S+damaged/);
	t.true(told.stderr.replaceAll(/\s+/g, ' ').includes('Check what it is, and move it out of the folder.'), told.stderr);
	await rm(aside);
	await rename(path.join(folder, 'notes'), path.join(domain.statePath, 'notes'));
	const quiet = report(await runProgram(domain, ['recover', '--json']));
	t.false(quiet.includes('journal/notes') || quiet.includes(path.basename(aside)), quiet);

	// A later version's journal stops actions on its own domain alone.
	await writeFile(path.join(folder, 'later.jsonl'), `${later.replaceAll('11111111-1111-4111-8111-111111111111', other.uuid)}\n`);
	const refused = await runProgram({statePath: domain.statePath}, ['create', other.name, 'c2', '--disk-only', '--yes', '--json']);
	t.is(refused.exitCode, 3, report(refused));
	t.regex(readError(refused).message, /later\.jsonl .*later version of vsnap-tui \(plan version 3\)/);
});

test.serial('a journal as earlier versions wrote it is recovered, and the audit log says what it cannot read and cannot write', async t => {
	const {domain, journalPath, before} = await makeCrashed(t, 'create-vda');
	const old = (await readFile(journalPath, 'utf8')).replaceAll(/,"n":\d+,"sum":"\w+"}$/gm, '}');
	t.notRegex(old, /"sum"/);
	await writeFile(journalPath, old);
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual(await digestHeads(domain), before);
	t.deepEqual(await readStrays(domain), []);

	const auditPath = path.join(domain.statePath, 'audit.jsonl');
	await writeFile(auditPath, `null\n${await readFile(auditPath, 'utf8')}{"at":"2026-`);
	const log = await runProgram(domain, ['log']);
	t.is(log.exitCode, 0, report(log));
	t.regex(log.stdout, /recovered/);
	t.regex(log.stderr, /2 lines of the audit log cannot be read/);

	await rm(auditPath);
	await mkdir(auditPath);
	await chmod(auditPath, 0o700);
	const made = await runProgram(domain, ['create', domain.name, 'c1', '--disk-only', '--yes']);
	t.is(made.exitCode, 0, report(made));
	t.regex(made.stderr, /The audit log could not be written/);
});
