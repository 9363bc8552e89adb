/**
Whether this libvirt gives images to QEMU's user, and who that is. The first stands in a file that mostly root alone may read; nothing that libvirt tells over
its socket differs (9.0).
*/
import type {FileOwnership, QemuUser} from '../../../model/domain/inventory.ts';
import {
	attributeOf, childOf, childrenOf, readXml, textOf,
} from '../../../model/xml/read-xml.ts';
import type {Runner} from '../../../tools/run/run.ts';
import type {Virsh} from '../virsh.ts';

const readTimeoutMs = 30_000;

/** Only of the system's libvirt: one that runs for a user changes no owners, and its QEMU is that user's. */
export async function readKeepsOwners(runner: Runner): Promise<boolean> {
	const found = await runner({argv: ['grep', '-Eq', String.raw`^[[:space:]]*dynamic_ownership[[:space:]]*=[[:space:]]*0`, '/etc/libvirt/qemu.conf'], where: 'host', timeoutMs: readTimeoutMs});
	return found.ok;
}

/** The user that QEMU runs as where a domain names none, from `virsh capabilities`; undefined where they do not tell. */
export function parseQemuUser(capabilitiesXml: string): number | undefined {
	const root = readXml(capabilitiesXml, 'The capabilities', ['capabilities']);
	const models = root.ok ? childrenOf(childOf(root.value, 'host'), 'secmodel') : [];
	const dac = models.find(model => textOf(childOf(model, 'model')) === 'dac');
	const label = childrenOf(dac, 'baselabel').find(node => ['kvm', 'qemu'].includes(attributeOf(node, 'type') ?? ''));
	const [, uid] = /^\+(\d+):\+\d+$/.exec(textOf(label)?.trim() ?? '') ?? [];
	return uid === undefined ? undefined : Number(uid);
}

/** Whose process a running domain is, by the label that libvirt gave it. */
export function parseProcessUser(liveXml: string): QemuUser | undefined {
	const root = readXml(liveXml, 'The live XML', ['domain']);
	const label = root.ok ? childrenOf(root.value, 'seclabel').find(node => attributeOf(node, 'model') === 'dac') : undefined;
	const [, uid, gid] = /^\+(\d+):\+(\d+)$/.exec(textOf(childOf(label, 'label'))?.trim() ?? '') ?? [];
	return uid === undefined ? undefined : {uid: Number(uid), gid: Number(gid)};
}

/** Never fails: what is not known is left out, and then nothing is concluded from it. */
export async function readFileOwnership(runner: Runner, virsh: Virsh): Promise<FileOwnership> {
	const [keepsOwners, capabilities] = await Promise.all([readKeepsOwners(runner), virsh.askOne(['capabilities'])]);
	return {keepsOwners, qemuUid: capabilities.ok ? parseQemuUser(capabilities.value) : undefined};
}
