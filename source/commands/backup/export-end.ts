/**
`vsnap-tui backup export --end`: ends an export of a standalone QEMU that goes on though its vsnap-tui was killed. libvirt's are ended by virsh.
*/
import {posix} from 'node:path';
import {exportedDomain} from '../../model/backup/scratch-file.ts';
import {headDisks} from '../../model/domain/domain.ts';
import type {Inventory} from '../../model/domain/inventory.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import type {PlanContext} from '../../planner/context.ts';
import {planContext} from '../../planner/plan-context.ts';
import {sayFailure, sayLines, type CommandContext} from '../context.ts';
import {endExport} from './ending.ts';

/** Also of a QEMU that has gone: beside the images, where they are if nobody named another folder. */
async function findScratch({world: {host}}: CommandContext, {details: {domain}}: Inventory): Promise<string[]> {
	const folders = [...new Set(headDisks(domain).flatMap(({sourcePath}) => sourcePath?.startsWith('/') ? [posix.dirname(sourcePath)] : []))];
	const found = await Promise.all(folders.map(async folder => {
		const facts = await host.readFolder(folder);
		return facts.ok ? [...facts.value.names].map(name => posix.join(folder, name)) : [];
	}));
	return found.flat().filter(path => exportedDomain(path) === domain.uuid);
}

/** Gives the exit code. */
export async function endUnwatched(context: CommandContext, inventory: Inventory, given: Pick<PlanContext, 'workPath'> & {id: string; now: Date}): Promise<number> {
	const {domain} = inventory.details;
	const site = planContext(inventory, given);
	const unwatched = site.hypervisor.exports.endUnwatched?.(site);
	if (unwatched === undefined) {
		return sayFailure(context, {kind: 'refused', blockers: [{
			kind: 'not-supported', text: 'An export of libvirt\'s is ended by virsh.', remedy: `If nobody reads from it any longer, end it: virsh domjobabort ${quoteForTerminal(domain.name)}. libvirt then removes its files.`,
		}]});
	}

	const {commands, scratchPaths} = unwatched;
	const files = [...new Set([...scratchPaths, ...await findScratch(context, inventory)])];
	const closed = await endExport(context, {commands, files, inventory});
	if (!closed.ok) {
		return sayFailure(context, closed.failure);
	}

	sayLines(context, [files.length === 0 ? `No export of "${domain.name}" was going on.` : 'The export is ended.']);
	return 0;
}
