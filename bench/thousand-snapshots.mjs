/**
A shut-off domain with 1,000 snapshot records on the real libvirt of this machine, and its removal. Nothing else on the host is touched.
*/
import {execFile} from 'node:child_process';
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import {promisify} from 'node:util';

const run = promisify(execFile);
const uuid = '7c1c2b0e-5d57-4d19-8f6b-0be7c4000b17';

export const benchDomain = 'vsnap-tui-bench';
export const lastSnapshot = 'b1000';

const domainXml = `<domain type='qemu'><name>${benchDomain}</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
<source file='/var/lib/libvirt/images/${benchDomain}.qcow2'/><target dev='vda' bus='virtio'/></disk></devices></domain>`;

function virsh(...words) {
	return run('virsh', ['-q', '-c', 'qemu:///system', ...words]);
}

/** False where no libvirt answers. */
export async function makeThousandSnapshots() {
	try {
		await virsh('uri');
	} catch {
		return false;
	}

	await removeThousandSnapshots();
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-tui-bench-'));
	try {
		const definition = path.join(folder, 'domain.xml');
		await writeFile(definition, domainXml);
		await virsh('define', definition);
		const {stdout: stored} = await virsh('dumpxml', benchDomain);
		const commands = [];
		for (let number = 1; number <= 1000; number++) {
			const parent = number % 10 === 0 ? number - 5 : number - 1;
			const file = path.join(folder, `${number}.xml`);
			await writeFile(file, `<domainsnapshot><name>b${number}</name>${number === 1 ? '' : `<parent><name>b${parent}</name></parent>`}<state>shutoff</state>
<creationTime>${1_760_000_000 + number * 3600}</creationTime><memory snapshot='no'/><disks><disk name='vda' snapshot='internal'/></disks>${stored}</domainsnapshot>`);
			commands.push(`snapshot-create ${benchDomain} ${file} --redefine${number === 1000 ? ' --current' : ''}`);
		}

		await virsh(commands.join('; '));
		return true;
	} finally {
		await rm(folder, {recursive: true});
	}
}

/** One virsh that writes each of the records. */
export async function dumpOfAll() {
	const questions = Array.from({length: 1000}, (_, index) => `snapshot-dumpxml ${benchDomain} b${index + 1}`).join('; ');
	await run('virsh', ['-q', '-c', 'qemu:///system', questions], {maxBuffer: 1024 ** 3});
}

export async function removeThousandSnapshots() {
	try {
		await virsh('undefine', benchDomain, '--snapshots-metadata');
	} catch {
		// There was none.
	}
}
