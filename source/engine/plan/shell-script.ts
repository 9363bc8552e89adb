/**
A plan as a POSIX shell script that does the same by hand: the same commands in the same order, undone in reverse if one fails before anything was
removed.
*/
import type {Command, Guard, Plan, Probe, Step} from '../../model/plan.ts';
import {formatCommandLine, quoteForShell} from '../../model/shell-quote.ts';

export type ShellOptions = {
	/** What stands before commands that run where the images are, when that is another machine: `ssh … host`. */
	remoteArgv: string[] | undefined;
};

function comment(text: string): string {
	return `# ${text.replaceAll(/\p{Cc}/gu, '?')}`;
}

function line(command: Pick<Command, 'tool' | 'argv'>, options: ShellOptions): string {
	const plain = formatCommandLine(command.argv);
	return command.tool === 'virsh' || options.remoteArgv === undefined
		? plain
		: formatCommandLine([...options.remoteArgv, `umask 077; ${plain}`]);
}

function condition(probe: Probe, plan: Plan, options: ShellOptions): string {
	const onHost = (...argv: string[]) => line({tool: 'file', argv}, options);
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

		case 'domain-off': {
			return `[ "$(${virsh('domstate', '--domain', probe.uuid)})" = 'shut off' ]`;
		}

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

		case 'image-has-tag': {
			return `${onHost('qemu-img', 'info', '-U', '--output=json', probe.path)} | grep -qF ${quoteForShell(`"name": ${JSON.stringify(probe.tag)}`)}`;
		}

		case 'never': {
			return 'false';
		}

		default: {
			return probe satisfies never;
		}
	}
}

function undoFunction(step: Step, index: number, given: {plan: Plan; options: ShellOptions}): string[] {
	const body = (step.undo ?? []).map(command => {
		const run = line(command, given.options);
		return command.onlyIf === undefined ? `\t${run}` : `\tif ${condition(command.onlyIf, given.plan, given.options)}; then ${run}; fi`;
	});
	return [`undo_${index}() {`, ...(body.length === 0 ? ['\t:'] : body), '}'];
}

function writeFiles(commands: Command[], delimiter: string): string[] {
	const written = new Map(commands.flatMap(command => command.files.map(file => [file.path, file.text])));
	return [...written].flatMap(([path, text]) => [`cat > ${quoteForShell(path)} <<'${delimiter}'`, text.endsWith('\n') ? text.slice(0, -1) : text, delimiter]);
}

/** An image's path as it stands in virsh's XML (attributes in single quotes). */
function inXml(path: string): string {
	return path.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\'', '&apos;').replaceAll('"', '&quot;');
}

function guardLine(guard: Guard): string {
	return `unused ${formatCommandLine([guard.path, `"full-backing-filename": ${JSON.stringify(guard.path)}`, `file='${inXml(guard.path)}'`])}`;
}

function header(plan: Plan, options: ShellOptions): string[] {
	const onHost = (argv: string) => options.remoteArgv === undefined ? argv : `${formatCommandLine(options.remoteArgv)} "${argv.replaceAll('"', String.raw`\"`)}"`;
	const virsh = formatCommandLine(['virsh', '-q', '-c', plan.uri]);
	return [
		'#!/bin/sh',
		comment(`vsnap-tui: ${plan.action.kind} of ${plan.action.domain.name} to ${plan.action.snapshot}, planned ${plan.plannedAt} for ${plan.uri}`),
		comment('It does by hand what vsnap-tui does, in the same order. The definitions in it may hold passwords: keep it private.'),
		...plan.consequences.map(({severity, text}) => comment(`${severity}: ${text}`)),
		'set -u',
		'umask 077',
		'export LC_ALL=C',
		'reached=0',
		'',
		comment('Fails if the domain list or an image beside it still names the image.'),
		'unused() {',
		`\tfor domain in $(${virsh} list --all --uuid); do`,
		`\t\tif ${virsh} dumpxml --domain "$domain" --inactive | grep -qF -- "$3"; then echo "still used by $domain: $1" >&2; return 1; fi`,
		'\tdone',
		'\tfolder=$(dirname -- "$1")',
		`\t${onHost('for image in \'FOLDER\'/*; do test -f "$image" && qemu-img info -U --output=json "$image" 2>/dev/null; done').replace('\'FOLDER\'', options.remoteArgv === undefined ? '"$folder"' : '\'$folder\'').replaceAll('"$image"', options.remoteArgv === undefined ? '"$image"' : String.raw`\$image`)} | grep -qF -- "$2" && { echo "another image stands on it: $1" >&2; return 1; }`,
		'\treturn 0',
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
		...plan.steps.flatMap((step, index) => undoFunction(step, index + 1, {plan, options})),
		'',
		'put_back() {',
		'\techo "failed: putting everything back" >&2',
		'\twhile [ "$reached" -gt 0 ]; do "undo_$reached"; reached=$((reached - 1)); done',
		`\trm -rf -- ${folders.map(folder => quoteForShell(folder)).join(' ')}`,
		'\texit 1',
		'}',
		'',
		comment('The XML that the commands below read.'),
		...(folders.length === 0 ? [] : [`mkdir -p -- ${folders.map(folder => quoteForShell(folder)).join(' ')} || exit 1`]),
		...writeFiles(commands, `END_${plan.id.replaceAll(/\W/gu, '_')}`),
	];
	for (const [index, step] of plan.steps.entries()) {
		const run = line(step.command, options);
		const silent = step.command.tool === 'qemu-img' && step.command.argv[1] === 'info' ? ' >/dev/null' : '';
		lines.push('', comment(`${index + 1}. ${step.phase}: ${step.title}`));
		if (firstRemoval !== -1 && index >= firstRemoval) {
			lines.push(step.guard === undefined ? `${run} || exit 4` : `${guardLine(step.guard)} && ${run} || exit 4`);
		} else {
			lines.push(
				...(step.failsClean ? [] : [`reached=${index + 1}`]),
				`${run}${silent} || put_back`,
				`reached=${index + 1}`,
			);
		}
	}

	return `${[...lines, '', ...(folders.length === 0 ? [] : [`rm -rf -- ${folders.map(folder => quoteForShell(folder)).join(' ')}`]), 'echo done'].join('\n')}\n`;
}
