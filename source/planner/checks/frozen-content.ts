/**
What should be known of an image before it is frozen under a new overlay: a format that may be wrong is recorded in the overlay for good, and what lies inside it goes
out of reach.
*/
import {imageAt} from '../../model/images/image-graph.ts';
import {listNames} from '../../model/text/list-names.ts';
import {quoteForTerminal} from '../../model/text/shell-quote.ts';
import type {Consequence} from '../../model/plan/plan.ts';
import type {PlanContext} from '../context.ts';

/** `snapshot`: what freezes them. `isLeft`: the domain goes on somewhere else than above them. */
export function describeFrozenContent(context: PlanContext, given: {disks: ReadonlyArray<{target: string; path: string}>; snapshot: string; isLeft: boolean}): Consequence[] {
	const {disks, snapshot, isLeft} = given;
	const {domain, snapshots} = context.inventory.details;
	const [domainWord, snapshotWord] = [quoteForTerminal(domain.name), quoteForTerminal(snapshot)];
	return disks.flatMap(({target, path}): Consequence[] => {
		const image = imageAt(context.graph, path);
		const inside = [...new Set([
			...image?.internalSnapshots.map(({tag}) => tag) ?? [],
			// Those of a standalone QEMU that runs are in its memory until it writes them out.
			...snapshots.filter(({disks: recorded, domain: stored}) =>
				recorded.some(disk => disk.target === target && disk.mode === 'internal')
				&& stored?.disks.some(disk => disk.target === target && disk.sourcePath === path)).map(({name}) => name),
		])];
		const isQcow2InRaw = image?.problems.some(({kind}) => kind === 'begins-like-qcow2') ?? false;
		return [
			...(isQcow2InRaw
				? [{
					severity: 'warning' as const,
					text: `${target} is used as raw, but ${path} begins like a qcow2 image. If it is one, `
						+ `correct its format first (virsh edit ${domainWord}, <driver type='qcow2'/>): the overlay will name it as raw for good.`,
				}]
				: []),
			...(inside.length > 0
				? [{
					severity: 'warning' as const,
					text: `${listNames(inside.map(name => `"${name}"`), 6)} ${inside.length === 1 ? 'is' : 'are'} inside ${path}, out of reach once that is frozen: `
						+ 'no revert to an internal snapshot reaches below an overlay. '
						+ (isLeft
							? `What leads back: revert to "${snapshot}", then vsnap-tui delete ${domainWord} ${snapshotWord}, which commits what was written since into that image.`
							: `What leads back: vsnap-tui delete ${domainWord} ${snapshotWord}, which commits what was written since into that image.`),
				}]
				: []),
		];
	});
}
