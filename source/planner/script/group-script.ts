/**
Plans for several domains as one script, one after the other: the first that fails ends it.
*/
import type {Plan} from '../../model/plan/plan.ts';
import {formatShellScript} from './shell-script.ts';

export function formatGroupScript(parts: ReadonlyArray<{plan: Plan; title: string}>, remoteArgv: string[] | undefined): string {
	// Each in a shell of its own, for each defines functions of the same names.
	const scripts = parts.map(({plan, title}) => `(\n${formatShellScript(plan, {remoteArgv, title})}) || exit $?\n`);
	return `#!/bin/sh\n# vsnap-tui: ${parts.length} domains, one after the other. What went well stays where a later one fails.\n\n${scripts.join('\n')}`;
}

/** Of one domain, or of several. */
export function formatScript(parts: ReadonlyArray<{plan: Plan; title: string}>, remoteArgv: string[] | undefined): string {
	const [first] = parts;
	return parts.length === 1 ? formatShellScript(first!.plan, {remoteArgv, title: first!.title}) : formatGroupScript(parts, remoteArgv);
}
