import test from 'ava';
import {succeed} from '../../../source/model/result.ts';
import {createFileFence, parseHeads} from '../../../source/hosts/libvirt/file-fence.ts';
import {findForeignFile, parseBlockSizes, readSizesThere} from '../../../source/hosts/libvirt/same-files.ts';
import {createVirsh} from '../../../source/hosts/libvirt/virsh.ts';
import type {Runner} from '../../../source/tools/run/run.ts';
import {inventory} from '../../helpers/inventory.ts';

type Said = {hostname: string; uuid: string; productUuid?: string; sizes?: string; stat?: string};

/** A machine called "vm" with a libvirt that says this of itself; what ran besides is counted. */
function machineWith(said: Said): {runner: Runner; ran: string[]} {
	const ran: string[] = [];
	const runner: Runner = async ({argv}) => {
		const answer = (stdout: string) => succeed({stdout, stderr: '', durationMs: 0});
		switch (argv[0]) {
			case 'virsh': {
				return answer(argv.includes('domblkinfo')
					? said.sizes ?? ''
					: argv.at(-1)!.replaceAll(/capabilities; echo|hostname; echo/g, words =>
						words.startsWith('h') ? `${said.hostname}\n; ` : `<capabilities><host><uuid>${said.uuid}</uuid></host></capabilities>; `).replaceAll('; ', ''));
			}

			case 'head': {
				return answer(`==> /sys/class/dmi/id/product_uuid <==\n${said.productUuid ?? ''}\n\n==> /proc/sys/kernel/hostname <==\nvm\n`);
			}

			case 'hostname': {
				return answer('vm.example.org\n');
			}

			case 'grep': {
				return answer('');
			}

			case 'stat': {
				return answer(said.stat ?? '');
			}

			default: {
				ran.push(argv.join(' '));
				return answer('');
			}
		}
	};

	return {runner, ran};
}

function fenceOf(said: Said) {
	const {runner, ran} = machineWith(said);
	return {fence: createFileFence({runner, virsh: createVirsh({runner, uri: undefined, isReadOnly: false, makeMark: () => 'MARK'})}), ran};
}

test('a file command runs only where libvirt\'s host is the machine on which it runs', async t => {
	const own = fenceOf({hostname: 'vm', uuid: 'x'});
	t.true((await own.fence.runner({argv: ['rm', '/x'], where: 'host'})).ok);
	t.deepEqual(own.ran, ['rm /x']);
	const foreign = fenceOf({hostname: 'far', uuid: 'x'});
	const refused = await foreign.fence.runner({argv: ['rm', '/x'], where: 'host'});
	t.like(refused, {ok: false, failure: {kind: 'files-elsewhere', remedy: 'Use qemu+ssh://far/system: files are then accessed by ssh.'}});
	t.deepEqual(foreign.ran, []);
	t.true((await foreign.fence.runner({argv: ['nothing'], where: 'here'})).ok, 'virsh itself is no file command');
});

test('the beginnings of files are told apart by their headings', t => {
	t.deepEqual([...parseHeads('==> /a <==\nA\n\n==> /b <==\n\n==> /c <==\nC\n')], [['/a', 'A'], ['/b', ''], ['/c', 'C']]);
});

const table = ' vda   16777216   204800   196616\n vdb   4194304    8192     4194304\n hdc   -          -        -\n';

test('sizes are read with and without virsh\'s heading', t => {
	const sizes = parseBlockSizes(` Target   Capacity   Allocation   Physical\n-----\n${table}`);
	t.deepEqual([...sizes], [['vda', {allocatedBytes: 204_800, sizeBytes: 196_616}], ['vdb', {allocatedBytes: 8192, sizeBytes: 4_194_304}]]);
});

test('an image of another size or another allocation is another file; one that a side cannot see is not judged', async t => {
	const {domain} = inventory({heads: {vda: '/i/vda.qcow2'}, snapshots: [], images: []}).details;
	const find = async (stat: string, sizes = table) => {
		const {runner} = machineWith({hostname: 'vm', uuid: 'x', sizes, stat});
		const virsh = createVirsh({runner, uri: undefined, isReadOnly: false});
		return findForeignFile({runner, virsh}, {domain, there: await readSizesThere(virsh, domain.uuid), here: new Map(['/i/vda.qcow2', '/i/vda.qcow2.TRANSIENT-web'].map(path => [path, {sizeBytes: 1, allocatedBytes: 1}]))});
	};

	t.is(await find(['/i/vda.qcow2', '196616', '400', '512', ''].join('\0')), undefined);
	t.regex(await find(['/i/vda.qcow2', '196617', '400', '512', ''].join('\0')) ?? '', /libvirt sees \/i\/vda\.qcow2 with 196616 bytes/);
	t.regex(await find(['/i/vda.qcow2', '196616', '408', '512', ''].join('\0')) ?? '', /208896/);
	t.is(await find(''), undefined);
	// Of a transient disk libvirt tells the size of its overlay.
	domain.definition.disks[0]!.transient = {overlayPath: '/i/vda.qcow2.TRANSIENT-web'};
	t.is(await find(['/i/vda.qcow2.TRANSIENT-web', '196616', '400', '512', '/i/vda.qcow2', '5', '8', '512', ''].join('\0')), undefined);
	t.regex(await find(['/i/vda.qcow2.TRANSIENT-web', '1', '8', '512', ''].join('\0')) ?? '', /TRANSIENT-web with 196616/);
	delete domain.definition.disks[0]!.transient;
	t.is(await find(['/i/vda.qcow2', '196617', '400', '512', ''].join('\0'), ''), undefined);
	// Of a raw image that a guest writes to libvirt tells what its blocks take in place of its size, and how far the guest has written (9.0).
	domain.definition.disks[0]!.format = 'raw';
	t.is(await find(['/i/vda.qcow2', '8388608', '272', '512', ''].join('\0'), ' vda   8388608   2162688   139264\n'), undefined);
	t.regex(await find(['/i/vda.qcow2', '8388608', '280', '512', ''].join('\0'), ' vda   8388608   2162688   139264\n') ?? '', /139264/);
});
