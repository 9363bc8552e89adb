/**
The answers to probes about a domain of libvirt's.
*/
import {byKind} from '../../model/by-kind.ts';
import {succeed, type Result} from '../../model/result.ts';
import {parseDomainXml} from '../../model/xml/parse-domain.ts';
import type {DomainProbe} from '../shared/observe.ts';
import {hasDomainId, parseFields} from './read/read-host.ts';
import {readVolumePaths} from './read/read-volumes.ts';
import type {Virsh} from './virsh.ts';

async function askInfo(virsh: Virsh, uuid: string, question: (fields: Map<string, string>) => boolean): Promise<Result<boolean>> {
	const info = await virsh.askOne(['dominfo', '--domain', uuid]);
	return info.ok ? succeed(question(parseFields(info.value))) : info;
}

async function isListed(virsh: Virsh, verb: 'snapshot-list' | 'checkpoint-list', {uuid, name}: {uuid: string; name: string}): Promise<Result<boolean>> {
	const names = await virsh.askOne([verb, '--domain', uuid, '--name']);
	// A name that holds line ends is listed as several lines.
	return names.ok ? succeed(`\n${names.value}`.includes(`\n${name}\n`)) : names;
}

async function isHead(virsh: Virsh, {uuid, target, path}: {uuid: string; target: string; path: string}): Promise<Result<boolean>> {
	const xml = await virsh.askOne(['dumpxml', '--domain', uuid]);
	const definition = xml.ok ? parseDomainXml(xml.value) : xml;
	if (!definition.ok) {
		return definition;
	}

	const volumes = await readVolumePaths(virsh, [definition.value]);
	return volumes.ok ? succeed(volumes.value.withPaths(definition.value).disks.some(disk => disk.target === target && disk.sourcePath === path)) : volumes;
}

/** Fails where the answer cannot be had. */
export const observeDomain: (probe: DomainProbe, virsh: Virsh) => Promise<Result<boolean>> = byKind({
	'memory-loaded': async (probe, virsh) => askInfo(virsh, probe.uuid, hasDomainId),
	'domain-active': async (probe, virsh) => askInfo(virsh, probe.uuid, hasDomainId),
	'domain-running': async (probe, virsh) => askInfo(virsh, probe.uuid, fields => fields.get('State') === 'running'),
	'snapshot-exists': async (probe, virsh) => isListed(virsh, 'snapshot-list', probe),
	'checkpoint-exists': async (probe, virsh) => isListed(virsh, 'checkpoint-list', probe),
	// libvirt tells of the bitmaps of a running domain only by the checkpoints that they belong to.
	async 'backup-active'(probe, virsh) {
		const job = await virsh.askOne(['backup-dumpxml', '--domain', probe.uuid]);
		return !job.ok && job.failure.kind !== 'tool-failed' ? job : succeed(job.ok);
	},
	async 'pool-active'(probe, virsh) {
		const names = await virsh.askOne(['pool-list', '--name']);
		return names.ok ? succeed(names.value.split('\n').some(name => name.trimEnd() === probe.pool)) : names;
	},
	'disk-records': async () => succeed(false),
	'head-is': async (probe, virsh) => isHead(virsh, probe),
	async 'runs-on'(probe, virsh) {
		const running = await askInfo(virsh, probe.uuid, hasDomainId);
		return running.ok && running.value ? isHead(virsh, probe) : running;
	},
	async 'off-on'(probe, virsh) {
		const isOff = await askInfo(virsh, probe.uuid, fields => !hasDomainId(fields));
		return isOff.ok && isOff.value ? isHead(virsh, probe) : isOff;
	},
});
