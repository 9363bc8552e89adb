/** What leads on where a record that libvirt lists cannot be read: the commands are for a person's shell. */
import {quoteForTerminal} from '../../../model/text/shell-quote.ts';

export function remedyForRecord(kind: 'snapshot' | 'checkpoint', domain: string, name: string): string {
	const words = `${quoteForTerminal(domain)} --${kind}name ${quoteForTerminal(name)}`;
	return `See what "virsh ${kind}-dumpxml ${words}" answers. If that ${kind} is not needed: virsh ${kind}-delete ${words} --metadata (its ${kind === 'snapshot' ? 'images' : 'bitmaps'} stay).`;
}
