import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {findQcow2Candidates} from '../../../source/tools/files/find-qcow2.ts';
import {createLocalRunner} from '../../../source/tools/run/run.ts';
import {fakeRunner} from '../../hosts/libvirt/fixture.ts';

const run = createLocalRunner();

test('only those near a qcow2 image remain of many files, whatever bytes the others begin with', async t => {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-magic-'));
	const names = Array.from({length: 50}, (_, index) => path.join(folder, `-x ${index}`));
	await Promise.all(names.map(async name => writeFile(name, Uint8Array.of(0xE2, 0x82, 0xF0, 0x9F))));
	t.deepEqual(await findQcow2Candidates(run, names), []);
	unwrap(await run({argv: ['qemu-img', 'create', '-q', '-f', 'qcow2', names[20]!, '1M'], where: 'here'}));
	await rm(names[21]!);
	const found = await findQcow2Candidates(run, names);
	t.deepEqual(found, names.slice(16, 32));
	await rm(folder, {recursive: true});
});

test('files that could not be read for all of a batch are not taken for others', async t => {
	t.deepEqual(await findQcow2Candidates(fakeRunner(() => ({exitCode: 255})), ['/a', '/b']), ['/a', '/b']);
});
