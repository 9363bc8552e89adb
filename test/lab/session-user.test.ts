/** A user without any rights, with domains of their own in qemu:///session. */
import {randomUUID} from 'node:crypto';
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {startLab} from './daemons.ts';
import {domainXml} from './domains.ts';
import {makeOtherUser} from './other-user.ts';
import {domainPrefix} from './settings.ts';
import {digestImage, writeOffline} from './slots.ts';

test.before(startLab);

const connect = ['-c', 'qemu:///session'];

test('the way to an internal snapshot that lies below an external one is named, and leads there', async t => {
	const user = await makeOtherUser(t);
	const name = `${domainPrefix}session`;
	const must = async (program: string, ...args: string[]) => {
		const {exitCode, stdout, stderr} = await user.attempt(program, args);
		t.is(exitCode, 0, `${program} ${args.join(' ')}\n${stdout}${stderr}`);
		return stdout;
	};

	const virsh = async (...args: string[]) => must('virsh', '-q', ...connect, ...args);
	const act = async (...args: string[]) => user.runProgram([...connect, ...args], {env: {XDG_RUNTIME_DIR: user.home}});
	t.teardown(async () => {
		process.kill(Number(await readFile(path.join(user.home, 'libvirt/libvirtd.pid'), 'utf8')));
	});
	const image = path.join(user.home, 'vda.qcow2');
	await must('qemu-img', 'create', '-q', '-f', 'qcow2', image, '8M');
	await writeFile(path.join(user.home, 'domain.xml'), domainXml({
		name, uuid: randomUUID(), folder: user.home, disks: [{target: 'vda', path: image, format: 'qcow2'}],
	}));
	await virsh('define', path.join(user.home, 'domain.xml'));
	t.regex(await virsh('uri'), /session/);

	await writeOffline(image, 1, 0);
	const first = await digestImage(image);
	const inside = await act('create', name, 's1', '--yes');
	t.is(inside.exitCode, 0, inside.stderr);
	await writeOffline(image, 2, 1);
	const outside = await act('create', name, 'e1', '--disk-only', '--yes');
	t.is(outside.exitCode, 0, outside.stderr);
	await writeOffline(path.join(user.home, 'vda.e1'), 3, 2);

	const refused = await act('revert', name, 's1', '--discard', '--yes');
	t.is(refused.exitCode, 3, refused.stdout);
	t.regex(refused.stderr, /Merge or delete "e1" first/);
	const [, advised] = /vsnap-tui (delete -- [^.;\n]+)[.;]/.exec(refused.stderr) ?? [];
	const [verb, ...words] = advised!.split(' ');
	const deleted = await act(verb!, '--yes', ...words);
	t.is(deleted.exitCode, 0, deleted.stdout + deleted.stderr);
	const reverted = await act('revert', name, 's1', '--discard', '--yes');
	t.is(reverted.exitCode, 0, reverted.stdout + reverted.stderr);
	t.is(await digestImage(image), first);
	t.regex(await virsh('dumpxml', name), new RegExp(`<source file='${image}'/>`));
});
