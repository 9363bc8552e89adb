/**
Names of snapshots: what libvirt lets be one, and a free one to propose.
*/

const mostBytes = 247;

/**
What is wrong with a name, as the end of a sentence ("contains …"); undefined: nothing is. Rules of libvirt (no "/", no leading ".", at most 247 bytes,
because its file of the snapshot is called so), and of good sense (no control characters).
*/
export function nameProblem(name: string): string | undefined {
	const rules: Array<[boolean, string]> = [
		[name === '', 'is empty'],
		[name.includes('/'), 'contains "/"'],
		[name.startsWith('.'), 'begins with "."'],
		[/\p{Cc}/u.test(name), 'contains control characters'],
		[new TextEncoder().encode(name).length > mostBytes, `is longer than ${mostBytes} bytes`],
	];
	return rules.find(([isBroken]) => isBroken)?.[1];
}

/** The name itself, or with the first number that makes it free: "a", "a-2", "a-3". */
export function freeName(wanted: string, taken: ReadonlySet<string>): string {
	let name = wanted;
	for (let count = 2; taken.has(name); count++) {
		name = `${wanted}-${count}`;
	}

	return name;
}
