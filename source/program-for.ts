/**
The name and options by which a command that is shown to a person reaches the same host.
*/
import type {GlobalOptions} from './invocation.ts';
import {quoteForTerminal} from './model/text/shell-quote.ts';

export function programFor({connect, qmp, images}: GlobalOptions): string {
	return ['vsnap-tui', ...(connect === undefined ? [] : ['-c', connect]), ...qmp.flatMap(name => ['--qmp', name]), ...images.flatMap(file => ['--image', file])].map(word => quoteForTerminal(word)).join(' ');
}

