import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {costOf, runKey, type ImageRun} from '../../../source/model/images/copy-cost.ts';
import {buildImageGraph} from '../../../source/model/images/image-graph.ts';
import {parseMeasure, readDataSizes} from '../../../source/tools/files/measure-images.ts';
import {readChain} from '../../../source/tools/files/qemu-img.ts';
import {createLocalRunner} from '../../../source/tools/run/run.ts';
import {image} from '../../helpers/images.ts';
import {fakeRunner} from '../../hosts/libvirt/fixture.ts';

const mebibyte = 1024 ** 2;
const run = createLocalRunner();
const measuredRun = (...images: string[]): ImageRun => ({images, clusterSizeBytes: 65_536});

test('the data of each run is measured as if nothing were below it: compressed, overlapping, raw with holes, in an external data file', async t => {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-measure-'));
	t.teardown(async () => rm(folder, {recursive: true}));
	const at = (name: string) => path.join(folder, name);
	const tool = async (...argv: string[]) => unwrap(await run({argv, where: 'here'}));
	await writeFile(at('text'), 'abcdefgh'.repeat(3 * mebibyte));
	await tool('qemu-img', 'convert', '-c', '-f', 'raw', '-O', 'qcow2', at('text'), at('base'));
	await tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', at('base'), at('s1, a "b"'));
	await tool('qemu-io', '-f', 'qcow2', '-c', 'write -q -P 3 1M 2M', at('s1, a "b"'));
	await tool('qemu-img', 'create', '-q', '-f', 'raw', at('raw'), '24M');
	await tool('qemu-io', '-f', 'raw', '-c', 'write -q 1M 1M', at('raw'));
	await tool('qemu-img', 'create', '-q', '-f', 'qcow2', '-o', `data_file=${at('store')}`, at('with-store'), '24M');
	await tool('qemu-io', '-f', 'qcow2', '-c', 'write -q 0 5M', at('with-store'));
	const chains = [['s1, a "b"', 'qcow2'], ['raw', 'raw'], ['with-store', 'qcow2']] as const;
	const images = (await Promise.all(chains.map(async ([name, format]) => unwrap(await readChain(run, at(name), format))))).flat();
	const runs = [measuredRun(at('base')), measuredRun(at('s1, a "b"')), measuredRun(at('s1, a "b"'), at('base')), measuredRun(at('raw')), measuredRun(at('with-store'))];
	const sizes = await readDataSizes(run, runs, images);
	t.deepEqual(runs.map(one => sizes.get(runKey(one))), [24, 2, 24, 1.0625, 5].map(size => size * mebibyte), 'qemu-img writes the first block of a new raw file');

	const graph = buildImageGraph(images, []);
	const [top, base] = [at('s1, a "b"'), at('base')];
	const pull = costOf(graph, {method: 'pull', top, layers: [base], into: top, gone: [base]}, sizes);
	t.like(pull, {copyBytes: 22 * mebibyte, growth: {atLeast: 0, atMost: 22 * mebibyte}, isMeasured: true});
	const commit = costOf(graph, {method: 'commit', top, layers: [base], into: base, gone: [top]}, sizes);
	t.like(commit, {copyBytes: 2 * mebibyte, growth: {atLeast: 0, atMost: 2 * mebibyte}}, 'over compressed clusters new ones are made');
});

test('what cannot be measured is left out, and then counts with what it takes', async t => {
	const runner = fakeRunner(() => ({exitCode: 1, stderr: 'qemu-img: no'}));
	const images = [image('/b', undefined, {allocatedBytes: 7}), image('/a', '/b', {allocatedBytes: 5})];
	t.is((await readDataSizes(runner, [measuredRun('/a'), measuredRun('/a', '/b'), measuredRun('nbd://x')], images)).size, 0);
	t.is(runner.requests.length, 2, 'no file, no question');
	const cost = costOf(buildImageGraph(images, []), {method: 'commit', top: '/a', layers: ['/b'], into: '/b', gone: ['/a']}, undefined);
	t.deepEqual(cost, {copyBytes: 5, growth: {atLeast: 0, atMost: 5}, freedBytes: 5, isMeasured: false});
});

test('nonsense for an answer is no measure', t => {
	for (const stdout of ['', '{}', '[]', 'null', '{"required": "1", "fully-allocated": 2}']) {
		t.is(parseMeasure(stdout, {virtualSizeBytes: 1, clusterSizeBytes: 1}), undefined, stdout);
	}
});
