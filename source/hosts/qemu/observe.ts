/**
The answers to probes about bare domains: whether something is so at this moment. Always asked anew.
*/
import type {Probe} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../../tools/run/run.ts';
import {observeAll, observeFile, negate} from '../shared/observe-files.ts';
import type {RecordSource} from '../shared/record-source.ts';
import type {BareRead} from './read-bare.ts';

type Given = {
	runner: Runner;
	source: Pick<RecordSource, 'readForeign'>;
	/** Fails where the domain is not known. */
	read: (uuid: string) => Promise<Result<BareRead>>;
};

async function ask(given: Given, uuid: string, question: (read: BareRead) => boolean): Promise<Result<boolean>> {
	const read = await given.read(uuid);
	return read.ok ? succeed(question(read.value)) : read;
}

/** Fails where the answer cannot be had. */
export async function observeBare(given: Given, probe: Probe): Promise<Result<boolean>> {
	switch (probe.kind) {
		case 'domain-active': {
			return ask(given, probe.uuid, ({live}) => live !== undefined);
		}

		case 'domain-running': {
			return ask(given, probe.uuid, ({live}) => live?.state === 'running');
		}

		case 'domain-off': {
			return ask(given, probe.uuid, ({live}) => live === undefined);
		}

		case 'memory-loaded': {
			return ask(given, probe.uuid, ({live}) => live !== undefined && !live.isWaiting);
		}

		case 'snapshot-exists': {
			return ask(given, probe.uuid, ({records}) => records.snapshots.some(({name}) => name === probe.name));
		}

		case 'snapshot-missing': {
			return negate(await observeBare(given, {...probe, kind: 'snapshot-exists'}));
		}

		case 'checkpoint-exists': {
			return succeed(false);
		}

		case 'checkpoint-missing': {
			return succeed(true);
		}

		case 'head-is': {
			return ask(given, probe.uuid, ({records}) => records.domain.liveDefinition?.disks.some(disk => disk.target === probe.target && disk.sourcePath === probe.path) ?? false);
		}

		case 'all': {
			return observeAll(probe.of, async part => observeBare(given, part));
		}

		case 'not': {
			return negate(await observeBare(given, probe.of));
		}

		case 'runs-on': {
			return observeBare(given, {...probe, kind: 'head-is'});
		}

		case 'off-on': {
			return ask(given, probe.uuid, ({records, live}) => live === undefined && records.domain.definition.disks.some(disk => disk.target === probe.target && disk.sourcePath === probe.path));
		}

		default: {
			return observeFile(given, probe);
		}
	}
}
