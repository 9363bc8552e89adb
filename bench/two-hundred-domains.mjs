/**
A libvirt of its own, without privileges and apart from the machine's, with 200 shut-off domains of 50 external snapshots each, on real qcow2 files: 10,200
images in one folder, every tenth snapshot on a branch of its own. Goes away whole.
*/
import {Buffer} from 'node:buffer';
import {execFile} from 'node:child_process';
import {
	chown, mkdir, mkdtemp, open, readFile, rm, writeFile,
} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import {promisify} from 'node:util';

const run = promisify(execFile);
const domainCount = 200;
export const snapshotCount = 50;
const pageBytes = 4096;
/** libvirt runs without privileges as the user `nobody`, where the benchmark runs as root. */
const nobody = 65_534;

/** `{uri, remove}`, or undefined where there is no libvirt or no qemu-img. */
export async function makeTwoHundredDomains() {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-tui-doctor-'));
	let stop = async () => undefined;
	const remove = async () => {
		await stop();
		await rm(folder, {recursive: true, force: true});
	};

	try {
		const images = path.join(folder, 'images');
		await mkdir(images);
		const templates = await makeTemplates(folder);
		const daemon = await startDaemon(folder);
		stop = daemon.stop;
		for (let number = 0; number < domainCount; number++) {
			await makeImages(images, number, templates);
			await makeRecords(daemon.uri, {folder, images, number});
		}

		return {uri: daemon.uri, remove};
	} catch (error) {
		await remove();
		if (error?.code === 'ENOENT') {
			return undefined;
		}

		throw error;
	}
}

async function startDaemon(folder) {
	const [home, runtime] = ['home', 'run'].map(name => path.join(folder, name));
	const isRoot = process.getuid() === 0;
	for (const place of [folder, home, runtime]) {
		await mkdir(place, {recursive: true});
		if (isRoot) {
			await chown(place, nobody, nobody);
		}
	}

	const pidPath = path.join(runtime, 'libvirtd.pid');
	const argv = ['libvirtd', '-d', '-p', pidPath];
	const [program, ...words] = isRoot ? ['setpriv', '--reuid', String(nobody), '--regid', String(nobody), '--clear-groups', ...argv] : argv;
	await run(program, words, {env: {PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: runtime, LC_ALL: 'C'}});
	const uri = `qemu+unix:///session?socket=${runtime}/libvirt/libvirt-sock`;
	const stop = async () => {
		process.kill(Number(await readFile(pidPath, 'utf8')));
		await setTimeout(500);
	};

	for (let tries = 0; tries < 50; tries++) {
		try {
			await run('virsh', ['-q', '-c', uri, 'uri']);
			return {uri, stop};
		} catch {
			await setTimeout(200);
		}
	}

	await stop();
	throw new Error('libvirtd does not answer');
}

/** All names have one length, so that an image is made of a template by writing another name into its header. */
function nameOf(number, layer) {
	return `d${String(number).padStart(3, '0')}.s${String(layer).padStart(2, '0')}`;
}

async function makeTemplates(folder) {
	const [base, overlay] = ['base', 'overlay'].map(name => path.join(folder, name));
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', base, '1G']);
	await run('qemu-img', ['create', '-q', '-u', '-f', 'qcow2', '-F', 'qcow2', '-b', nameOf(0, 1), overlay, '1G']);
	return {base: await readFile(base), overlay: await readFile(overlay)};
}

/** Only the pages that hold something: ten thousand images would fill a disk otherwise. */
async function writeImage(imagePath, bytes) {
	const file = await open(imagePath, 'w');
	try {
		await file.truncate(bytes.length);
		for (let offset = 0; offset < bytes.length; offset += pageBytes) {
			const page = bytes.subarray(offset, offset + pageBytes);
			if (page.some(byte => byte !== 0)) {
				await file.write(page, 0, page.length, offset);
			}
		}
	} finally {
		await file.close();
	}
}

/** The snapshot after which this one comes: five before for every tenth, so that branches grow. */
function parentOf(layer) {
	return layer % 10 === 0 ? layer - 5 : layer - 1;
}

/** Layer 1 to 50 is what the snapshot of that number froze, layer 51 the head. */
async function makeImages(images, number, {base, overlay}) {
	await writeImage(path.join(images, nameOf(number, 1)), base);
	const at = overlay.indexOf(Buffer.from(nameOf(0, 1)));
	for (let layer = 2; layer <= snapshotCount + 1; layer++) {
		const bytes = Buffer.from(overlay);
		bytes.write(nameOf(number, layer > snapshotCount ? snapshotCount : parentOf(layer)), at);
		await writeImage(path.join(images, nameOf(number, layer)), bytes);
	}
}

function domainXml(images, number, layer) {
	const name = `bench-${String(number).padStart(3, '0')}`;
	return `<domain type='qemu'><name>${name}</name><uuid>7c1c2b0e-5d57-4d19-8f6b-${String(number).padStart(12, '0')}</uuid><memory unit='MiB'>64</memory><vcpu>1</vcpu>
<os><type arch='x86_64' machine='pc'>hvm</type></os><devices><disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
<source file='${path.join(images, nameOf(number, layer))}'/><target dev='vda' bus='virtio'/></disk></devices></domain>`;
}

async function makeRecords(uri, {folder, images, number}) {
	const virsh = async (...words) => run('virsh', ['-q', '-c', uri, ...words]);
	const definition = path.join(folder, 'domain.xml');
	await writeFile(definition, domainXml(images, number, snapshotCount + 1));
	await virsh('define', definition);
	const seconds = Math.floor(Date.now() / 1000);
	const commands = [];
	for (let layer = 1; layer <= snapshotCount; layer++) {
		const child = Array.from({length: snapshotCount}, (_, index) => index + 1).find(candidate => candidate > 1 && parentOf(candidate) === layer);
		const overlay = layer === snapshotCount ? snapshotCount + 1 : child;
		const overlayPath = path.join(images, overlay === undefined ? `d${number}.left-${layer}` : nameOf(number, overlay));
		const file = path.join(folder, `${layer}.xml`);
		await writeFile(file, `<domainsnapshot><name>s${layer}</name>${layer === 1 ? '' : `<parent><name>s${parentOf(layer)}</name></parent>`}<state>shutoff</state>
<creationTime>${seconds}</creationTime><memory snapshot='no'/><disks><disk name='vda' snapshot='external' type='file'><driver type='qcow2'/><source file='${overlayPath}'/></disk></disks>
${domainXml(images, number, layer)}</domainsnapshot>`);
		commands.push(`snapshot-create 7c1c2b0e-5d57-4d19-8f6b-${String(number).padStart(12, '0')} ${file} --redefine${layer === snapshotCount ? ' --current' : ''}`);
	}

	await virsh(commands.join('; '));
}
