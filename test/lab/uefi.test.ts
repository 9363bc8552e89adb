/** Domains with UEFI firmware: their variables (NVRAM) stand in a file of their own, which a snapshot of disks does not hold (L13). */
import type {Buffer} from 'node:buffer';
import {open, readFile} from 'node:fs/promises';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, readState, stop, type LabDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {virsh} from './run.ts';
import {
	markLive, markOffline, takeDiskSnapshot, takeMemorySnapshot,
} from './snapshots.ts';

test.before(startLab);

const firmware = '/usr/share/OVMF/OVMF_CODE_4M.fd';
const variables = '/usr/share/OVMF/OVMF_VARS_4M.fd';
/** Beside the folder of the images, and removed with the definition. */
const nvramOf = (folder: string) => `${folder}-nvram.fd`;

async function makeUefiDomain(t: ExecutionContext): Promise<LabDomain> {
	const domain = await makeDomain(t, {
		osXml: folder => `<loader readonly='yes' type='pflash'>${firmware}</loader><nvram template='${variables}'>${nvramOf(folder)}</nvram>`,
	});
	// The firmware needs no time here: nothing of it has to run.
	await virsh('start', '--domain', domain.uuid, '--paused');
	return domain;
}

const setSince = 'set since the snapshot';

/** As if the guest had set a variable since. */
async function changeVariables(domain: LabDomain): Promise<Buffer> {
	const file = await open(nvramOf(domain.folder), 'r+');
	try {
		await file.write(setSince, 64 * 1024);
	} finally {
		await file.close();
	}

	return readFile(nvramOf(domain.folder));
}

test.serial('disks go back, the firmware\'s variables stay as they are, and the plan says so', async t => {
	const domain = await makeUefiDomain(t);
	const digests = await markLive(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markLive(domain, 2);
	await stop(domain);
	const changed = await changeVariables(domain);
	const shown = await runProgram(domain, ['revert', '--discard', '--dry-run', '--', domain.name, 's1']);
	t.regex(shown.stdout, /Warning: The firmware's variables \(.*nvram\.fd\) are not part of the snapshot and stay as they are\./, report(shown));
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
	t.true(changed.equals(await readFile(nvramOf(domain.folder))));
	await virsh('start', '--domain', domain.uuid, '--paused');
	t.is(await readState(domain), 'paused');
});

test.serial('with memory the domain goes on with its firmware, and its variables come back', async t => {
	const domain = await makeUefiDomain(t);
	const digests = await markLive(domain, 1);
	await takeMemorySnapshot(domain, 'm1');
	await stop(domain);
	await markOffline(domain, 2);
	await changeVariables(domain);
	await expectReverted(t, domain, await revert(domain, 'm1', {flags: ['--running']}), {digests, current: 'm1', state: 'running'});
	await stop(domain);
	t.false((await readFile(nvramOf(domain.folder))).includes(setSince));
});
