/** Disks that only the running domain has, or whose writes end with it, are left out of what is kept, and the plan says so. */
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {
	defineXml, makeDomain, readState, start, stop,
} from './domains.ts';
import {expectRefused} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {attempt, run, virsh} from './run.ts';
import {labEnvironment, labUri} from './settings.ts';
import {digestHeads, digestImage, readHeads, writeLive} from './slots.ts';
import {readRecords} from './snapshots.ts';

test.before(startLab);

const transientXml = (folder: string) =>
	`<disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='${folder}/vdt.qcow2'/><target dev='vdt' bus='virtio'/><transient/></disk>`;

test.serial('a transient disk is left out, running and off, and its image is never touched', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const image = path.join(domain.folder, 'vdt.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '16M']);
	const xml = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	await defineXml(xml.replace('</disk>', `</disk>${transientXml(domain.folder)}`));
	const untouched = await digestImage(image);

	const off = await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, 's1']);
	t.is(off.exitCode, 0, report(off));
	await start(domain);
	await writeLive(domain, [{target: 'vda', pattern: 0x11, slot: 1}, {target: 'vdt', pattern: 0x22, slot: 1}]);
	const preview = await runProgram(domain, ['create', '--disk-only', '--dry-run', '--', domain.name, 's2']);
	t.regex(preview.stdout, /vdt is transient and left out: what the guest writes there is discarded when the domain stops/, report(preview));
	const healthy = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.false(healthy.stdout.includes('"problem"'), report(healthy));
	t.regex((await runProgram(domain, ['tree', '--', domain.name])).stdout, /vdt\.qcow2\.TRANSIENT-\S+ .* transient overlay of .*\n.*vdt\.qcow2 .* transient disk of /);
	const running = await runProgram(domain, ['create', '--disk-only', '--disk', 'vdt=no', '--yes', '--', domain.name, 's2']);
	t.is(running.exitCode, 0, report(running));
	await expectRefused(t, domain, async () => runProgram(domain, ['create', '--yes', '--', domain.name, 's3']), /vdt is transient, and libvirt cannot save the memory[\s\S]*--disk-only/);
	for (const [name, record] of await readRecords(domain)) {
		t.regex(record, /<disk name='vdt' snapshot='no'\/>/, name);
	}

	const {vda} = await digestHeads(domain);
	await writeLive(domain, [{target: 'vda', pattern: 0x33, slot: 1}]);
	const shown = await runProgram(domain, ['revert', '--keep', 'kept', '--dry-run', '--', domain.name, 's2']);
	t.regex(shown.stdout, /vdt was left out of the snapshot and is not reverted: it is transient, and starts from its image again/);
	const back = await revert(domain, 's2', {flags: ['--keep', 'kept', '--running']});
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeads(domain), {vda, vdt: untouched});
	t.is((await readHeads(domain, {inactive: true})).get('vdt'), image);
	t.is(await digestImage(image), untouched);
	const deleted = await runProgram(domain, ['delete', '--yes', '--', domain.name, 'kept']);
	t.is(deleted.exitCode, 0, report(deleted));
	await stop(domain);
	t.is((await readHeads(domain)).get('vdt'), image);
	t.is(await digestImage(image), untouched);
	const gone = await runProgram(domain, ['delete', '--yes', '--', domain.name, 's1']);
	t.is(gone.exitCode, 0, report(gone));
	t.is(await digestImage(image), untouched);
});

test.serial('a disk that was plugged in live only is refused with the command that makes it last, and can be left out', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const image = path.join(domain.folder, 'it is plugged.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', image, '16M']);
	await virsh('attach-disk', '--domain', domain.uuid, '--source', image, '--target', 'vdp', '--driver', 'qemu', '--subdriver', 'qcow2', '--live');
	const create = (...more: string[]) => ['create', '--disk-only', '--yes', ...more, '--', domain.name];
	const refused = await runProgram(domain, [...create(), 's1']);
	t.is(refused.exitCode, 3, report(refused));
	const left = await runProgram(domain, [...create('--disk', 'vdp=no'), 's1']);
	t.is(left.exitCode, 0, report(left));
	t.is(await readState(domain), 'running');
	t.is((await readHeads(domain)).get('vdp'), image);

	const again = await revert(domain, 's1');
	t.is(again.exitCode, 3, report(again));
	const command = /\((virsh attach-disk [^)]* --config)\)/.exec(refused.stderr)?.[1];
	t.truthy(command, refused.stderr);
	const followed = await attempt('sh', ['-c', command!.replace(/^virsh /, `virsh -c '${labUri}' `)]);
	t.is(followed.exitCode, 0, `${command!}\n${followed.stderr} ${labEnvironment().PATH!}`);
	t.is((await readHeads(domain, {inactive: true})).get('vdp'), image);
	const both = await runProgram(domain, [...create(), 's2']);
	t.is(both.exitCode, 0, report(both));
	t.regex((await readHeads(domain)).get('vdp')!, /\.s2$/);
});
