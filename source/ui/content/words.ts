/**
Words and signs for states, used wherever a domain or a snapshot is shown.
*/
import {titleOfAction} from '../../actions/registry.ts';
import type {HealthMark, healthOfHost} from '../../app/doctor/health.ts';
import type {BitmapHealth} from '../../model/domain/checkpoint-health.ts';
import type {DomainState} from '../../model/domain/domain.ts';
import {stateWord} from '../../model/domain/state-word.ts';
import {isDenied, type ImageProblem} from '../../model/images/image.ts';
import type {Plan} from '../../model/plan/plan.ts';
import {listNames} from '../../model/text/list-names.ts';
import {conditionOf, type Condition, type Snapshot} from '../../model/domain/snapshot.ts';
import type {Piece} from '../parts/line.tsx';
import type {Theme, Tone} from '../theme.ts';

const stateSigns: Record<DomainState, {tone: Tone; glyph: 'running' | 'paused' | 'off' | 'crashed'}> = {
	running: {tone: 'good', glyph: 'running'},
	blocked: {tone: 'good', glyph: 'running'},
	paused: {tone: 'warning', glyph: 'paused'},
	pmsuspended: {tone: 'warning', glyph: 'paused'},
	shutdown: {tone: 'warning', glyph: 'paused'},
	shutoff: {tone: 'dim', glyph: 'off'},
	crashed: {tone: 'loss', glyph: 'crashed'},
	nostate: {tone: 'warning', glyph: 'crashed'},
};

/** In the list, beside the sign: so short that names have room. */
const shortWords: Partial<Record<DomainState, string>> = {running: 'run', blocked: 'run', crashed: 'crash', shutdown: 'stops', nostate: '?'};

export function statePiece(state: DomainState): Piece {
	const {tone} = stateSigns[state];
	// The sign has the colour of what is as it should be.
	return {text: (shortWords[state] ?? stateWord(state)).padEnd(6), tone: tone === 'good' ? undefined : tone};
}

/** One sign and, where nothing is drawn, a few words. */
export const healthMarks: Record<HealthMark, {glyph: 'loss' | 'lookAt' | 'job' | 'warning'; tone: Tone; words: string}> = {
	interrupted: {glyph: 'warning', tone: 'warning', words: 'interrupted action'},
	job: {glyph: 'job', tone: 'accent', words: 'a job is running'},
	broken: {glyph: 'loss', tone: 'loss', words: 'broken'},
	'look-at': {glyph: 'lookAt', tone: 'warning', words: 'worth a look'},
};

/** How it stands with the domains of the host; empty: they are not looked at. */
export function hostHealthWords({needing, toLookAt, isWhole}: ReturnType<typeof healthOfHost>): string {
	if (needing > 0) {
		return `${needing} ${needing === 1 ? 'domain needs' : 'domains need'} you`;
	}

	return toLookAt > 0 ? `${toLookAt} worth a look` : (isWhole ? 'no problems found' : 'checking');
}

export function stateGlyph(state: DomainState, theme: Theme): Piece {
	return {text: theme.glyphs[stateSigns[state].glyph], tone: stateSigns[state].tone};
}

/** Whether a backup can build on a checkpoint. The glyph is the same as the word, for a narrow screen. */
export const healthTones: Record<BitmapHealth, Tone> = {
	good: 'good', broken: 'loss', missing: 'loss', unknown: 'warning',
};

export const healthGlyphs: Record<BitmapHealth, 'done' | 'loss' | 'warning'> = {
	good: 'done', broken: 'loss', missing: 'loss', unknown: 'warning',
};

/** In the tree, after what is kept. With memory that is said there. */
const conditionSigns: Record<Condition, string> = {
	off: ', off', 'crash-consistent': ', crash', frozen: ', frozen', memory: '', unknown: '',
};

/** What a snapshot holds, and how good that state is, in a word or two. */
export function kindOfSnapshot(snapshot: Snapshot): string {
	const modes = new Set(snapshot.disks.map(disk => disk.mode).filter(mode => mode !== 'no' && mode !== 'manual'));
	const hasMemory = snapshot.memory.mode !== 'no';
	if (modes.size === 0) {
		return hasMemory ? 'memory' : 'nothing';
	}

	const sign = conditionSigns[conditionOf(snapshot)];
	if (modes.size === 1 && modes.has('internal')) {
		return hasMemory ? 'internal+mem' : `internal${sign}`;
	}

	return `${modes.size > 1 ? 'mixed' : 'disks'}${hasMemory ? '+memory' : sign}`;
}

/** The same for a narrow column: what is kept, not how good it is. */
export function shortKindOfSnapshot(snapshot: Snapshot): string {
	const [kind] = kindOfSnapshot(snapshot).split(',') as [string];
	return {disks: 'disk', 'disks+memory': 'disk+m', internal: 'int', 'internal+mem': 'int+m', 'mixed+memory': 'mix+m', mixed: 'mix', nothing: 'none'}[kind] ?? kind;
}

/** How good the state is that a snapshot keeps. */
export function stateOfSnapshot(snapshot: Snapshot): string {
	const words: Record<Condition, string> = {
		off: 'taken while it was off',
		'crash-consistent': 'crash-consistent, no memory',
		frozen: 'file systems frozen, no memory',
		memory: `with memory, taken while it ${snapshot.state === 'paused' ? 'was paused' : 'ran'}`,
		unknown: `taken in the state "${snapshot.state}", no memory`,
	};
	return words[conditionOf(snapshot)];
}

/** What a snapshot holds, and how good that state is, to be read aloud: no abbreviations. */
export function spokenKindOf(snapshot: Snapshot): string {
	const [kind] = kindOfSnapshot(snapshot).split(/[,+]/);
	const what = {internal: 'inside the images', mixed: 'disks, some of them inside their images', memory: 'memory alone'}[kind!] ?? kind!;
	return kind === 'memory' || kind === 'nothing' ? what : `${what}, ${stateOfSnapshot(snapshot)}`;
}

/** A lock on the head of a running domain is as it should be, and a file that this user may not open is no fault of the file: both are said, and are no problem. */
export function isTrouble(problem: ImageProblem): boolean {
	return problem.kind !== 'locked' && !isDenied(problem);
}

/** "4 s", "2 min 5 s": how long something has been waited for. */
export function formatSeconds(durationMs: number): string {
	const seconds = Math.max(0, Math.floor(durationMs / 1000));
	return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Domains of one action. */
export const mostInTitle = 3;

/** Of one action on several domains. */
export function titleOfPlans(plans: readonly Plan[]): string {
	const {action} = plans[0]!;
	return titleOfAction({...action, domain: {...action.domain, name: listNames(plans.map(plan => plan.action.domain.name), mostInTitle)}});
}
