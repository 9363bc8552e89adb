/** A relative backing name counts from where the folder really is: text alone would lead through a link to somebody else's file. */
import {mkdir, symlink} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {defineXml, domainXml, makeDomain, type LabDomain} from './domains.ts';
import {report, runProgram} from './program.ts';
import {run} from './run.ts';
import {
	digestFile, digestHeads, digestImage, readHeads, writeOffline,
} from './slots.ts';
import {takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

test.serial('a merge through links leaves the disk on its own image, and not on the one of the same name beside the link', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const at = (...names: string[]) => path.join(domain.folder, ...names);
	for (const folder of ['x/b', 'x/d', 'y/b', 'y/c']) {
		await mkdir(at(folder), {recursive: true});
	}

	await symlink('../y/c', at('x/c'));
	await symlink('x/d', at('d'));
	for (const [folder, pattern] of [['y', 0x11], ['x', 0xEE]] as const) {
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', at(folder, 'b/b.img'), '16M']);
		await writeOffline(at(folder, 'b/b.img'), pattern, 1, 'qcow2');
	}

	// "../b/b.img" counts from y/c, where c.img is; seen from x/d by its text it would be the other file.
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', '../b/b.img', at('x/c/c.img')]);
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', '../c/c.img', at('d/d.img')]);
	const linked: LabDomain = {...domain, disks: [{target: 'vda', path: at('x/c/c.img'), format: 'qcow2'}]};
	await defineXml(domainXml(linked));
	await takeDiskSnapshot(linked, 's1', ['--diskspec', `vda,file=${at('d/d.img')}`, '--reuse-external']);
	// More than below it, so that what is below goes up.
	for (const slot of [2, 3, 4, 5]) {
		await writeOffline(at('d/d.img'), 0x20 + slot, slot, 'qcow2');
	}

	await takeDiskSnapshot(linked, 's2', ['--diskspec', `vda,file=${at('head.img')}`]);
	await writeOffline(at('head.img'), 0x33, 6, 'qcow2');
	const [before, foreign] = [await digestHeads(linked), await digestFile(at('x/b/b.img'))];
	for (const name of ['s1', 's2']) {
		const result = await runProgram(linked, ['delete', '--yes', '--', linked.name, name]);
		t.is(result.exitCode, 0, `${name}: ${report(result)}`);
		t.deepEqual(await digestHeads(linked), before, name);
		t.is(await digestFile(at('x/b/b.img')), foreign);
		t.is(await digestImage((await readHeads(linked)).get('vda')!), before.vda!);
	}
});
