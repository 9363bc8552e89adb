/**
Who reaches a libvirt by TCP alone works through its pools. By itself: an image of another domain that is in no pool keeps every delete from being made.
*/
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain} from './domains.ts';
import {report, runProgram} from './program.ts';
import {lines, run} from './run.ts';
import {startSecondHost} from './second-host.ts';
import {digestFolder} from './world.ts';
import {readDisks} from './xml-text.ts';

test.before(startLab);

test.serial('by TCP, images in a pool are seen, and worked on by libvirt alone', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const {tcpUri, inside} = await startSecondHost(t, {hostname: 'elsewhere'});
	const there = async (program: string, ...args: string[]) => run(inside[0]!, [...inside.slice(1), program, ...args]);
	await there('virsh', '-c', 'qemu:///system', 'pool-create-as', 'far', 'dir', '--target', domain.folder);
	const before = await digestFolder(domain.folder);
	const head = async () => readDisks(await there('virsh', '-c', 'qemu:///system', 'dumpxml', '--domain', domain.uuid))[0]!.path;
	const digest = async () => there('sh', '-c', 'qemu-img convert -f qcow2 -O raw "$1" /tmp/vsnaplab-far.raw && sha256sum < /tmp/vsnaplab-far.raw; rm -f /tmp/vsnaplab-far.raw', 'sh', await head());
	const good = async (...args: string[]) => {
		const result = await runProgram(domain, ['-c', tcpUri, ...args], {timeoutMs: 120_000});
		t.is(result.exitCode, 0, report(result));
		return result;
	};

	t.regex((await good('tree', '--', domain.name)).stdout, /vda\.qcow2 +qcow2 .*head of/);
	const first = await digest();
	await good('create', '--disk-only', '--yes', '--', domain.name, 's1');
	await there('qemu-io', '-f', 'qcow2', '-c', 'write -q -P 9 2M 64k', await head());
	const second = await digest();
	t.not(second, first);
	await good('revert', '--keep=k1', '--yes', '--', domain.name, 's1');
	t.is(await digest(), first);
	await good('revert', '--discard', '--yes', '--', domain.name, 'k1');
	t.is(await digest(), second);
	await good('revert', '--discard', '--yes', '--', domain.name, 's1');
	await good('delete', '--yes', '--', domain.name, 'k1');
	t.is(await digest(), first);
	const listed = [...(await there('virsh', '-q', '-c', 'qemu:///system', 'vol-list', 'far')).matchAll(/^ *(\S+)/gm)].map(([, name]) => name!).sort();
	t.deepEqual(listed, lines(await there('ls', '-1', domain.folder)).sort());
	t.is(listed.length, 2);
	t.deepEqual(await digestFolder(domain.folder), before, 'no file of this machine is touched');
});
