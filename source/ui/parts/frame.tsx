/**
What every screen has: the title with the host on the first line, a notice or nothing on the last but one, the keys on the last.
*/
import {Box} from 'ink';
import type {ReactNode} from 'react';
import {
	bindings, contextOf, isUseful, type Command, type KeyContext,
} from '../../app/keys.ts';
import type {State} from '../../app/state.ts';
import {widthOf} from '../../model/text/cells.ts';
import {useTheme, type Theme} from '../theme.ts';
import {showKeys} from '../content/help.ts';
import {pageOf} from '../content/page.ts';
import {formatSeconds} from '../content/words.ts';
import {LineView, type Line} from './line.tsx';

/** 9000000 → "9.0.0". */
function formatVersion(version: number): string {
	return `${Math.floor(version / 1_000_000)}.${Math.floor(version / 1000) % 1000}.${version % 1000}`;
}

function hostWords(state: State): string {
	const host = state.host.value;
	if (host === undefined) {
		return '';
	}

	const software = {
		demo: 'a simulation',
		libvirt: `libvirt ${formatVersion(host.libvirtVersion)}`,
		qemu: `QEMU without libvirt${host.hypervisorVersion === 0 ? '' : `, ${formatVersion(host.hypervisorVersion)}`}`,
	}[host.hypervisor];
	return `${host.uri} on ${host.hostname}, ${software}`;
}

function titleRight(state: State): Line {
	const waited = state.domains.waiting === undefined ? 0 : state.nowMs - state.domains.waiting.sinceMs;
	return [
		...(waited >= 1000 && state.domains.value !== undefined ? [{text: `asking the host, ${formatSeconds(waited)}  `, tone: 'warning' as const}] : []),
		...(state.isReadOnly ? [{text: 'read-only ', tone: 'warning' as const}] : []),
	];
}

/** The keys that work here, as many as fit, those that matter most first to stay. */
function keyLine(context: KeyContext, given: {columns: number; theme: Theme; isUseful: (command: Command) => boolean}): Line {
	const {columns, theme} = given;
	const candidates = bindings.filter(binding => binding.contexts.includes(context) && binding.short !== undefined && given.isUseful(binding.command));
	const shown = candidates.map(binding => ({binding, keys: showKeys(binding.shown, theme)}));
	const widthOfAll = () => shown.reduce((sum, {binding, keys}) => sum + widthOf(keys) + widthOf(binding.short!) + 3, 0);
	while (shown.length > 1 && widthOfAll() > columns) {
		const least = Math.max(...shown.map(({binding}) => binding.rank ?? 9));
		shown.splice(shown.findLastIndex(({binding}) => (binding.rank ?? 9) === least), 1);
	}

	return shown.flatMap(({binding, keys}): Line => [{text: ` ${keys}`, tone: 'accent'}, {text: ` ${binding.short!} `, tone: 'dim'}]);
}

export function Frame({state, children}: {readonly state: State; readonly children: ReactNode}) {
	const theme = useTheme();
	const {columns, rows, notice} = state;
	const page = pageOf(state, theme);
	const canScroll = page !== undefined && page.lines.length > page.rows;
	return (
		<Box flexDirection='column' width={columns} height={rows}>
			<LineView pieces={[{text: ' vsnap-tui', tone: 'strong'}, {text: `  ${hostWords(state)}`, tone: 'dim'}]} columns={columns} right={titleRight(state)}/>
			{children}
			<LineView pieces={notice === undefined ? [] : [{text: ` ${notice}`, tone: 'warning'}]} columns={columns}/>
			<LineView pieces={keyLine(contextOf(state), {columns, theme, isUseful: command => isUseful(state, command, canScroll)})} columns={columns}/>
		</Box>
	);
}
