/** Tests source/model/qemu/command-line.ts with the drives and options behind it. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {bootFilesOf, nameOfDrive, relaunchArgv, relaunchProblems, withImages, withPresentHeads, type HeadOfDrive} from '../../../source/model/qemu/command-line.ts';
import type {Result} from '../../../source/model/result.ts';

const qemu = '/usr/bin/qemu-system-x86_64';

function reasonOf(result: Result<unknown>): string {
	if (result.ok || result.failure.kind !== 'unreadable') {
		throw new Error(`Not refused: ${JSON.stringify(result)}`);
	}

	return result.failure.reason;
}

const head = (target: string, path: string, more: Partial<HeadOfDrive> = {}): HeadOfDrive => ({target, device: '', path, format: 'qcow2', chain: [path], ...more});
const onNew = (path = '/d/a.qcow2') => new Map([[path, {path: '/d/new, 1.qcow2', format: 'qcow2'}]]);

test('a -drive keeps all its options but for the file and the format, commas written twice', t => {
	const argv = [qemu, '-m', '64', '-drive', 'file=/d/a,,b.raw,if=virtio,driver=raw,cache=none,id=sys', '-nodefaults'];
	t.deepEqual(unwrap(withImages(argv, onNew('/d/a,b.raw'))), [
		qemu, '-m', '64', '-drive', 'file=/d/new,, 1.qcow2,if=virtio,cache=none,id=sys,format=qcow2', '-nodefaults',
	]);
});

test('a -drive with dotted options drops the backing file that it names', t => {
	const argv = [qemu, '-drive', 'driver=qcow2,file.driver=file,file.filename=/d/a.qcow2,backing.driver=raw,backing.file.driver=file,backing.file.filename=/d/b'];
	t.deepEqual(unwrap(withImages(argv, onNew())), [qemu, '-drive', 'file.driver=file,file.filename=/d/new,, 1.qcow2,format=qcow2']);
});

test('an image that is a block device is opened as one, and one that was is opened as a file', t => {
	const onDevice = new Map([['/d/a.qcow2', {path: '/dev/vg/lv', format: 'raw', isDevice: true}]]);
	const blockdev = (driver: string, filename: string, format: string) => JSON.stringify({driver: format, 'node-name': 'd', file: {driver, filename}});
	t.deepEqual(
		unwrap(withImages([qemu, '-drive', 'driver=qcow2,file.driver=file,file.filename=/d/a.qcow2'], onDevice)),
		[qemu, '-drive', 'file.driver=host_device,file.filename=/dev/vg/lv,format=raw'],
	);
	t.deepEqual(unwrap(withImages([qemu, '-blockdev', blockdev('file', '/d/a.qcow2', 'qcow2')], onDevice)), [qemu, '-blockdev', blockdev('host_device', '/dev/vg/lv', 'raw')]);
	t.deepEqual(unwrap(withImages([qemu, '-blockdev', blockdev('host_device', '/d/a.qcow2', 'raw')], onNew())), [qemu, '-blockdev', blockdev('file', '/d/new, 1.qcow2', 'qcow2')]);
});

test('-hda and an image that stands alone become a -drive with a format', t => {
	const wanted = [qemu, '-drive', 'file=/d/new,, 1.qcow2,format=qcow2,index=0,media=disk'];
	t.deepEqual(unwrap(withImages([qemu, '-hda', '/d/a.qcow2'], onNew())), wanted);
	t.deepEqual(unwrap(withImages([qemu, '/d/a.qcow2'], onNew())), wanted);
});

test('a format node in JSON is led to the new image through its protocol node', t => {
	const argv = [
		qemu,
		'-blockdev',
		'{"driver":"file","node-name":"p","filename":"/d/a.raw","aio":"threads"}',
		'-blockdev',
		'{"driver":"raw","node-name":"f","file":"p","discard":"unmap"}',
		'-device',
		'virtio-blk-pci,drive=f',
	];
	t.deepEqual(unwrap(withImages(argv, onNew('/d/a.raw'))), [
		qemu,
		'-blockdev',
		'{"driver":"file","node-name":"p","filename":"/d/new, 1.qcow2","aio":"threads"}',
		'-blockdev',
		'{"driver":"qcow2","node-name":"f","file":"p","discard":"unmap"}',
		'-device',
		'virtio-blk-pci,drive=f',
	]);
});

test('a format node as pairs keeps its form, and the nodes of its old chain go with its explicit backing', t => {
	const argv = [
		qemu,
		'-blockdev',
		'driver=qcow2,node-name=base,file.driver=file,file.filename=/d/base.qcow2',
		'-blockdev',
		'qcow2,node-name=top,file.driver=file,file.filename=/d/a.qcow2,backing=base,l2-cache-size=1M',
	];
	t.deepEqual(unwrap(withImages(argv, onNew())), [
		qemu, '-blockdev', 'driver=qcow2,node-name=top,file.driver=file,file.filename=/d/new,, 1.qcow2,l2-cache-size=1M',
	]);
});

test('a device on a file without a format gets a format node of the same name', t => {
	const argv = [qemu, '-blockdev', '{"driver":"file","node-name":"d0","filename":"/d/a.raw","read-only":false,"locking":"on"}', '-device', 'virtio-blk-pci,drive=d0'];
	const blockdev = unwrap(withImages(argv, onNew('/d/a.raw')))[2];
	t.deepEqual(JSON.parse(blockdev!), {
		driver: 'qcow2', 'node-name': 'd0', 'read-only': false, file: {driver: 'file', filename: '/d/new, 1.qcow2', locking: 'on'},
	});
});

test('options of qcow2 go when the image becomes raw', t => {
	const argv = [qemu, '-blockdev', '{"driver":"qcow2","node-name":"f","lazy-refcounts":true,"discard":"unmap","file":{"driver":"file","filename":"/d/a.qcow2"}}'];
	const blockdev = unwrap(withImages(argv, new Map([['/d/a.qcow2', {path: '/d/a.raw', format: 'raw'}]])))[2];
	t.deepEqual(JSON.parse(blockdev!), {driver: 'raw', 'node-name': 'f', discard: 'unmap', file: {driver: 'file', filename: '/d/a.raw'}});
});

test('a relative name counts from the folder that the program is started in', t => {
	const argv = ['env', '-C', '/home/x', 'qemu-system-x86_64', '-drive', 'file=disks/a.qcow2,format=qcow2'];
	t.deepEqual(unwrap(withImages(argv, onNew('/home/x/disks/a.qcow2'))), [
		'env', '-C', '/home/x', 'qemu-system-x86_64', '-drive', 'file=/d/new,, 1.qcow2,format=qcow2',
	]);
});

test('a drive is found by any image of its chain, and gets format and name as the monitor tells them', t => {
	const argv = [qemu, '-drive', 'file=/d/a.img,if=virtio', '-drive', 'file=/d/b.img,if=virtio', '-cdrom', '/d/x.iso', '-drive', 'if=pflash,file=/d/vars.fd,format=raw'];
	const heads = [
		head('vda', '/d/a.s1', {device: 'virtio0', chain: ['/d/a.s1', '/d/a.img']}),
		head('vdb', '/d/b.img', {device: 'virtio1', format: 'raw'}),
	];
	t.deepEqual(unwrap(withPresentHeads(argv, heads)), [
		qemu,
		'-drive',
		'file=/d/a.s1,if=virtio,format=qcow2,id=virtio0',
		'-drive',
		'file=/d/b.img,if=virtio,format=raw,id=virtio1',
		'-cdrom',
		'/d/x.iso',
		'-drive',
		'if=pflash,file=/d/vars.fd,format=raw',
	]);
	t.is(nameOfDrive(unwrap(withPresentHeads(argv, heads)), '/d/b.img'), 'virtio1');
});

test('a CD in a drive of its own device is a medium, whatever its backend is called', t => {
	const rest = [
		'-drive',
		'if=none,id=cd,file=/d/x.iso,readonly=on',
		'-device',
		'ide-cd,drive=cd',
		'-drive',
		'if=none,id=cd2,file=/d/y.iso',
		'-device',
		'{"driver":"scsi-cd","drive":"cd2"}',
		'-blockdev',
		'driver=raw,node-name=cd3,file.driver=file,file.filename=/d/z.iso,read-only=on',
		'-device',
		'scsi-cd,drive=cd3',
	];
	const argv = [qemu, '-drive', 'if=none,id=hd,file=/d/a.qcow2,format=qcow2', '-device', 'ide-hd,drive=hd', ...rest];
	t.deepEqual(unwrap(withPresentHeads(argv, [head('vda', '/d/a.s1', {device: 'hd', chain: ['/d/a.s1', '/d/a.qcow2']})])), [
		qemu, '-drive', 'if=none,id=hd,file=/d/a.s1,format=qcow2', '-device', 'ide-hd,drive=hd', ...rest,
	]);
});

test('a disk that was plugged in, and a drive that was unplugged, are named and refused', t => {
	const argv = [qemu, '-drive', 'file=/d/a.img,format=raw'];
	t.regex(reasonOf(withPresentHeads(argv, [head('vda', '/d/a.img'), head('vdb', '/d/b.img')])), /vdb \(\/d\/b\.img\)/);
	t.regex(reasonOf(withPresentHeads(argv, [])), /-drive file=\/d\/a\.img/);
});

test('what is not understood is refused with the argument named', t => {
	const rows: Array<[string[], RegExp]> = [
		[['-frobnicate', '-drive'], /-frobnicate/],
		[['-blockdev', '{"driver":'], /-blockdev {"driver":/],
		[['-drive', 'file=/d/a.qcow2,snapshot=on'], /snapshot=on.*temporary/],
		[['-drive', 'file=/d/a.qcow2,format=raw,offset=512'], /offset=512.*part of its file/],
		[['-blockdev', '{"driver":"raw","offset":512,"node-name":"f","file":{"driver":"file","filename":"/d/a.qcow2"}}'], /offset.*part of its file/],
		[['-drive', 'file=/d/a.qcow2', '-drive', 'file=/d/a.qcow2'], /more than once/],
		[['-sd', '/d/a.qcow2'], /-sd \/d\/a\.qcow2/],
	];
	for (const [options, reason] of rows) {
		t.regex(reasonOf(withPresentHeads([qemu, ...options], [head('vda', '/d/a.qcow2')])), reason);
	}
});

test('a node below that two formats share is not pulled away from one of them', t => {
	const argv = [
		qemu,
		'-blockdev',
		'driver=file,node-name=p,filename=/d/a.qcow2',
		'-blockdev',
		'driver=raw,node-name=f,file=p',
		'-blockdev',
		'driver=raw,node-name=g,file=p,read-only=on',
	];
	t.regex(reasonOf(withImages(argv, onNew())), /more than once|another user/);
});

test('the start anew forgets how it was started once, waits for nobody and goes into the background', t => {
	const argv = [qemu, '-S', '-loadvm', 'old', '-incoming', 'tcp:0:1', '-qmp', 'unix:/run/q,,1.sock,server', '-chardev', 'socket,id=c,path=/run/c,server=on', '-m', '64'];
	const plain = [qemu, '-qmp', 'unix:/run/q,,1.sock,server,wait=off', '-chardev', 'socket,id=c,path=/run/c,server=on,wait=off', '-m', '64'];
	t.deepEqual(unwrap(relaunchArgv(argv, {isPaused: false})), [...plain, '-daemonize']);
	t.deepEqual(unwrap(relaunchArgv([...argv, '-daemonize'], {isPaused: true})), [...plain, '-S', '-daemonize']);
	t.deepEqual(unwrap(relaunchArgv(argv, {isPaused: false, memory: {kind: 'incoming'}})), [...plain, '-incoming', 'defer', '-S', '-daemonize']);
	t.deepEqual(unwrap(relaunchArgv(argv, {isPaused: false, memory: {kind: 'tag', tag: '-x'}})), [...plain, '-loadvm', '-x', '-daemonize']);
});

test('what cannot go into the background is named, argument by argument', t => {
	const rows: Array<[string[], RegExp]> = [
		[['-nographic'], /-nographic: it uses the terminal/],
		[['-serial', 'mon:stdio'], /-serial mon:stdio/],
		[['-chardev', 'stdio,id=c'], /-chardev stdio/],
		[['-netdev', 'tap,id=n,fd=3'], /fd=3.*open when it was started/],
		[['-drive', 'file=/dev/fdset/2,format=raw'], /fdset/],
		[['-runas', 'nobody'], /-runas nobody/],
		[['-snapshot'], /temporary/],
		[['-readconfig', '/etc/q.cfg'], /not known here/],
	];
	for (const [options, reason] of rows) {
		const problems = relaunchProblems([qemu, '-qmp', 'unix:/run/q.sock,server=on,wait=off', ...options], '/run/q.sock');
		t.is(problems.length, 1, problems.join('; '));
		t.regex(problems[0]!, reason);
	}
});

test('a command line that does not make the monitor again is a problem, one that does is none', t => {
	t.deepEqual(relaunchProblems([qemu, '-qmp', 'unix:/run/q.sock,server=on'], '/run/q.sock'), []);
	t.deepEqual(relaunchProblems(['env', '-C', '/run', qemu, '-qmp', 'unix:q.sock,server=on'], '/run/q.sock'), []);
	t.deepEqual(relaunchProblems([qemu, '-chardev', 'socket,id=m,path=/run/q.sock,server=on', '-mon', 'chardev=m,mode=control'], '/run/q.sock'), []);
	t.regex(relaunchProblems([qemu, '-qmp', 'unix:/run/other.sock,server=on'], '/run/q.sock').join(';'), /makes the monitor \/run\/q\.sock/);
});

test('what a start opens besides the images is known by its whole path; what may be one of QEMU\'s own files is not', t => {
	const files = (...args: string[]) => bootFilesOf(['env', '-C', '/here', '/usr/bin/qemu-system-x86_64', ...args]);
	t.deepEqual(files('-kernel', 'vmlinuz', '-initrd', '../initrd', '-append', 'quiet', '-dtb', '/d/tree'), [
		{what: 'kernel', path: '/here/vmlinuz'},
		{what: 'initrd', path: '/initrd'},
		{what: 'device tree', path: '/d/tree'},
	]);
	t.deepEqual(files('-bios', './own.bin', '-drive', 'if=pflash,format=raw,readonly=on,file=/f/CODE.fd', '-pflash', 'VARS.fd'), [
		{what: 'firmware', path: '/here/own.bin'},
		{what: 'firmware', path: '/f/CODE.fd'},
		{what: 'firmware', path: '/here/VARS.fd'},
	]);
	t.deepEqual(files('-bios', 'bios-256k.bin', '-initrd', 'a,b', '-hda', '/d/a'), []);
});
