/**
A plan as a POSIX shell script that does the same by hand: the same commands in the same order, undone in reverse if one fails before anything was
removed.
*/
import {posix} from 'node:path';
import {targetOf, type Command, type Guard, type Plan, type Probe} from '../../model/plan/plan.ts';
import {formatCommand} from '../../model/text/format-command.ts';
import {formatCommandLine, quoteForShell} from '../../model/text/shell-quote.ts';
import {hasHidden, makeVisible} from '../../model/text/visible-text.ts';
import {
	bareCondition, bareFreshness, bareHeader, bareLine, bareProof, bareUnused,
} from './shell-bare.ts';

export type ShellOptions = {
	/** What stands before commands that run where the images are, when that is another machine: `ssh … host`. */
	remoteArgv: string[] | undefined;
	/** The action, in its comment. */
	title: string;
};

function comment(text: string): string {
	return `# ${makeVisible(text)}`;
}

function line(command: Command, options: ShellOptions): string {
	if (command.tool === 'qmp') {
		return bareLine(command);
	}

	const plain = formatCommand(command);
	return command.tool === 'virsh' || options.remoteArgv === undefined
		? plain
		: formatCommandLine([...options.remoteArgv, `umask 077; ${plain}`]);
}

function condition(probe: Probe, plan: Plan, options: ShellOptions): string {
	const ofBare = targetOf(plan).hypervisor === 'qemu' ? bareCondition(probe, plan) : undefined;
	if (ofBare !== undefined) {
		return ofBare;
	}

	const onHost = (...argv: string[]) => line({tool: 'file', argv, files: []}, options);
	const virsh = (...argv: string[]) => formatCommandLine(['virsh', '-q', '-c', plan.uri, ...argv]);
	const quietly = '>/dev/null 2>&1';
	switch (probe.kind) {
		case 'file-exists': {
			return onHost('test', '-e', probe.path);
		}

		case 'file-missing': {
			return `! ${onHost('test', '-e', probe.path)}`;
		}

		case 'file-empty': {
			return `${onHost('test', '-e', probe.path)} && ! ${onHost('test', '-s', probe.path)}`;
		}

		case 'same-file': {
			return onHost('test', probe.path, '-ef', probe.other);
		}

		case 'also-named': {
			const inodeOf = (path: string) => `"$(${onHost('stat', '-c', '%d:%i', '--', path)})"`;
			return `[ ${inodeOf(probe.path)} = ${inodeOf(probe.other)} ]`;
		}

		case 'not-owned-by-root': {
			return `[ "$(${onHost('stat', '-L', '-c', '%u:%g', '--', probe.path)})" != 0:0 ]`;
		}

		case 'domain-off': {
			return `[ "$(${virsh('domstate', '--domain', probe.uuid)})" = 'shut off' ]`;
		}

		case 'domain-running': {
			return `[ "$(${virsh('domstate', '--domain', probe.uuid)})" = running ]`;
		}

		case 'memory-loaded':
		case 'domain-active': {
			return `[ "$(${virsh('domstate', '--domain', probe.uuid)})" != 'shut off' ]`;
		}

		case 'snapshot-exists': {
			return `${virsh('snapshot-info', '--domain', probe.uuid, '--snapshotname', probe.name)} ${quietly}`;
		}

		case 'snapshot-missing': {
			return `! ${virsh('snapshot-info', '--domain', probe.uuid, '--snapshotname', probe.name)} ${quietly}`;
		}

		case 'checkpoint-exists': {
			return `${virsh('checkpoint-info', '--domain', probe.uuid, '--checkpointname', probe.name)} ${quietly}`;
		}

		case 'checkpoint-missing': {
			return `! ${virsh('checkpoint-info', '--domain', probe.uuid, '--checkpointname', probe.name)} ${quietly}`;
		}

		case 'same-content': {
			return onHost('cmp', '-s', '--', probe.path, probe.other);
		}

		case 'image-has-tag': {
			return `${onHost('qemu-img', 'info', '-U', '--output=json', probe.path)} | grep -qF ${quoteForShell(`"name": ${JSON.stringify(probe.tag)}`)}`;
		}

		case 'image-lacks-tag': {
			return `! ${onHost('qemu-img', 'info', '-U', '--output=json', probe.path)} | grep -qF ${quoteForShell(`"name": ${JSON.stringify(probe.tag)}`)}`;
		}

		case 'backed-by': {
			return `${onHost('qemu-img', 'info', '-U', '--output=json', '-f', 'qcow2', probe.path)} | grep -qF ${quoteForShell(`"full-backing-filename": ${JSON.stringify(probe.backing)}`)}`;
		}

		case 'reads-same': {
			return `${onHost('qemu-img', 'compare', '-U', '-q', '-f', 'qcow2', '-F', probe.otherFormat, probe.path, probe.other)}`;
		}

		case 'not': {
			return `! { ${condition(probe.of, plan, options)}; }`;
		}

		case 'head-is': {
			return `${virsh('dumpxml', '--domain', probe.uuid)} | ${grepSource(probe.path)}`;
		}

		case 'all': {
			return probe.of.map(part => `{ ${condition(part, plan, options)}; }`).join(' && ');
		}

		case 'runs-on':
		case 'off-on': {
			const power = condition({kind: probe.kind === 'runs-on' ? 'domain-active' : 'domain-off', uuid: probe.uuid}, plan, options);
			return `${power} && ${condition({...probe, kind: 'head-is'}, plan, options)}`;
		}

		case 'image-unused': {
			return `${onHost('test', '-e', probe.path)} && ${guardLine({kind: 'unused-image', path: probe.path}, plan, options)}`;
		}

		case 'never': {
			return 'false';
		}

		default: {
			return probe satisfies never;
		}
	}
}

