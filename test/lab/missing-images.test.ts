/** Images that are not where they are looked for: what is told of each cause, and that what is advised helps. */
import {mkdir, rename, rm} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop, type LabDomain} from './domains.ts';
import {report, revert, runProgram} from './program.ts';
import {run} from './run.ts';
import {digestHeads, digestImage, readHeads} from './slots.ts';
import {markOffline, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

type FindingLine = {kind: string; text: string; remedy?: string};

async function lost(domain: LabDomain): Promise<FindingLine> {
	const told = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	const found = (JSON.parse(told.stdout) as FindingLine[]).filter(({kind}) => kind === 'image-missing' || kind === 'backing-missing');
	if (found.length !== 1) {
		throw new Error(report(told));
	}

	return found[0]!;
}

test.serial('a file that was removed under a running guest is saved by the command that is named, the head and what is below it', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const at = await markOffline(domain, 2);
	const base = domain.disks[0]!.path;
	const frozen = await digestImage(base);
	await start(domain);
	await rm(base);
	const refused = await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, 's2']);
	t.is(refused.exitCode, 3, report(refused));
	t.regex(refused.stderr, /still has it open/);
	const below = await lost(domain);
	t.regex(below.text, /still has it open/);
	await run('sh', ['-c', /cp --sparse.*(?=, as root)/.exec(below.remedy!)![0]]);
	t.is(await digestImage(base), frozen);

	const [head] = [...(await readHeads(domain)).values()];
	await rm(head!);
	await run('sh', ['-c', /virsh blockcopy.*/.exec((await lost(domain)).remedy!)![0]]);
	t.deepEqual([...(await readHeads(domain)).values()], [`${head!}.saved`]);
	await stop(domain);
	t.deepEqual(await digestHeads(domain), at);
	await start(domain);
	await stop(domain);
});

test.serial('a renamed image and a folder that is not there are named, and what is advised brings all back', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	const first = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const base = domain.disks[0]!.path;
	await rename(base, path.join(domain.folder, 'old.qcow2'));
	await run('sh', ['-c', /mv -n .*?(?=\. Else)/.exec((await lost(domain)).remedy!)![0]]);
	await rename(domain.folder, `${domain.folder}-away`);
	t.teardown(async () => rm(`${domain.folder}-away`, {recursive: true, force: true}));
	const told = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	const text = report(told).replaceAll(/\s+/g, ' ');
	t.true(text.includes(`there is no folder ${domain.folder}.`), text);
	t.notRegex(text, /backup/);
	await mkdir(path.dirname(domain.folder), {recursive: true});
	await rename(`${domain.folder}-away`, domain.folder);
	const back = await revert(domain, 's1');
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), first);
});
