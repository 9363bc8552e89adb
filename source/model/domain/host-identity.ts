/**
Whether libvirt's host is the machine on which file commands run. Pure: what both say of themselves comes in. A host's UUID proves that it is; a name of
its own, or a UUID that can be none of this machine's, proves that it is not. Machines without a DMI UUID give libvirt a new random one at each start of
the daemon (seen with 9.0), and an ordinary user may not read the DMI UUID: there the name decides alone.
*/

export type LibvirtIdentity = {
	/** `virsh hostname`; undefined: it was not told. */
	hostname: string | undefined;
	/** `<host><uuid>` of `virsh capabilities`. */
	uuid: string | undefined;
};

export type MachineIdentity = {
	/** The kernel's name, and what the resolver makes of it, which is what libvirt tells. */
	hostnames: string[];
	/** Of the firmware; undefined: there is none, or it may not be read. */
	productUuid: string | undefined;
	/** The other ones that libvirt's daemon may use: `host_uuid_source = "machine-id"`, and `host_uuid` in its settings. */
	otherUuids: string[];
};

function normalize(uuid: string | undefined): string | undefined {
	const digits = uuid?.toLowerCase().replaceAll(/[^\da-f]/g, '');
	// libvirt takes one of equal digits for none, too.
	return digits?.length === 32 && !/^(.)\1*$/.test(digits) ? digits : undefined;
}

function shortName(hostname: string): string {
	return hostname.split('.')[0]!.toLowerCase();
}

/** The end of a sentence that says why they are two machines; undefined: nothing speaks against one. */
export function differenceOf(libvirt: LibvirtIdentity, machine: MachineIdentity): string | undefined {
	const uuid = normalize(libvirt.uuid);
	const productUuid = normalize(machine.productUuid);
	if (uuid !== undefined && [machine.productUuid, ...machine.otherUuids].some(own => normalize(own) === uuid)) {
		return undefined;
	}

	const {hostname} = libvirt;
	const names = machine.hostnames.filter(name => name !== '');
	if (hostname !== undefined && names.length > 0 && !names.some(name => shortName(name) === shortName(hostname))) {
		return `libvirt's host is called "${hostname}", but the machine whose files would be used "${names[0]!}"`;
	}

	return uuid !== undefined && productUuid !== undefined
		? `libvirt's host has the UUID ${libvirt.uuid!}, but the machine whose files would be used ${machine.productUuid!}`
		: undefined;
}
