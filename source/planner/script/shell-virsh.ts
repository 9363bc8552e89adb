/**
What a shell script asks virsh.
*/
import {targetOf, type Plan} from '../../model/plan/plan.ts';
import {formatCommandLine, quoteForShell} from '../../model/text/shell-quote.ts';
import {escapeAsLibvirt} from '../../model/xml/change-xml.ts';
import {sourceAttributes} from '../storage/storage.ts';
import {monitorFunctionsFor} from './shell-qmp.ts';
import {anyOf, type DomainProbe, type Words} from './words.ts';

/** Whether the XML of a domain names this file, block device or volume as the source of a disk. virsh has attributes in single quotes. */
function grepSource(plan: Plan, path: string): string {
	const volumes = (targetOf(plan).before.volumes ?? []).filter(volume => volume.path === path);
	return `grep -qF ${anyOf([
		...sourceAttributes.map(attribute => `${attribute}='${escapeAsLibvirt(path)}'`),
		...volumes.map(({pool, volume}) => `pool='${escapeAsLibvirt(pool)}' volume='${escapeAsLibvirt(volume)}'`),
	])}`;
}

function condition(plan: Plan, probe: DomainProbe): string {
	const virsh = (verb: string, ...argv: string[]) => formatCommandLine(['virsh', '-q', '-c', plan.uri, verb, '--domain', probe.uuid, ...argv]);
	const quietly = '>/dev/null 2>&1';
	switch (probe.kind) {
		case 'domain-off': {
			return `[ "$(${virsh('domstate')})" = 'shut off' ]`;
		}

		case 'domain-running': {
			return `[ "$(${virsh('domstate')})" = running ]`;
		}

		case 'memory-loaded':
		case 'domain-active': {
			return `[ "$(${virsh('domstate')})" != 'shut off' ]`;
		}

		case 'snapshot-exists': {
			return `${virsh('snapshot-info', '--snapshotname', probe.name)} ${quietly}`;
		}

		case 'snapshot-missing': {
			return `! ${virsh('snapshot-info', '--snapshotname', probe.name)} ${quietly}`;
		}

		case 'checkpoint-exists': {
			return `${virsh('checkpoint-info', '--checkpointname', probe.name)} ${quietly}`;
		}

		case 'checkpoint-missing': {
			return `! ${virsh('checkpoint-info', '--checkpointname', probe.name)} ${quietly}`;
		}

		case 'backup-active': {
			return `${virsh('backup-dumpxml')} ${quietly}`;
		}

		case 'pool-active': {
			return `${formatCommandLine(['virsh', '-q', '-c', plan.uri, 'pool-list', '--name'])} | sed 's/ *$//' | grep -qxF ${anyOf([probe.pool])}`;
		}

		case 'disk-records': {
			return 'false';
		}

		case 'head-is': {
			return `${virsh('dumpxml')} | ${grepSource(plan, probe.path)}`;
		}

		default: {
			return probe satisfies never;
		}
	}
}

const unusedFunction = (virsh: string) => [
	'# Fails, and says where, if a domain (as it runs, at its next start, or in what one of its snapshots kept) names the image.',
	'unused() {',
	`\tfor domain in $(${virsh} list --all --uuid); do`,
	`\t\tif ${virsh} dumpxml --domain "$domain" | grep -qF -- "$1" || ${virsh} dumpxml --domain "$domain" --inactive | grep -qF -- "$1"; then`,
	'\t\t\techo "domain $domain still uses $1" >&2; return 1',
	'\t\tfi',
	`\t\t${virsh} snapshot-list --domain "$domain" --name | while IFS= read -r snapshot; do`,
	'\t\t\t[ -n "$snapshot" ] || continue',
	`\t\t\tif ${virsh} snapshot-dumpxml --domain "$domain" --snapshotname "$snapshot" | sed -n '/<domain[ >]/,$p' | grep -qF -- "$1"; then`,
	'\t\t\t\techo "snapshot $snapshot of $domain still needs $1" >&2; exit 1',
	'\t\t\tfi',
	'\t\tdone || return 1',
	'\tdone',
	'}',
];

export function virshWords(plan: Plan, remoteArgv: readonly string[] | undefined): Words {
	const virsh = formatCommandLine(['virsh', '-q', '-c', plan.uri]);
	const uuid = quoteForShell(plan.action.domain.uuid);
	const {before, expected} = targetOf(plan);
	const isCurrent = (name: string | undefined, orElse: string) => name === undefined ? [] : [`[ "$(${virsh} snapshot-current --domain ${uuid} --name)" = ${quoteForShell(name)} ] || ${orElse}`];
	const isOn = (heads: Array<{path: string}>, orElse: string) => heads.map(({path}) => `${virsh} dumpxml --domain ${uuid} --inactive | ${grepSource(plan, path)} || ${orElse}`);
	return {
		functions: [...unusedFunction(virsh), ...monitorFunctionsFor(plan, remoteArgv)],
		condition: probe => condition(plan, probe),
		freshness: [
			`[ "$(${virsh} snapshot-list --domain ${uuid} --name | sed '/^$/d' | LC_ALL=C sort)" = "$(printf '%s\\n' ${formatCommandLine(before.snapshotNames)} | LC_ALL=C sort)" ] || changed 'its snapshots'`,
			...isCurrent(before.currentSnapshot, 'changed \'its current snapshot\''),
			...isOn(before.heads, 'changed \'its disks\''),
		],
		proof: orElse => [...isOn(expected.heads, orElse), ...isCurrent(expected.currentSnapshot, orElse)],
		unused: path => `unused ${quoteForShell(`file='${escapeAsLibvirt(path)}'`)}`,
	};
}
