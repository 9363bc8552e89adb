/**
What stands below the lists: the selection in few lines, facts side by side. All of it is on a screen of its own (details.ts).
*/
import {imageHolders} from '../../../app/browse/image-holders.ts';
import {rowFacts} from '../../../app/browse/row-facts.ts';
import {selectedDetails, selectedDomain, selectedNode} from '../../../app/browse/rows.ts';
import type {State} from '../../../app/state.ts';
import {headDisks} from '../../../model/domain/domain.ts';
import type {DomainDetails} from '../../../model/domain/inventory.ts';
import {frozenPath, type Snapshot} from '../../../model/domain/snapshot.ts';
import {stateWord} from '../../../model/domain/state-word.ts';
import {usedBytes, type Image} from '../../../model/images/image.ts';
import {isInNetwork, shortName} from '../../../model/qemu/network-image.ts';
import {widthOf} from '../../../model/text/cells.ts';
import {formatBriefAge, formatDay, formatShortBytes} from '../../../model/text/format.ts';
import {
	fitLine, line, paragraph, type Line,
} from '../../parts/line.tsx';
import {cutMiddle, showSafely} from '../../text.ts';
import type {Theme} from '../../theme.ts';
import {detailsOf} from '../details.ts';
import {stateOfSnapshot} from '../words.ts';
import {verdictsOf} from './forecast.ts';

type Style = {columns: number; theme: Theme};

/** From this width of the terminal on the files of the selection stand beside it. */
export const wideScreen = 100;

export const fileOf = (path: string): string => isInNetwork(path) ? shortName(path) : path.slice(path.lastIndexOf('/') + 1);

/** As many beside each other as fit, each as wide as the widest. */
function sideBySide(texts: string[], {columns, theme}: Style): Line[] {
	const safe = texts.map(text => showSafely(text, theme.isAscii));
	const widest = Math.max(...safe.map(text => widthOf(text)), 1) + 3;
	const perLine = Math.max(1, Math.floor((columns - 1) / widest));
	return Array.from({length: Math.ceil(safe.length / perLine)}, (_, index) =>
		line(` ${safe.slice(index * perLine, (index + 1) * perLine).map(text => text + ' '.repeat(widest - widthOf(text))).join('').trimEnd()}`));
}

/** One after the other, none of them broken over two lines. */
function inOneGo(texts: string[], {columns}: Style): Line[] {
	const lines: string[] = [];
	for (const text of texts) {
		const last = lines.at(-1);
		if (last !== undefined && widthOf(last) + widthOf(text) + 3 < columns) {
			lines[lines.length - 1] = `${last}   ${text}`;
		} else {
			lines.push(` ${text}`);
		}
	}

	return lines.map(text => line(text));
}

function withAge(seconds: number, nowMs: number): string {
	return `${formatDay(seconds)} (${formatBriefAge(seconds, Math.floor(nowMs / 1000))})`;
}

function fileText(target: string, path: string | undefined, bytes: number | undefined): string {
	return `${target}  ${bytes === undefined ? '' : `${formatShortBytes(bytes)}  `}${path === undefined ? 'an image that its record does not name' : fileOf(path)}`;
}

function snapshotSummary(snapshot: Snapshot, state: State, style: Style): Line[] {
	const details = selectedDetails(state)!;
	const facts = rowFacts(details);
	const children = details.snapshots.filter(({parent}) => parent === snapshot.name).length;
	const sizes = facts.sizesOf(snapshot);
	const files = snapshot.disks.map(disk => disk.mode === 'external'
		? fileText(disk.target, frozenPath(snapshot, disk.target), sizes.get(disk.target))
		: `${disk.target}  ${disk.mode === 'internal' ? 'inside its image' : 'left out'}`);
	const memory = snapshot.memory.mode === 'external' ? [`memory  ${fileOf(snapshot.memory.path)}`] : [];
	const verdicts = verdictsOf(state);
	const short = verdicts.filter(({words}) => words.length < style.columns / 2 - 12);
	const long = verdicts.filter(verdict => !short.includes(verdict));
	return [
		...(snapshot.description ? paragraph(snapshot.description, {...style, columns: style.columns - 1, tone: 'strong', lead: {text: ' '}}).slice(0, 2) : []),
		...inOneGo([withAge(snapshot.createdAt, state.nowMs).padEnd(30), stateOfSnapshot(snapshot), snapshot.parent === undefined ? 'a root' : `on ${snapshot.parent}`, ...(children > 1 ? [`${children} children`] : [])], style),
		...(style.columns < wideScreen && state.columns >= wideScreen ? [] : sideBySide([...files, ...memory], style)),
		...(short.length === 0 ? [] : [short.flatMap(({verb, words, tone}, index) => [{text: `${index === 0 ? ' ' : '      '}${verb}: `, tone: 'dim' as const}, {text: words, tone}])]),
		...long.flatMap(({verb, words, tone, isMinor}) => isMinor
			? [[{text: ` ${verb}: `, tone: 'dim' as const}, {text: words, tone: 'dim' as const}]]
			: paragraph(words, {...style, columns: style.columns - 1, tone, lead: {text: ` ${verb}: `, tone: 'dim'}})),
	];
}

