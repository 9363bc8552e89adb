/**
What to do about a record of an internal snapshot whose state is not in the images, or is there twice. qemu-img deletes a state by its name alone, of two of one name the
older one; by its number it can still be read.
*/
import {quoteForShell} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../context.ts';

/** `first`: what is better, where there is something. */
export function dropRecordRemedy({inventory: {details: {domain}}}: PlanContext, snapshot: string, first?: string): string {
	return `${first === undefined ? 'Delete' : `${first}, or delete`} only its record: vsnap-tui delete --metadata -- ${quoteForShell(domain.name)} ${quoteForShell(snapshot)}`;
}

export function twiceRemedy(path: string, tag: string): string {
	const image = quoteForShell(path);
	return `With the domain off: qemu-img snapshot -l ${image} lists both with their numbers, qemu-img convert -l snapshot.id=NUMBER -O qcow2 ${image} COPY copies one out, `
		+ `and qemu-img snapshot -d ${quoteForShell(tag)} ${image} deletes the older one.`;
}