/** The undo of each step that has one, last first, each run only if the step was reached. */
function putBackLines(plan: Plan, options: ShellOptions): string[] {
	return [...plan.steps.entries()].reverse().flatMap(([index, step]) => {
		const commands = (step.undo ?? []).map(command => {
			const run = line(command, options);
			return command.onlyIf === undefined ? `\t\t${run}` : `\t\tif ${condition(command.onlyIf, plan, options)}; then ${run}; fi`;
		});
		return commands.length === 0 ? [] : [`\tif [ "$reached" -ge ${index + 1} ]; then`, ...commands, '\tfi'];
	});
}

/** The host must still be as it was when the plan was made. */
function freshnessLines(plan: Plan): string[] {
	const virsh = formatCommandLine(['virsh', '-q', '-c', plan.uri]);
	const uuid = quoteForShell(plan.action.domain.uuid);
	const {before} = targetOf(plan);
	const names = before.snapshotNames;
	const intro = [
		'',
		comment('The host must still be as it was when this was planned.'),
		'changed() { echo "the host changed since this was planned: $1" >&2; exit 7; }',
	];
	if (targetOf(plan).hypervisor === 'qemu') {
		return [...intro, ...bareFreshness(plan)];
	}

	return [
		...intro,
		`[ "$(${virsh} snapshot-list --domain ${uuid} --name | sed '/^$/d' | LC_ALL=C sort)" = "$(printf '%s\\n' ${formatCommandLine(names)} | LC_ALL=C sort)" ] || changed 'its snapshots'`,
		...(before.currentSnapshot === undefined
			? []
			: [`[ "$(${virsh} snapshot-current --domain ${uuid} --name)" = ${quoteForShell(before.currentSnapshot)} ] || changed 'its current snapshot'`]),
		...before.heads.map(({path}) => `${virsh} dumpxml --domain ${uuid} --inactive | ${grepSource(path)} || changed 'its disks'`),
	];
}

/** Whether the XML of a domain names this file, or block device, as the source of a disk. */
function grepSource(path: string): string {
	return `grep -qF ${['file', 'dev'].map(attribute => `-e ${quoteForShell(`${attribute}='${inXml(path)}'`)}`).join(' ')}`;
}

/** What has to be true before anything is removed; `orElse`: what the shell does where it is not. */
function proofLines(plan: Plan, orElse: string): string[] {
	if (targetOf(plan).hypervisor === 'qemu') {
		return bareProof(plan, orElse);
	}

	const virsh = formatCommandLine(['virsh', '-q', '-c', plan.uri]);
	const uuid = quoteForShell(plan.action.domain.uuid);
	const {expected} = targetOf(plan);
	return [
		...expected.heads.map(({path}) => `${virsh} dumpxml --domain ${uuid} --inactive | ${grepSource(path)} || ${orElse}`),
		...(expected.currentSnapshot === undefined
			? []
			: [`[ "$(${virsh} snapshot-current --domain ${uuid} --name)" = ${quoteForShell(expected.currentSnapshot)} ] || ${orElse}`]),
	];
}

function writeFiles(commands: Command[], delimiter: string): string[] {
	const written = new Map(commands.flatMap(command => command.files.map(file => [file.path, file.text])));
	return [...written].flatMap(([path, text]) => hasHidden(text.replaceAll(/[\n\t]/g, ''))
		? [`printf '%s' ${quoteForShell(text, {keepsTabs: true})} > ${quoteForShell(path)}`]
		: [`cat > ${quoteForShell(path)} <<'${delimiter}'`, text.endsWith('\n') ? text.slice(0, -1) : text, delimiter]);
}

/** An image's path as it stands in virsh's XML (attributes in single quotes). */
function inXml(path: string): string {
	return path.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\'', '&apos;').replaceAll('"', '&quot;');
}

