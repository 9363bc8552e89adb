/** Overlays that were made beforehand, on real images: what they hold already decides whether they are taken. */
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {expectRefused} from './expect.ts';
import {report, runProgram} from './program.ts';
import {run} from './run.ts';
import {
	digestHeads, digestImage, readHeads, writeOffline,
} from './slots.ts';
import {markOffline} from './snapshots.ts';

test.before(startLab);

test.serial('a prepared overlay that holds data is refused with the figure, and taken where that is asked for by name', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const digests = await markOffline(domain, 1);
	const overlay = path.join(domain.folder, 'pre"pared,x=1');
	const prepare = async () => run('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', domain.disks[0]!.path, overlay]);
	const create = async (way: string, ...flags: string[]) => runProgram(domain, ['create', '--disk-only', ...flags, '--reuse', `vda=${way}`]);
	const byOption = ['--disk', `vda=external:${overlay}`, '--yes', '--json', domain.name, 's1'];
	await prepare();
	await writeOffline(overlay, 0x77, 5, 'qcow2');
	await expectRefused(t, domain, async () => create('existing', ...byOption), /holds 64\.0 KiB of data already/);
	await prepare();
	await run('qemu-io', ['-f', 'qcow2', '-c', 'write -q -z 2M 128k', overlay]);
	const xmlPath = path.join(domain.statePath, 'wish.xml');
	await writeFile(xmlPath, `<domainsnapshot><disks><disk name='vda' snapshot='external'><source file='${overlay}'/></disk></disks></domainsnapshot>`);
	await expectRefused(t, domain, async () => create('existing', '--xml', xmlPath, '--yes', '--json', domain.name), /holds 128 KiB of data already/);

	await start(domain);
	const heads = await readHeads(domain);
	const live = await create('existing-with-data', ...byOption);
	t.is(live.exitCode, 3, report(live));
	t.regex(live.stderr, /under the running guest/);
	t.deepEqual(await readHeads(domain), heads);
	await stop(domain);

	const wanted = await digestImage(overlay, 'qcow2');
	t.not(wanted, digests.vda!);
	const shown = await create('existing-with-data', '--disk', `vda=external:${overlay}`, '--dry-run', domain.name, 's1');
	t.regex(shown.stdout, /holds 128 KiB.*instead of the current content of vda/);
	const taken = await create('existing-with-data', ...byOption);
	t.is(taken.exitCode, 0, report(taken));
	t.deepEqual(await digestHeads(domain), {vda: wanted});
	t.is(await digestImage(domain.disks[0]!.path), digests.vda!);
});
