/**
The one command that does what this user may not do, with the rights that it needs.
*/
import type {Action} from '../model/plan/request.ts';
import {quoteForTerminal} from '../model/text/shell-quote.ts';
import {typedFor} from './typed-for.ts';

/** As root of the machine where the images are; undefined where that is another world (a session belongs to its user), or no words say the action. */
export function commandWithRights(action: Action, uri: string): string | undefined {
	const typed = typedFor(action);
	const [, scheme = '', host = '', query = ''] = /^(qemu(?:\+ssh)?):\/\/([^/]*)\/system(\?.*)?$/.exec(uri) ?? [];
	if (typed === undefined || scheme === '') {
		return undefined;
	}

	const there = host === '' ? uri : `${scheme}://root@${host.slice(host.lastIndexOf('@') + 1)}/system${query}`;
	return `${host === '' ? 'sudo ' : ''}vsnap-tui -c ${quoteForTerminal(there)} ${typed}`;
}