/** Prints what qemu-img says of every image in the folder. */
function imagesBeside(path: string, options: ShellOptions): string {
	const loop = `for image in ${quoteForShell(posix.dirname(path))}/*; do test -f "$image" && qemu-img info -U --output=json "$image" 2>/dev/null; done`;
	return options.remoteArgv === undefined ? loop : formatCommandLine([...options.remoteArgv, loop]);
}

function guardLine(guard: Guard, plan: Plan, options: ShellOptions): string {
	const backingLine = `"full-backing-filename": ${JSON.stringify(guard.path)}`;
	const unused = targetOf(plan).hypervisor === 'qemu' ? bareUnused(guard.path) : `unused ${quoteForShell(`file='${inXml(guard.path)}'`)}`;
	// A device node is never removed.
	return `${line({tool: 'file', argv: ['test', '-f', guard.path], files: []}, options)} && ${unused} && ! { ${imagesBeside(guard.path, options)}; } | grep -F -- ${quoteForShell(backingLine)}`;
}

function header(plan: Plan, {title}: ShellOptions): string[] {
	const virsh = formatCommandLine(['virsh', '-q', '-c', plan.uri]);
	return [
		'#!/bin/sh',
		comment(`vsnap-tui: ${title}, planned ${plan.plannedAt} for ${plan.uri}`),
		comment('It does by hand what vsnap-tui does, in the same order. The definitions in it may hold passwords: keep it private.'),
		...plan.consequences.map(({severity, text}) => comment(`${severity}: ${text}`)),
		'set -u',
		'umask 077',
		'export LC_ALL=C',
		'reached=0',
		'',
		...(targetOf(plan).hypervisor === 'qemu' ? bareHeader(plan) : virshHeader(virsh)),
	];
}

/** Whether any domain of the host uses an image. */
function virshHeader(virsh: string): string[] {
	return [
		comment('Fails, and says where, if a domain (as it runs, at its next start, or in what one of its snapshots kept) names the image.'),
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
}

/** The whole script, newline at the end. */
export function formatShellScript(plan: Plan, options: ShellOptions): string {
	const commands = plan.steps.flatMap(step => [step.command, ...(step.undo ?? [])]);
	const files = [...new Set(commands.flatMap(command => command.files.map(file => file.path)))];
	const folders = [...new Set(files.map(path => path.slice(0, path.lastIndexOf('/'))))];
	const firstRemoval = plan.steps.findIndex(step => step.phase === 'remove');
	const lines = [
		...header(plan, options),
		...freshnessLines(plan),
		'',
		'put_back() {',
		'\techo "failed: putting everything back" >&2',
		...putBackLines(plan, options),
		`\trm -rf -- ${folders.map(folder => quoteForShell(folder)).join(' ')}`,
		'\texit 1',
		'}',
		'',
		comment('The XML that the commands below read.'),
		...(folders.length === 0 ? [] : [`mkdir -p -- ${folders.map(folder => quoteForShell(folder)).join(' ')} || exit 1`]),
		...writeFiles(commands, `END_${plan.id.replaceAll(/\W/gu, '_')}`),
	];
	// From a step that nobody can undo, the only way is forward: by hand, from where it stopped.
	const pointOfNoReturn = plan.steps.findIndex(step => step.undo === null);
	for (const [index, step] of plan.steps.entries()) {
		const isForwardOnly = pointOfNoReturn !== -1 && index >= pointOfNoReturn;
		const run = line(step.command, options);
		const silent = step.command.tool === 'qemu-img' && step.command.argv[1] === 'info' ? ' >/dev/null' : '';
		if (index === firstRemoval) {
			const wayOut = pointOfNoReturn !== -1 && pointOfNoReturn < index ? 'exit 4' : 'put_back';
			lines.push('', comment('The proof, before anything is removed.'), ...proofLines(plan, wayOut));
		}

		lines.push('', comment(`${index + 1}. ${step.phase}: ${step.title}`));
		const unless = step.command.onlyIf === undefined ? '' : `! { ${condition(step.command.onlyIf, plan, options)}; } || `;
		if (step.phase === 'remove' || isForwardOnly) {
			lines.push(step.guard === undefined ? `${unless}${run} || exit 4` : `{ ${guardLine(step.guard, plan, options)}; } && ${run} || exit 4`);
		} else {
			const mark = step.undo?.length === 0 ? [] : [`reached=${index + 1}`];
			lines.push(...(step.failsClean ? [] : mark), `${unless}${run}${silent} || put_back`, ...(step.failsClean ? mark : []));
		}
	}

	return `${[...lines, '', ...(folders.length === 0 ? [] : [`rm -rf -- ${folders.map(folder => quoteForShell(folder)).join(' ')}`]), 'echo done'].join('\n')}\n`;
}
