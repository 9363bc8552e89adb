/**
The answers to probes about bare domains.
*/
import {exportedTarget} from '../../model/backup/scratch-file.ts';
import {byKind} from '../../model/by-kind.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Disk} from '../../model/domain/domain.ts';
import type {DomainProbe} from '../shared/observe.ts';
import type {BareRead} from './read-bare.ts';

const has = (disks: readonly Disk[] | undefined, {target, path}: {target: string; path: string}) =>
	disks?.some(disk => disk.target === target && disk.sourcePath === path) ?? false;

const answerOf: (probe: DomainProbe, read: BareRead) => boolean = byKind({
	'domain-active': (_probe, {live}) => live !== undefined,
	'domain-running': (_probe, {live}) => live?.state === 'running',
	'memory-loaded': (_probe, {live}) => live !== undefined && !live.isWaiting,
	'snapshot-exists': (probe, {records}) => records.snapshots.some(({name}) => name === probe.name),
	'checkpoint-exists': (probe, {records}) => records.checkpoints.some(({name}) => name === probe.name),
	'disk-records': ({target, bitmap}, {bare}) => bare.nodes.get(target)?.bitmaps.some(({name}) => name === bitmap) ?? false,
	'backup-active': (_probe, {live}) => [...live?.imageNodes.values() ?? []].some(({nodeName, dirtyBytes}) => [nodeName, ...dirtyBytes?.keys() ?? []].some(name => exportedTarget(name) !== undefined)),
	'pool-active': () => false,
	'head-is': (probe, {records}) => has(records.domain.liveDefinition?.disks, probe),
	'runs-on': (probe, {records}) => has(records.domain.liveDefinition?.disks, probe),
	'off-on': (probe, {records, live}) => live === undefined && has(records.domain.definition.disks, probe),
});

/** `read` fails where the domain is not known; then this fails too. */
export async function observeBare(probe: DomainProbe, read: (uuid: string) => Promise<Result<BareRead>>): Promise<Result<boolean>> {
	const found = await read(probe.uuid);
	return found.ok ? succeed(answerOf(probe, found.value)) : found;
}
