/** A disk that is shared with other domains, or that the snapshot left out, stays on its file whatever is kept or branched. */
import {readFile} from 'node:fs/promises';
import test from 'ava';
import {startLab} from './daemons.ts';
import {defineXml, makeDomain} from './domains.ts';
import {report, revert, runProgram} from './program.ts';
import {virsh} from './run.ts';
import {digestImage, readHeads, writeOffline} from './slots.ts';
import {readRecords} from './snapshots.ts';

test.before(startLab);

test.serial('a shared disk and one that was left out get no overlay by keep or branch', async t => {
	const domain = await makeDomain(t, {diskCount: 3, formats: {vdb: 'raw'}});
	const xml = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	await defineXml(xml.replace(/(<target dev='vdb'[^>]*>)/, '$1<shareable/>'));
	const create = await runProgram(domain, ['create', '--disk-only', '--disk', 'vdb=no', '--disk', 'vdc=no', '--yes', '--', domain.name, 's1']);
	t.is(create.exitCode, 0, report(create));
	const [, shared, leftOut] = domain.disks;
	const heads = await readHeads(domain);
	await writeOffline(heads.get('vda')!, 0x11, 1);
	await writeOffline(shared!.path, 0x22, 1, 'raw');
	await writeOffline(leftOut!.path, 0x33, 1);
	const [kept, sharedBytes, leftOutBytes] = [await digestImage(heads.get('vda')!), await readFile(shared!.path), await digestImage(leftOut!.path)];

	for (const args of [['revert', '--keep', 'k'], ['branch', '--keep', 'k2']]) {
		const result = await runProgram(domain, [...args, '--yes', '--', domain.name, 's1', ...(args[0] === 'branch' ? ['line'] : [])]);
		t.is(result.exitCode, 0, report(result));
		const now = await readHeads(domain);
		t.is(now.get('vdb'), shared!.path);
		t.is(now.get('vdc'), leftOut!.path);
	}

	t.true(sharedBytes.equals(await readFile(shared!.path)));
	t.is(await digestImage(leftOut!.path), leftOutBytes);
	for (const [name, record] of await readRecords(domain)) {
		t.regex(record, /<disk name='vdb' snapshot='no'\/>\s*<disk name='vdc' snapshot='no'\/>/, name);
	}

	const back = await revert(domain, 'k');
	t.is(back.exitCode, 0, report(back));
	t.is(await digestImage((await readHeads(domain)).get('vda')!), kept);
});