function nowSummary(details: DomainDetails, state: State, style: Style): Line[] {
	const {domain, currentSnapshot} = details;
	const facts = rowFacts(details);
	const disks = headDisks(domain).filter(({sourcePath}) => sourcePath !== undefined);
	const found = state.health.found[domain.uuid]?.filter(({severity}) => severity !== 'info') ?? [];
	return [
		...inOneGo([stateWord(domain.state), currentSnapshot === undefined ? 'no snapshot below' : `on ${currentSnapshot}`, ...(domain.isPersistent ? [] : ['transient: libvirt forgets it when it stops'])], style),
		...(domain.hasManagedSave ? [line(' managed save: its memory belongs to the current disks', 'warning')] : []),
		...sideBySide(disks.map(disk => fileText(disk.target, disk.sourcePath, facts.heads.get(disk.target))), style),
		...found.flatMap(({text, severity}) => paragraph(text, {...style, columns: style.columns - 1, tone: severity === 'problem' ? 'loss' : 'warning', lead: {text: ` ${style.theme.glyphs[severity === 'problem' ? 'loss' : 'lookAt']} `}})),
	];
}

/** The name of what is selected: it stands in the line above. */
export function summaryTitle(state: State): string {
	const domain = selectedDomain(state);
	const details = selectedDetails(state);
	const node = state.pane === 'tree' ? selectedNode(state) : undefined;
	if (details === undefined) {
		return domain === undefined ? '' : `${domain.name} now`;
	}

	return node === undefined || node.kind === 'head' ? `${details.domain.name} now` : (node.kind === 'snapshot' ? node.snapshot.name : '');
}

/** Where there is a short form, that; else the details. */
export function summaryOf(state: State, style: Style): Line[] {
	const details = selectedDetails(state);
	const node = state.pane === 'tree' ? selectedNode(state) : undefined;
	const isFailed = state.allDetails[state.domainCursor.id ?? '']?.failure !== undefined;
	if (details === undefined || isFailed) {
		// Mostly it is there in a moment: what would be written and erased again is not written.
		const {waiting} = state.allDetails[state.domainCursor.id ?? ''] ?? {};
		return !isFailed && (waiting === undefined || state.nowMs - waiting.sinceMs < 1000) ? [] : detailsOf(state, style);
	}

	if (node === undefined || node.kind === 'head') {
		return nowSummary(details, state, style);
	}

	return node.kind === 'snapshot' ? snapshotSummary(node.snapshot, state, style) : detailsOf(state, style);
}

/** The files of what is selected, with heads: what each holds, how much it takes, and what it is backed by. Below each image its overlays. */
export function fileTable(state: State, style: Style): Line[] {
	const details = selectedDetails(state);
	const node = state.pane === 'tree' ? selectedNode(state) : undefined;
	if (details === undefined || (node !== undefined && node.kind !== 'head' && node.kind !== 'snapshot')) {
		return [];
	}

	const {columns, theme} = style;
	const holders = imageHolders(details);
	const byPath = new Map(details.images.map(image => [image.path, image]));
	const nameColumns = Math.floor((columns - 9) * 0.4);
	const holdsColumns = Math.floor((columns - 9) * 0.3);
	const row = (lead: string, image: Image, tone?: 'dim'): Line => {
		const name = cutMiddle(fileOf(image.path), nameColumns - lead.length, theme.glyphs.ellipsis);
		const bytes = usedBytes(image);
		return [
			...fitLine([{text: ` ${lead}${name}`, tone}], nameColumns + 1, theme),
			...fitLine([{text: ` ${(holders.get(image.path) ?? []).map(({label}) => label).join(', ')}`, tone: 'dim'}], holdsColumns, theme),
			{text: ` ${(bytes === undefined ? '' : formatShortBytes(bytes)).padStart(6)}`},
			{text: `  ${image.backingPath === undefined ? (bytes === undefined ? '' : 'none (base)') : cutMiddle(fileOf(image.backingPath), Math.max(8, columns - nameColumns - holdsColumns - 11), theme.glyphs.ellipsis)}`, tone: 'dim'},
		];
	};

	const disks = node?.kind === 'snapshot'
		? node.snapshot.disks.map(({target, mode}) => ({target, path: mode === 'external' ? frozenPath(node.snapshot, target) : undefined}))
		: headDisks(details.domain).map(({target, sourcePath}) => ({target, path: sourcePath}));
	const rows = disks.flatMap(({target, path}) => {
		const image = byPath.get(path ?? '');
		return image === undefined
			? []
			: [
				row(`${target} `, image),
				...details.images.filter(({backingPath}) => backingPath === image.path).map(overlay => row(`  ${theme.glyphs.lastBranch.slice(0, 1)} `, overlay, 'dim')),
			];
	});
	return rows.length === 0
		? []
		: [
			[...fitLine([{text: ' file', tone: 'dim'}], nameColumns + 1, theme), ...fitLine([{text: ' holds', tone: 'dim'}], holdsColumns, theme), {text: '   used  backed by', tone: 'dim'}],
			...rows,
		];
}

/** As many lines as there is room for; where that is not all, the last says how many more there are. */
export function cutLines(lines: Line[], rows: number): Line[] {
	return lines.length <= rows ? lines : [...lines.slice(0, rows - 1), [{text: ` ${lines.length - rows + 1} more: `, tone: 'dim'}, {text: 'i', tone: 'accent'}]];
}
