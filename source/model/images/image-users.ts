/**
Labels of those who use an image. What could not be read may use it, too: such a label says so by its first word.
*/

const doubt = 'perhaps ';

/** The label of somebody who cannot be asked. */
export function doubtful(user: string): string {
	return `${doubt}${user}`;
}

/** Whether it is only not known that this one does not use the image. */
export function isDoubt(label: string): boolean {
	return label.startsWith(doubt);
}
