/**
What firmware and guest keep outside the disks, beside the raw NVRAM of uefi.test.ts: the generation id and the TPM on every libvirt; qcow2 NVRAM
(libvirt 10.10 and newer) and the `<varstore>` (12.1 and newer) on those that have them. Run on 11.3 and 12.8 by pointing the lab there.
*/
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {change} from './change.ts';
import {startLab} from './daemons.ts';
import {defineXml, makeDomain, start, stop, type LabDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {refused, succeeds} from './remedies.ts';
import {report, revert, runProgram, type ProgramResult} from './program.ts';
import {readLibvirtVersion, run, virsh} from './run.ts';
import {digestHeads, digestImage, writeOffline} from './slots.ts';
import {markLive, markOffline, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

/** Whether the libvirt under test is at least that one; says so where it is not. */
async function hasLibvirt(t: ExecutionContext, wanted: number): Promise<boolean> {
	const found = await readLibvirtVersion();
	const isThere = found >= wanted;
	if (!isThere) {
		t.log(`Not run: it needs libvirt ${wanted}, and this is ${found}.`);
		t.pass();
	}

	return isThere;
}

async function generationIds(domain: LabDomain): Promise<[live: string | undefined, next: string | undefined]> {
	const read = async (...more: string[]) => {
		const xml = await virsh('dumpxml', '--domain', domain.uuid, ...more);
		return /<genid>(?<id>[^<]*)<\/genid>/.exec(xml)?.groups?.id;
	};

	return [await read(), await read('--inactive')];
}

/** Defines the domain anew with `more` where `before` begins. */
async function addXml(domain: LabDomain, before: string, more: string): Promise<void> {
	const xml = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	await defineXml(xml.replace(before, `${more}${before}`));
}

async function create(t: ExecutionContext, domain: LabDomain, name: string, flags: string[] = []): Promise<ProgramResult> {
	const result = await runProgram(domain, ['create', ...flags, '--yes', '--json', '--', domain.name, name]);
	t.is(result.exitCode, 0, report(result));
	return result;
}

test.serial('a revert of disks gives the domain a new generation id, and says that a TPM stays behind', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await addXml(domain, '<memory ', '<genid/>');
	await start(domain);
	const digests = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const [before] = await generationIds(domain);
	await markLive(domain, 2);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['--running']}), {digests, current: 's1', state: 'running'});
	const [live, next] = await generationIds(domain);
	t.regex(live ?? '', /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/);
	t.not(live, before);
	t.is(live, next);
	await stop(domain);
	await addXml(domain, '</devices>', '<tpm model=\'tpm-tis\'><backend type=\'passthrough\'><device path=\'/dev/tpm0\'/></backend></tpm>');
	const made = await runProgram(domain, ['create', '--disk-only', '--dry-run', '--', domain.name, 's2']);
	t.regex(made.stdout, /The TPM's state is not kept with the snapshot \(it is a device of the host\)/, report(made));
	await create(t, domain, 's2', ['--disk-only']);
	const shown = await runProgram(domain, ['revert', '--discard', '--dry-run', '--', domain.name, 's2']);
	t.regex(shown.stdout, /The TPM is not reverted with the disks \(it is a device of the host\)/, report(shown));
	t.regex(shown.stdout, /The domain gets a new generation id/);
});

async function tagsOf(imagePath: string): Promise<string[]> {
	const text = await run('qemu-img', ['info', '-U', '--output=json', '-f', 'qcow2', imagePath]);
	return ((JSON.parse(text) as {snapshots?: Array<{name: string}>}).snapshots ?? []).map(({name}) => name).sort();
}

/** OVMF in flash memory, its variables in a qcow2 file. */
async function makeQcow2Nvram(t: ExecutionContext): Promise<{domain: LabDomain; nvram: string}> {
	const domain = await makeDomain(t, {diskCount: 1});
	const nvram = path.join(domain.folder, 'nvram.qcow2');
	const template = path.join(domain.folder, 'template.qcow2');
	for (const file of [nvram, template]) {
		await run('qemu-img', ['create', '-q', '-f', 'qcow2', file, '540672']);
	}

	await addXml(domain, '<boot ', `<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
<nvram template='${template}' templateFormat='qcow2' format='qcow2'>${nvram}</nvram>`);
	return {domain, nvram};
}

