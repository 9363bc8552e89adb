/**
What a qcow2 image takes besides the data of its guest, with clusters of 64 KiB.
*/

const clusterBytes = 65_536;

/** Header, first tables, and a cluster over. */
const emptyBytes = 5 * clusterBytes;

/** One table of 64 KiB knows the places of 512 MiB, and one the references to 2 GiB. */
export const tablesBytes = (virtualSizeBytes: number): number => emptyBytes + (clusterBytes * (Math.ceil(virtualSizeBytes / 2 ** 29) + Math.ceil(virtualSizeBytes / 2 ** 31)));
