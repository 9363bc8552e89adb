/**
Disks that a running domain and its definition do not have alike: hot-plugged or detached for one of the two only, or put on another file. A stop would lose
what only the running one has, and nobody could put it back.
*/
import {isWritableMedium, type Disk, type DomainDefinition} from '../../model/domain/domain.ts';
import {formatInXml} from '../../model/xml/change-domain.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../context.ts';

function writableDisks(definition: DomainDefinition): Map<string, Disk> {
	return new Map(definition.disks.filter(disk => isWritableMedium(disk)).map(disk => [disk.target, disk]));
}

/** The command with which virsh adds the disk where it is missing: `--persistent` would add it to both, and is refused where one has it. */
function attachCommand(domain: string, disk: Disk, where: '--config' | '--live'): string {
	const words = [domain, disk.sourcePath ?? 'SOURCE', disk.target, '--driver', 'qemu', '--subdriver', formatInXml(disk.format ?? 'raw')];
	return `virsh attach-disk ${words.map(word => quoteForTerminal(word)).join(' ')} ${where}`;
}

function detachCommand(domain: string, {target}: Disk, where: '--config' | '--live'): string {
	return `virsh detach-disk ${quoteForTerminal(domain)} ${target} ${where}`;
}

function remedyFor(domain: string, live: Disk | undefined, next: Disk | undefined): string {
	if (next === undefined) {
		return `Add it to the VM definition too (${attachCommand(domain, live!, '--config')}), or remove it from the running domain (${detachCommand(domain, live!, '--live')}).`;
	}

	if (live === undefined) {
		return `Remove it from the VM definition (${detachCommand(domain, next, '--config')}), add it to the running domain (${attachCommand(domain, next, '--live')}), or shut the domain down.`;
	}

	return `If the running one is right, add it to the VM definition (${detachCommand(domain, next, '--config')}; ${attachCommand(domain, live, '--config')}); if the definition is right, shut the domain down.`;
}

/** Appends blockers. `only`: the disks that matter; undefined: all. */
export function requireLikeDisks(context: PlanContext, only?: ReadonlySet<string>): void {
	const {name, definition, liveDefinition} = context.inventory.details.domain;
	if (liveDefinition === undefined) {
		return;
	}

	const live = writableDisks(liveDefinition);
	const next = writableDisks(definition);
	for (const target of new Set([...live.keys(), ...next.keys()])) {
		const [now, then] = [live.get(target), next.get(target)];
		if (now?.sourcePath === then?.sourcePath || only?.has(target) === false) {
			continue;
		}

		context.blockers.push({
			kind: 'domain-state',
			text: `The running domain and its definition differ in ${target}: ${now?.sourcePath ?? 'nothing'} now, ${then?.sourcePath ?? 'nothing'} at the next start.`,
			remedy: `${remedyFor(name, now, then)}${only === undefined || now === undefined ? '' : ` Or leave it out: --disk ${target}=no.`}`,
		});
	}
}
