/**
A plan as a POSIX shell script that does the same by hand: the same commands in the same order, undone in reverse if one fails before anything was
removed.
*/
import {posix} from 'node:path';
import {formatWritten} from '../../model/text/format.ts';
import {closingSeconds, savedMagic} from '../../model/domain/memory-format.ts';
import {targetOf, type Command, type Guard, type Plan, type Probe} from '../../model/plan/plan.ts';
import {formatPlaced} from '../../model/plan/placed-command.ts';
import {formatCommand, formatInput} from '../../model/text/format-command.ts';
import {formatCommandLine, quoteForShell} from '../../model/text/shell-quote.ts';
import {hasHidden, makeVisible} from '../../model/text/visible-text.ts';
import {wordsOf} from '../hypervisor/choose.ts';
import {monitorLine} from './shell-qmp.ts';
import type {Words} from './words.ts';

type ShellOptions = {
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
		return monitorLine(command);
	}

	const plain = formatCommand(command);
	return ['virsh', 'seal', 'verify'].includes(command.tool) || options.remoteArgv === undefined
		? plain
		: `${formatInput(command)}${formatCommandLine([...options.remoteArgv, `umask 077; ${command.inputFrom === undefined ? '' : 'cat | '}${formatPlaced(command)}`])}`;
}

function memoryFits({path, images}: Extract<Probe, {kind: 'memory-fits'}>, onHost: (...argv: string[]) => string): string {
	const changedAt = (file: string) => `$(${onHost('stat', '-L', '-c', '%Y', '--', file)})`;
	const isWhole = `[ "$(${onHost('head', '-c', '16', '--', path)})" = ${savedMagic} ]`;
	return [isWhole, ...images.map(image => `[ "${changedAt(image)}" -le $((${changedAt(path)} + ${closingSeconds})) ]`)].join(' && ');
}

