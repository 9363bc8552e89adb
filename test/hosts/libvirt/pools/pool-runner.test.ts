/** Programs are asked first; where they are denied, libvirt's pools answer in their words. */
import test from 'ava';
import {fail, succeed} from '../../../../source/model/result.ts';
import type {PoolFiles} from '../../../../source/hosts/libvirt/pools/pool-files.ts';
import {createPoolRunner} from '../../../../source/hosts/libvirt/pools/pool-runner.ts';
import type {Volume} from '../../../../source/hosts/libvirt/pools/volume.ts';
import {readFileFacts, readSameFile, readTest} from '../../../../source/tools/files/files.ts';
import {readFileStamps} from '../../../../source/tools/files/file-stamps.ts';
import {findQcow2Candidates} from '../../../../source/tools/files/find-qcow2.ts';
import {readFolder} from '../../../../source/tools/files/folders.ts';
import {readChain, readHeader} from '../../../../source/tools/files/qemu-img.ts';
import type {Runner} from '../../../../source/tools/run/run.ts';
import {unwrap} from '../../../helpers/unwrap.ts';

const pool = {name: 'p', folder: '/p', freeBytes: 5000};

const volume = (path: string, backing?: string): Volume => ({
	pool,
	path,
	isRegular: true,
	format: 'qcow2',
	virtualSizeBytes: 1024,
	allocatedBytes: 4096,
	sizeBytes: 196_616,
	modifiedAt: '17.000000001',
	changedAt: '18.000000000',
	mode: 0o600,
	uid: 64_055,
	gid: 108,
	clusterSizeBytes: 65_536,
	isVersion2: false,
	hasSubclusters: false,
	isEncrypted: false,
	backing: backing === undefined ? undefined : {path: backing, format: 'qcow2'},
});

const volumes = new Map([['/p/a', volume('/p/a')], ['/p/b', volume('/p/b', '/p/a')]]);

const files: PoolFiles = {
	isReadOnly: true,
	poolAt: async folder => succeed(folder === '/p' ? pool : undefined),
	hasAny: async () => true,
	names: async () => succeed(new Set(['a', 'b'])),
	volumeAt: async path => succeed(volumes.get(path)),
	identityOf: async ({path}) => succeed(path),
	inside: async ({path}) => fail({kind: 'unreadable', what: path, reason: 'read-only'}),
};

/** As the programs are for whom /p is closed. */
const denied: Runner = async ({argv}) => ['stat', 'head', 'find'].includes(argv[0]!)
	? succeed({stdout: '', stderr: `${argv[0]}: '/p': Permission denied`, durationMs: 0})
	: fail({kind: 'tool-failed', cause: {argv, exitCode: 1, timedOut: false, stderr: argv[0] === 'test' ? '' : 'Could not open: Permission denied', durationMs: 0}});

const elsewhere: Runner = async () => fail({kind: 'files-elsewhere', text: '', remedy: ''});

for (const [name, programs] of Object.entries({denied, elsewhere})) {
	test(`${name}: files, folders and images are told of as the programs would`, async t => {
		const {runner, reached} = createPoolRunner({runner: programs, files, isWanted: async () => true});
		const facts = unwrap(await readFileFacts(runner, ['/p/a', '/p/gone']));
		t.deepEqual([...facts], [['/p/a', {
			sizeBytes: 196_616, modifiedAt: '17.000000001', inode: 'pool:/p/a', uid: 64_055, gid: 108, mode: 0o600, isRegular: true,
		}]]);
		t.like(unwrap(await readFileStamps(runner, ['/p/a']))[0], {path: '/p/a', allocatedBytes: 4096, modifiedAt: '17.000000001'});
		t.true(unwrap(await readTest(runner, '-e', '/p/a')));
		t.false(unwrap(await readTest(runner, '-e', '/p/gone')));
		t.true(unwrap(await readSameFile(runner, '/p/a', '/p/a')));
		t.false(unwrap(await readSameFile(runner, '/p/a', '/p/b')));
		t.deepEqual(await findQcow2Candidates(runner, ['/p/a']), ['/p/a']);
		t.like(unwrap(await readFolder(runner, '/p')), {isWritable: true, freeBytes: 5000, names: new Set(['a', 'b'])});
		const chain = unwrap(await readChain(runner, '/p/b', 'qcow2'));
		t.deepEqual(chain.map(({path, backingPath, virtualSizeBytes, problems}) => ({path, backingPath, virtualSizeBytes, problems})), [
			{path: '/p/b', backingPath: '/p/a', virtualSizeBytes: 1024, problems: []}, {path: '/p/a', backingPath: undefined, virtualSizeBytes: 1024, problems: []},
		]);
		t.deepEqual([...reached.keys()], ['/p']);
	});
}

test('what a connection that may write does not get is not filled in from what is known less well', async t => {
	const {runner} = createPoolRunner({runner: denied, files: {...files, isReadOnly: false}, isWanted: async () => true});
	t.not((await readHeader(runner, '/p/a')).kind, 'image');
	const [image] = unwrap(await readChain(runner, '/p/a', 'qcow2'));
	t.is(image!.problems[0]!.kind, 'unreadable');
});

test('what programs answer stands, and root asks no pool', async t => {
	const answers: Runner = async () => succeed({stdout: 'w0\0/p\u00008\0p\0', stderr: '', durationMs: 0});
	const open = createPoolRunner({runner: answers, files, isWanted: async () => true});
	await readFolder(open.runner, '/p');
	t.is(open.reached.size, 0);
	const root = createPoolRunner({runner: denied, files, isWanted: async () => false});
	t.false(unwrap(await readTest(root.runner, '-e', '/p/a')));
	t.is(unwrap(await readFileFacts(root.runner, ['/p/a'])).size, 0);
	t.is(root.reached.size, 0);
});
