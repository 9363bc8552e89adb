/**
The answers to probes: whether something is so at this moment. Always asked anew.
*/
import type {Probe} from '../../model/plan/plan.ts';
import {succeed, type Result} from '../../model/result.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import type {Runner} from '../../tools/run/run.ts';
import {negate, observeAll, observeFile} from '../shared/observe-files.ts';
import type {RecordSource} from '../shared/record-source.ts';
import {hasDomainId, parseFields} from './read/read-host.ts';
import type {Virsh} from './virsh.ts';

type Given = {runner: Runner; virsh: Virsh; source: Pick<RecordSource, 'readForeign'>};

async function isRunning({virsh}: Given, uuid: string): Promise<Result<boolean>> {
	const info = await virsh.askOne(['dominfo', '--domain', uuid]);
	return info.ok ? succeed(hasDomainId(parseFields(info.value))) : info;
}

async function isListed({virsh}: Given, verb: 'snapshot-list' | 'checkpoint-list', uuid: string, name: string): Promise<Result<boolean>> {
	const names = await virsh.askOne([verb, '--domain', uuid, '--name']);
	// A name that holds line ends is listed as several lines.
	return names.ok ? succeed(`\n${names.value}`.includes(`\n${name}\n`)) : names;
}

/** Fails where the answer cannot be had. */
export async function observe(given: Given, probe: Probe): Promise<Result<boolean>> {
	switch (probe.kind) {
		case 'memory-loaded':
		case 'domain-active': {
			return isRunning(given, probe.uuid);
		}

		case 'domain-running': {
			const info = await given.virsh.askOne(['dominfo', '--domain', probe.uuid]);
			return info.ok ? succeed(parseFields(info.value).get('State') === 'running') : info;
		}

		case 'domain-off': {
			return negate(await isRunning(given, probe.uuid));
		}

		case 'snapshot-exists': {
			return isListed(given, 'snapshot-list', probe.uuid, probe.name);
		}

		case 'snapshot-missing': {
			return negate(await isListed(given, 'snapshot-list', probe.uuid, probe.name));
		}

		case 'checkpoint-exists': {
			return isListed(given, 'checkpoint-list', probe.uuid, probe.name);
		}

		case 'checkpoint-missing': {
			return negate(await isListed(given, 'checkpoint-list', probe.uuid, probe.name));
		}

		case 'head-is': {
			const xml = await given.virsh.askOne(['dumpxml', '--domain', probe.uuid]);
			const definition = xml.ok ? parseDomainXml(xml.value) : xml;
			return definition.ok ? succeed(definition.value.disks.some(disk => disk.target === probe.target && disk.sourcePath === probe.path)) : definition;
		}

		case 'all': {
			return observeAll(probe.of, async part => observe(given, part));
		}

		case 'not': {
			return negate(await observe(given, probe.of));
		}

		case 'runs-on':
		case 'off-on': {
			const running = await isRunning(given, probe.uuid);
			return running.ok && running.value === (probe.kind === 'runs-on') ? observe(given, {...probe, kind: 'head-is'}) : (running.ok ? succeed(false) : running);
		}

		default: {
			return observeFile(given, probe);
		}
	}
}