test.serial('qcow2 variables are tagged, put back and untagged with the disks, as libvirt expects it (libvirt 10.10 and newer)', async t => {
	if (!await hasLibvirt(t, 10_010_000)) {
		return;
	}

	const {domain, nvram} = await makeQcow2Nvram(t);
	const disk = domain.disks[0]!.path;
	const setVariables = async (pattern: number) => {
		await run('qemu-io', ['-f', 'qcow2', '-c', `write -q -P ${pattern} 64k 4k`, nvram]);
		return digestImage(nvram, 'qcow2');
	};

	const expectTags = async (tags: string[]) => {
		t.deepEqual([await tagsOf(disk), await tagsOf(nvram)], [tags, tags]);
	};

	const i1 = {disks: await markOffline(domain, 1), variables: await setVariables(1)};
	await create(t, domain, 'i1');
	await expectTags(['i1']);
	const expectBack = async (state: typeof i1) => {
		t.deepEqual({disks: await digestHeads(domain), variables: await digestImage(nvram, 'qcow2')}, state);
	};

	await markOffline(domain, 2);
	await setVariables(2);
	await virsh('snapshot-revert', '--domain', domain.uuid, '--snapshotname', 'i1');
	await expectBack(i1);
	const left = {disks: await markOffline(domain, 3), variables: await setVariables(3)};
	for (const [name, flags, state] of [['i1', ['--keep', 'k'], i1], ['k', [], left], ['i1', [], i1]] as const) {
		const result = await revert(domain, name, {flags: [...flags]});
		t.is(result.exitCode, 0, report(result));
		await expectBack(state);
		await expectTags(['i1', 'k']);
	}

	await virsh('start', '--domain', domain.uuid, '--paused');
	await create(t, domain, 'm');
	await expectTags(['i1', 'k', 'm']);
	const resumed = await revert(domain, 'm', {flags: ['--paused']});
	t.is(resumed.exitCode, 0, report(resumed));
	await expectTags(['i1', 'k', 'm']);
	const whileRunning = await change(domain, 'delete', ['m']);
	t.is(whileRunning.exitCode, 0, report(whileRunning));
	await stop(domain);
	for (const name of ['k', 'i1']) {
		const deleted = await change(domain, 'delete', [name]);
		t.is(deleted.exitCode, 0, report(deleted));
	}

	await expectTags([]);
	// Nobody has recorded that one.
	await run('qemu-img', ['snapshot', '-c', 'taken', nvram]);
	const taken = ['create', '--yes', '--json', '--', domain.name, 'taken'];
	await refused(t, domain, taken, 'Choose another name, or remove that one (qemu-img snapshot -d, while the domain is off).');
	await run('qemu-img', ['snapshot', '-d', 'taken', nvram]);
	await succeeds(t, domain, taken);
	await expectTags(['taken']);
});

test.serial('the variables of a <varstore> are kept with a snapshot of disks, and go back with it (libvirt 12.1 and newer)', async t => {
	if (!await hasLibvirt(t, 12_001_000)) {
		return;
	}

	const domain = await makeDomain(t, {diskCount: 1});
	const variables = path.join(domain.folder, 'variables.json');
	const template = path.join(domain.folder, 'template.json');
	await writeFile(template, '{"version":2,"variables":[]}');
	const xml = await virsh('dumpxml', '--domain', domain.uuid, '--inactive');
	await defineXml(xml.replaceAll(/machine='[^']*'/g, 'machine=\'q35\'').replaceAll(/<controller.*?(?:\/>|<\/controller>)/gs, '').replaceAll(/<address type='pci'[^>]*>/g, '')
		.replace('<boot ', `<loader type='rom'>/usr/share/seabios/bios-256k.bin</loader><varstore template='${template}' path='${variables}'/><boot `));
	await virsh('start', '--domain', domain.uuid, '--paused');
	const setVariables = async (text: string) => {
		await writeFile(variables, `{"version":2,"variables":[{"name":"${text}","guid":"8be4df61-93ca-11d2-aa0d-00e098032b8c","attr":7,"data":"00"}]}`);
		return readFile(variables, 'utf8');
	};

	await create(t, domain, 's1', ['--disk-only']);
	const s1 = {disks: await digestHeads(domain), variables: await readFile(variables, 'utf8')};
	await stop(domain);
	await writeOffline(path.join(domain.folder, 'vda.s1'), 0x22, 2, 'qcow2');
	const s2 = {disks: await digestHeads(domain), variables: await setVariables('second')};
	await create(t, domain, 's2', ['--disk-only']);
	await setVariables('third');
	for (const [name, state] of [['s1', s1], ['s2', s2]] as const) {
		const result = await revert(domain, name);
		t.is(result.exitCode, 0, report(result));
		t.deepEqual({disks: await digestHeads(domain), variables: await readFile(variables, 'utf8')}, state, name);
	}

	await virsh('start', '--domain', domain.uuid, '--paused');
	t.true((await readFile(variables, 'utf8')).includes('second'), 'QEMU takes what was put back');
});
