/**
What every screen has: the title with the host on the first line, a notice or nothing on the last but one, the keys on the last. The page of a plan fills all but the last by itself.
*/
import {Box} from 'ink';
import type {ReactNode} from 'react';
import {
	bindings, contextsOf, isUseful, type Command, type KeyContext,
} from '../../app/keys.ts';
import {healthOfHost} from '../../app/doctor/health.ts';
import type {CommandLine, State} from '../../app/state.ts';
import {formatVersion} from '../../model/text/format.ts';
import {widthOf} from '../../model/text/cells.ts';
import {useTheme, type Theme} from '../theme.ts';
import {showKeys} from '../content/help.ts';
import {lastEndedLine} from '../content/run/jobs.ts';
import {pageOf} from '../content/page.ts';
import {formatSeconds, hostHealthWords} from '../content/words.ts';
import {findPieces} from './found.ts';
import {LineView, textOf, type Line} from './line.tsx';

function hostWords(state: State): string {
	const host = state.host.value;
	if (host === undefined) {
		return '';
	}

	const software = {
		demo: 'a simulated host',
		libvirt: `libvirt ${formatVersion(host.libvirtVersion)}`,
		qemu: `QEMU without libvirt${host.hypervisorVersion === 0 ? '' : ` ${formatVersion(host.hypervisorVersion)}`}`,
	}[host.hypervisor];
	return `${host.uri}  ${host.hostname}  ${software}`;
}

/** What is wrong with the domains, and the key that shows it: on every screen, but only where they are looked at. */
function healthPieces(state: State, theme: Theme): Line {
	if (state.domains.value === undefined || (!state.health.isOn && state.left.length === 0)) {
		return [];
	}

	const health = healthOfHost(state);
	const isPressing = health.needing > 0;
	const isWell = !isPressing && health.toLookAt === 0;
	const wellSign = health.isWhole ? theme.glyphs.done : '';
	const sign = isPressing ? theme.glyphs.warning : (isWell ? wellSign : theme.glyphs.lookAt);
	return [
		{text: `${sign} ${hostHealthWords(health)}`, tone: isPressing ? 'loss' : (isWell ? 'dim' : 'warning')},
		...(isWell || state.scene.kind !== 'browse' ? [] : [{text: ': '}, {text: 'D', tone: 'accent' as const}]),
		{text: ' '},
	];
}

function titleRight(state: State, theme: Theme): Line {
	const waited = state.domains.waiting === undefined ? 0 : state.nowMs - state.domains.waiting.sinceMs;
	return [
		...(waited >= 1000 && state.domains.value !== undefined ? [{text: `asking the host, ${formatSeconds(waited)}  `, tone: 'warning' as const}] : []),
		...(state.isReadOnly ? [{text: 'read-only ', tone: 'warning' as const}] : []),
		...healthPieces(state, theme),
	];
}

/** The keys that work here, as many as fit, those that matter most first to stay. */
function keyLine(contexts: readonly KeyContext[], given: {columns: number; theme: Theme; isUseful: (command: Command) => boolean}): Line {
	const {columns, theme} = given;
	const [first = [], ...others] = contexts.map(context => bindings.filter(binding => binding.contexts.includes(context)));
	// A key that means something else while a search lasts stands there with that alone.
	const behind = others.flat().filter(({shown}) => first.every(binding => binding.shown !== shown));
	const candidates = [...first, ...behind].filter(({short, command}) => short !== undefined && given.isUseful(command));
	const shown = candidates.map(binding => ({binding, keys: showKeys(binding.shown, theme)}));
	const widthOfAll = () => shown.reduce((sum, {binding, keys}) => sum + widthOf(keys) + widthOf(binding.short!) + 3, 0);
	while (shown.length > 1 && widthOfAll() > columns) {
		const least = Math.max(...shown.map(({binding}) => binding.rank ?? 9));
		shown.splice(shown.findLastIndex(({binding}) => (binding.rank ?? 9) === least), 1);
	}

	return shown.flatMap(({binding, keys}): Line => [{text: ` ${keys}`, tone: 'accent'}, {text: ` ${binding.short!} `, tone: 'dim'}]);
}

/** A line that is being typed, at the left of the keys. */
function commandPieces({text}: CommandLine, {glyphs}: Theme, columns: number): Line {
	const room = columns - 6;
	const shown = widthOf(text) > room ? glyphs.ellipsis + [...text].slice(-(room - 1)).join('') : text;
	return [{text: ' :', tone: 'accent'}, {text: shown}, {text: `${glyphs.cursor} `, tone: 'accent'}];
}

/** Above it: what is wrong with it, or what its last word may become. */
function besideCommand({problem, cycle}: CommandLine): Line {
	return problem === undefined
		? (cycle?.candidates ?? []).flatMap((word, index): Line => [{text: ' '}, {text: word, tone: index === cycle?.index ? 'accent' : 'dim'}])
		: [{text: ` ${problem}`, tone: 'warning'}];
}

function lastButOne(state: State, theme: Theme): {pieces: Line; right?: Line} {
	const {commandLine, notice} = state;
	if (commandLine !== undefined) {
		return {pieces: besideCommand(commandLine)};
	}

	return notice === undefined ? lastEndedLine(state, theme) : {pieces: [{text: ` ${notice}`, tone: 'warning'}]};
}

export function Frame({state, children}: {readonly state: State; readonly children: ReactNode}) {
	const theme = useTheme();
	const {columns, rows} = state;
	const page = pageOf(state, theme);
	const canScroll = page !== undefined && page.lines.length > page.rows;
	const found = state.commandLine === undefined ? findPieces(state, theme) : commandPieces(state.commandLine, theme, columns);
	const isBare = state.scene.kind === 'journey';
	return (
		<Box flexDirection='column' width={columns} height={rows}>
			{isBare ? null : <LineView pieces={[{text: ' vsnap-tui', tone: 'strong'}, {text: `  ${hostWords(state)}`, tone: 'dim'}]} columns={columns} right={titleRight(state, theme)}/>}
			{children}
			{isBare ? null : <LineView {...lastButOne(state, theme)} columns={columns}/>}
			<LineView pieces={[...found, ...keyLine(contextsOf(state), {columns: columns - widthOf(textOf(found)), theme, isUseful: command => isUseful(state, command, canScroll)})]} columns={columns}/>
		</Box>
	);
}
