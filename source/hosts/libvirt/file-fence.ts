/**
The fence before every file command: libvirt's host must be the machine on which the command runs. A forwarded socket, or an ssh host with another's
socket, otherwise leads to other files under the same paths. Asked once, and anew before a plan.
*/
import {differenceOf, type LibvirtIdentity, type MachineIdentity} from '../../model/domain/host-identity.ts';
import {fail, succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../../tools/run/run.ts';
import type {FileFence} from '../shared/file-fence.ts';
import type {Virsh} from './virsh.ts';

const timeoutMs = 30_000;
/** A plan is read twice, when it is made and when it is run: within this time one answer is enough. */
const freshMs = 60_000;
const productUuidPath = '/sys/class/dmi/id/product_uuid';
const machineIdPath = '/etc/machine-id';
const hostnamePath = '/proc/sys/kernel/hostname';
const settingsPaths = ['/etc/libvirt/libvirtd.conf', '/etc/libvirt/virtqemud.conf'];

/** What `head -v` prints of several files, by path. */
export function parseHeads(stdout: string): Map<string, string> {
	return new Map([...stdout.matchAll(/^==> (.*) <==\n((?:(?!==> ).*\n?)*)/gm)].map(([, path, content]) => [path!, content!.trim()]));
}

async function readLibvirt(virsh: Virsh): Promise<Result<LibvirtIdentity>> {
	const answers = await virsh.ask([['hostname'], ['capabilities']], {timeoutMs});
	if (!answers.ok) {
		return answers;
	}

	const [hostname, capabilities] = answers.value.map(answer => answer.ok ? answer.value : undefined);
	return succeed({
		hostname: hostname?.trim(),
		uuid: /<host>\s*<uuid>([^<]*)<\/uuid>/.exec(capabilities ?? '')?.[1],
	});
}

async function readMachine(runner: Runner): Promise<Result<MachineIdentity>> {
	// Files that are missing or may not be read are left out.
	const heads = await runner({argv: ['head', '-v', '-n', '1', '--', productUuidPath, machineIdPath, hostnamePath], where: 'host', timeoutMs, acceptedExitCodes: [1]});
	if (!heads.ok) {
		return heads;
	}

	const found = parseHeads(heads.value.stdout);
	const machineId = found.get(machineIdPath);
	return succeed({
		hostnames: [found.get(hostnamePath) ?? ''],
		productUuid: found.get(productUuidPath),
		otherUuids: machineId === undefined ? [] : [machineId],
	});
}

/** What is only asked where the first answers differ: the name that the resolver gives, and what the daemon's settings say. */
async function readMore(runner: Runner, machine: MachineIdentity): Promise<MachineIdentity> {
	const [name, settings] = await Promise.all([
		runner({argv: ['hostname', '-f'], where: 'host', timeoutMs}),
		runner({argv: ['grep', '-hsE', '^[[:space:]]*host_uuid[[:space:]]*=', ...settingsPaths], where: 'host', timeoutMs, acceptedExitCodes: [1, 2]}),
	]);
	const configured = settings.ok ? [...settings.value.stdout.matchAll(/=\s*["']([^"']*)["']/g)].map(([, uuid]) => uuid!) : [];
	return {
		...machine,
		hostnames: [...machine.hostnames, ...(name.ok ? [name.value.stdout.trim()] : [])],
		otherUuids: [...machine.otherUuids, ...configured],
	};
}

async function compare(runner: Runner, virsh: Virsh): Promise<Result<void>> {
	const [libvirt, machine] = await Promise.all([readLibvirt(virsh), readMachine(runner)]);
	if (!libvirt.ok) {
		return libvirt;
	}

	if (!machine.ok) {
		return machine;
	}

	const difference = differenceOf(libvirt.value, machine.value) && differenceOf(libvirt.value, await readMore(runner, machine.value));
	return difference === undefined
		? succeed(undefined)
		: fail({
			kind: 'files-elsewhere',
			text: `The images are on another machine: ${difference}.`,
			remedy: `Use qemu+ssh://${libvirt.value.hostname ?? 'HOST'}/system: files are then accessed by ssh.`,
		});
}

export function createFileFence({runner, virsh}: {runner: Runner; virsh: Virsh}): FileFence {
	let known: Promise<Result<void>> | undefined;
	let askedAtMs = 0;
	const check: FileFence['check'] = async ({isFresh = false} = {}) => {
		if (known === undefined || (isFresh && performance.now() - askedAtMs > freshMs)) {
			askedAtMs = performance.now();
			known = compare(runner, virsh);
		}

		const asked = known;
		const answer = await asked;
		if (!answer.ok && known === asked) {
			known = undefined;
		}

		return answer;
	};

	return {
		check,
		async runner(request) {
			const allowed = request.where === 'host' ? await check() : succeed(undefined);
			return allowed.ok ? runner(request) : allowed;
		},
	};
}

/** For hosts whose files are looked at where they are, such as the demo host. */
export function withoutFence(runner: Runner): FileFence {
	return {runner, check: async () => succeed(undefined)};
}
