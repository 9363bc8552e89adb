/**
A line that is typed on the screen, in the words of the command line. It opens a page, never more: nothing that runs without one is accepted.
*/
import {parseArguments} from './arguments.ts';
import type {ScreenCommand} from './app/services.ts';
import {fail, succeed, type Result} from './model/result.ts';
import type {GlobalOptions} from './invocation.ts';
import {screenStartOf} from './screen-start.ts';

const usage = (message: string) => fail({kind: 'usage', message});

/** What would run something unseen, or show it where nobody looks. */
function reasonAgainst(words: readonly string[]): string | undefined {
	const unseen = words.find(word => ['--yes', '--dry-run', '--shell', '--json'].includes(word));
	return unseen && `${unseen} is not accepted here: the page shows the plan, and starts it.`;
}

function isForStart({connect, qmp, images, isDemo, isReadOnly, isAscii, hasColor, checks, usesMouse}: GlobalOptions): boolean {
	return connect !== undefined || qmp.length > 0 || images.length > 0 || isDemo || isReadOnly || isAscii || !hasColor || !checks || usesMouse;
}

/** Fails with `usage`. */
export function readScreenCommand(words: string[], version: string): Result<ScreenCommand> {
	const reason = reasonAgainst(words);
	if (reason !== undefined) {
		return usage(reason);
	}

	const parsed = parseArguments(words, version);
	if (!parsed.ok) {
		return parsed;
	}

	if (parsed.value.kind === 'print') {
		return usage('This is for the shell; ? lists the keys.');
	}

	const {invocation, options} = parsed.value;
	if (isForStart(options)) {
		return usage('How the host is reached and shown is said when the program starts.');
	}

	switch (invocation.verb) {
		case 'list': {
			return succeed({kind: 'list'});
		}

		case 'tree': {
			return succeed({kind: 'open', start: {domain: invocation.domain}});
		}

		case 'recover': {
			return invocation.direction === undefined ? succeed({kind: 'recover', domain: invocation.domain}) : usage('The page of what was interrupted asks for the direction: recover without an option.');
		}

		default: {
			const start = screenStartOf(invocation);
			return start === undefined ? usage(`"${words.join(' ')}" has no page here: type it in a shell.`) : succeed({kind: 'open', start});
		}
	}
}
