/**
Several hosts, each with how it is, in a line.
*/
import {describeHost, shortName} from '../../../app/hosts/host-line.ts';
import type {State} from '../../../app/state.ts';
import {widthOf} from '../../../model/text/cells.ts';
import {fitLine, type Line} from '../../parts/line.tsx';
import {showSafely} from '../../text.ts';
import type {Theme} from '../../theme.ts';

/** Empty where there is one alone. */
export function hostLines({hosts: {all, own}}: State, {columns, theme}: {columns: number; theme: Theme}): Line[] {
	const names = all.map(({name}) => showSafely(shortName(name, all), theme.isAscii));
	const widest = Math.max(0, ...names.map(name => widthOf(name)));
	return all.length < 2
		? []
		: all.map((host, index) => fitLine([
			{text: index === own ? ` ${theme.glyphs.host} ` : '   ', tone: 'accent'},
			{text: `${names[index]!}${' '.repeat(widest - widthOf(names[index]!) + 2)}`, tone: index === own ? 'strong' : 'dim'},
			{text: showSafely(describeHost(host), theme.isAscii), tone: host.state === 'silent' ? 'loss' : 'dim'},
		], columns, theme));
}