function condition(probe: Probe, words: Words, options: ShellOptions): string {
	const onHost = (...argv: string[]) => line({tool: 'file', argv, files: []}, options);
	const unless = (isNot: boolean, test: string) => isNot ? `! ${test}` : test;
	switch (probe.kind) {
		case 'file-exists':
		case 'file-missing': {
			return unless(probe.kind === 'file-missing', onHost('test', '-e', probe.path));
		}

		case 'file-empty': {
			return `${onHost('test', '-e', probe.path)} && ! ${onHost('test', '-s', probe.path)}`;
		}

		case 'memory-fits': {
			return memoryFits(probe, onHost);
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

		case 'same-content': {
			return onHost('cmp', '-s', '--', probe.path, probe.other);
		}

		case 'image-has-tag':
		case 'image-lacks-tag': {
			return unless(probe.kind === 'image-lacks-tag', listedInside(onHost('qemu-img', 'info', '-U', '--output=json', probe.path), probe.tag));
		}

		case 'image-has-good-bitmap':
		case 'image-has-bitmap':
		case 'image-lacks-bitmap': {
			return unless(probe.kind === 'image-lacks-bitmap', bitmapInside(onHost('qemu-img', 'info', '-U', '--output=json', '-f', 'qcow2', probe.path), probe));
		}

		case 'backed-by': {
			return `${onHost('qemu-img', 'info', '-U', '--output=json', '-f', 'qcow2', probe.path)} | grep -qF ${quoteForShell(`"full-backing-filename": ${JSON.stringify(probe.backing)}`)}`;
		}

		case 'reads-same': {
			return `${onHost('qemu-img', 'compare', '-U', '-q', '-f', 'qcow2', '-F', probe.otherFormat, probe.path, probe.other)}`;
		}

		case 'not': {
			return `! { ${condition(probe.of, words, options)}; }`;
		}

		case 'all': {
			return probe.of.map(part => `{ ${condition(part, words, options)}; }`).join(' && ');
		}

		case 'runs-on':
		case 'off-on': {
			const power = condition({kind: probe.kind === 'runs-on' ? 'domain-active' : 'domain-off', uuid: probe.uuid}, words, options);
			return `${power} && ${condition({...probe, kind: 'head-is'}, words, options)}`;
		}

		case 'image-unused': {
			return `${onHost('test', '-e', probe.path)} && ${guardLine({kind: 'unused-image', path: probe.path}, words, options)}`;
		}

		case 'never': {
			return 'false';
		}

		default: {
			return words.condition(probe);
		}
	}
}

/** Those that are complete have one flag, which stands before the name. */
function bitmapInside(info: string, {kind, bitmap}: {kind: string; bitmap: string}): string {
	return kind === 'image-has-good-bitmap'
		? `${info} | tr -s ' \\n' '  ' | grep -qF ${quoteForShell(`"flags": [ "auto" ], "name": ${JSON.stringify(bitmap)}`)}`
		: listedInside(`${info} | tr -d '\\n' | grep -o '"bitmaps": \\[.*'`, bitmap);
}

const listedInside = (info: string, name: string) => `${info} | grep -qF ${quoteForShell(`"name": ${JSON.stringify(name)}`)}`;

/** The undo of each step that has one, last first, each run only if the step was reached. */
function putBackLines(plan: Plan, words: Words, options: ShellOptions): string[] {
	return [...plan.steps.entries()].reverse().flatMap(([index, step]) => {
		const commands = (step.undo ?? []).map(command => {
			const run = line(command, options);
			return command.onlyIf === undefined ? `\t\t${run}` : `\t\tif ${condition(command.onlyIf, words, options)}; then ${run}; fi`;
		});
		return commands.length === 0 ? [] : [`\tif [ "$reached" -ge ${index + 1} ]; then`, ...commands, '\tfi'];
	});
}

function writeFiles(commands: Command[], delimiter: string): string[] {
	const written = new Map(commands.flatMap(command => command.files.map(file => [file.path, file.text])));
	return [...written].flatMap(([path, text]) => hasHidden(text.replaceAll(/[\n\t]/g, ''))
		? [`printf '%s' ${quoteForShell(text, {keepsTabs: true})} > ${quoteForShell(path)}`]
		: [`cat > ${quoteForShell(path)} <<'${delimiter}'`, text.endsWith('\n') ? text.slice(0, -1) : text, delimiter]);
}

/** Prints what qemu-img says of every image in the folder. */
function imagesBeside(path: string, options: ShellOptions): string {
	const loop = `for image in ${quoteForShell(posix.dirname(path))}/*; do test -f "$image" && qemu-img info -U --output=json "$image" 2>/dev/null; done`;
	return options.remoteArgv === undefined ? loop : formatCommandLine([...options.remoteArgv, loop]);
}

function guardLine(guard: Guard, words: Words, options: ShellOptions): string {
	const backingLine = `"full-backing-filename": ${JSON.stringify(guard.path)}`;
	// A device node is never removed.
	return `${line({tool: 'file', argv: ['test', '-f', guard.path], files: []}, options)} && ${words.unused(guard.path)} && ! { ${imagesBeside(guard.path, options)}; } | grep -F -- ${quoteForShell(backingLine)}`;
}

function header(plan: Plan, words: Words, {title}: ShellOptions): string[] {
	return [
		'#!/bin/sh',
		comment(`vsnap-tui: ${title}, planned ${formatWritten(plan.plannedAt)} for ${plan.uri}`),
		comment('It does what vsnap-tui does, in the same order. The definitions in it may hold passwords: keep it private.'),
		...plan.consequences.map(({severity, text}) => comment(`${severity}: ${text}`)),
		'set -u',
		'umask 077',
		'export LC_ALL=C',
		'reached=0',
		'',
		...words.functions,
	];
}

/** The sockets of programs of our own. */
const monitorsOf = (commands: readonly Command[], plan: Plan) => commands.flatMap(command => command.tool === 'qmp' && command.socketPath !== targetOf(plan).socketPath ? [command.socketPath] : []);

/** The whole script, newline at the end. */
export function formatShellScript(plan: Plan, options: ShellOptions): string {
	const commands = plan.steps.flatMap(step => [step.command, ...(step.undo ?? [])]);
	const files = [...new Set(commands.flatMap(command => command.files.map(file => file.path)))];
	// At the other end of ssh a step makes the folder.
	const sockets = options.remoteArgv === undefined ? monitorsOf(commands, plan) : [];
	const folders = [...new Set([...files, ...sockets].map(path => path.slice(0, path.lastIndexOf('/'))))];
	const firstRemoval = plan.steps.findIndex(step => step.phase === 'remove');
	const words = wordsOf(plan, options.remoteArgv);
	const lines = [
		...header(plan, words, options),
		'',
		comment('The host must still be as it was when this was planned.'),
		'changed() { echo "the host changed since this was planned: $1" >&2; exit 7; }',
		...words.freshness,
		'',
		'put_back() {',
		'\techo "failed: putting everything back" >&2',
		...putBackLines(plan, words, options),
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
			lines.push('', comment('The proof, before anything is removed.'), ...words.proof(wayOut));
		}

		lines.push('', comment(`${index + 1}. ${step.phase}: ${step.title}`));
		const unless = step.command.onlyIf === undefined ? '' : `! { ${condition(step.command.onlyIf, words, options)}; } || `;
		if (step.phase === 'remove' || isForwardOnly) {
			lines.push(step.guard === undefined ? `${unless}${run} || exit 4` : `{ ${guardLine(step.guard, words, options)}; } && ${run} || exit 4`);
		} else {
			const mark = step.undo?.length === 0 ? [] : [`reached=${index + 1}`];
			lines.push(...(step.failureChangesNothing ? [] : mark), `${unless}${run}${silent} || put_back`, ...(step.failureChangesNothing ? mark : []));
		}
	}

	return `${[...lines, '', ...(folders.length === 0 ? [] : [`rm -rf -- ${folders.map(folder => quoteForShell(folder)).join(' ')}`]), 'echo done'].join('\n')}\n`;
}
