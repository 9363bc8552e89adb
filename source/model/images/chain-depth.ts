/**
How deep a chain of images may be.
*/

/** Beyond this, opening and reading take noticeably longer, and one broken image costs more states. */
export const advisedDepth = 30;

/** The most images that a domain starts with: 25 from libvirt 10.8 up to 11.10, else libvirt's own limit of 200. */
export function deepestChain(libvirtVersion: number): number {
	return libvirtVersion >= 10_008_000 && libvirtVersion < 11_011_000 ? 25 : 200;
}
