/** A template that is defined, off and unchanged is in nobody's way: its linked clones are reverted, branched, merged and deleted as any other domain. */
import {chmod} from 'node:fs/promises';
import test from 'ava';
import {startLab} from './daemons.ts';
import {defineXml, domainXml, makeDomain, start, stop, type LabDomain} from './domains.ts';
import {expectRefused} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {run} from './run.ts';
import {digestFile, digestHeads, writeOffline} from './slots.ts';
import {markOffline, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('every action works on a linked clone beside its template, and is refused when the template runs or was changed', async t => {
	const template = await makeDomain(t, {diskCount: 1});
	const base = template.disks[0]!.path;
	await chmod(base, 0o444);
	const clone: LabDomain = await makeDomain(t, {diskCount: 1});
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', base, clone.disks[0]!.path]);
	await defineXml(domainXml(clone));
	const templateDigest = await digestFile(base);
	const first = await markOffline(clone, 1);
	await takeDiskSnapshot(clone, 's1');
	await markOffline(clone, 2);

	const kept = await revert(clone, 's1', {flags: ['--keep', 'k']});
	t.is(kept.exitCode, 0, report(kept));
	t.notRegex(kept.stdout, new RegExp(template.name));
	t.deepEqual(await digestHeads(clone), first);
	await chmod(base, 0o644);
	const preview = await runProgram(clone, ['revert', '--discard', '--dry-run', '--', clone.name, 's1']);
	t.regex(preview.stdout, new RegExp(`head of ${template.name}.*if that domain is started`));
	for (const args of [['branch', clone.name, 's1', 'line'], ['merge', clone.name, 'line'], ['delete', clone.name, 'k'], ['delete', clone.name, 's1']]) {
		const result = await runProgram(clone, [args[0]!, '--yes', ...(args[0] === 'branch' ? ['--discard'] : []), '--', ...args.slice(1)]);
		t.is(result.exitCode, 0, `${args.join(' ')}\n${report(result)}`);
		t.deepEqual(await digestHeads(clone), first, args.join(' '));
	}

	t.is(await digestFile(base), templateDigest);
	await takeDiskSnapshot(clone, 's2');
	await start(template);
	await expectRefused(t, clone, async () => revert(clone, 's2'), new RegExp(`being written to.*head of ${template.name}`));
	await stop(template);
	await new Promise(resolve => {
		setTimeout(resolve, 2500);
	});
	await writeOffline(base, 0x66, 6);
	await expectRefused(t, clone, async () => revert(clone, 's2'), new RegExp(`head of ${template.name}.*was written to since`));
});
