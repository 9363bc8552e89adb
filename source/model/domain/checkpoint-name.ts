/**
Names of checkpoints. libvirt's rules are narrower than those for snapshots, and it makes the bitmaps before it finds a name too long (9.0, 11.3, 12.8).
*/

const mostBytes = 245;
/** libvirt has a letter, a figure, "_" or "-" first, and allows "." behind it. */
const pattern = /^[\w-][\w.-]*$/;

/** Made by virtnbdbackup for itself (1.9 to 2.53), which removes such a checkpoint again. */
export const isOfVirtnbdbackup = (name: string): boolean => name.startsWith('virtnbdbackup.');

/** What is wrong with a name, as the end of a sentence ("contains …"); undefined: nothing is. */
export function checkpointNameProblem(name: string): string | undefined {
	const rules: Array<[boolean, string]> = [
		[name === '', 'is empty'],
		[name !== '' && !pattern.test(name), 'contains something other than letters, figures, "_", "-" and ".", or begins with "."'],
		[name.length > mostBytes, `is longer than ${mostBytes} characters`],
		[isOfVirtnbdbackup(name), 'belongs to virtnbdbackup, which would remove the checkpoint'],
	];
	return rules.find(([isBroken]) => isBroken)?.[1];
}
