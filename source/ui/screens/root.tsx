/**
Chooses the screen for the state, and says so where the terminal is too small for any.
*/
import {Box} from 'ink';
import {useMemo, useSyncExternalStore, type ReactElement} from 'react';
import {layoutOf, minimumColumns, minimumRows} from '../../app/layout.ts';
import type {Scene, State} from '../../app/state.ts';
import {isAtWork} from '../../app/run/jobs.ts';
import type {Store} from '../../app/store.ts';
import {byKind} from '../../model/by-kind.ts';
import {pageOf} from '../content/page.ts';
import {Frame} from '../parts/frame.tsx';
import {withHits} from '../parts/found.ts';
import {LineView, LinesView, line} from '../parts/line.tsx';
import {wrap} from '../text.ts';
import {createTheme, ThemeContext, useTheme} from '../theme.ts';
import {BrowseScreen} from './browse.tsx';
import {DoctorScreen} from './doctor.tsx';
import {JourneyScreen, positionPiece} from './journey.tsx';
import {LogScreen, UndoScreen} from './history.tsx';
import {
	EndedScreen, GroupEndedScreen, RecoverScreen, RunningScreen,
} from './run.tsx';

function TextScreen({state, title}: {readonly state: State; readonly title: string}) {
	const theme = useTheme();
	const page = pageOf(state, theme)!;
	return (
		<>
			<LineView pieces={[{text: ` ${title}`, tone: 'strong'}]} columns={state.columns} right={positionPiece(page)}/>
			<LinesView lines={withHits(state, page.lines, theme)} top={page.top} rows={page.rows} columns={state.columns}/>
		</>
	);
}

const screenOf: (scene: Scene, state: State) => ReactElement = byKind({
	browse: (_scene, state) => <BrowseScreen state={state}/>,
	menu: (_scene, state) => <BrowseScreen state={state}/>,
	leaving: (_scene, state) => <BrowseScreen state={state}/>,
	help: (_scene, state) => <TextScreen state={state} title='Help'/>,
	details: (_scene, state) => <TextScreen state={state} title='Details'/>,
	doctor: (scene, state) => scene.isWhole ? <TextScreen state={state} title='Finding'/> : <DoctorScreen state={state}/>,
	journey: (scene, state) => <JourneyScreen state={state} journey={scene.journey}/>,
	running: (scene, state) => <RunningScreen state={state} run={state.runs[scene.planId]!}/>,
	ended: (scene, state) => <EndedScreen state={state} scene={scene}/>,
	'group-ended': (scene, state) => <GroupEndedScreen state={state} scene={scene}/>,
	undo: (scene, state) => <UndoScreen state={state} index={scene.index}/>,
	log: (scene, state) => <LogScreen state={state} scene={scene}/>,
	recover: (scene, state) => <RecoverScreen state={state} scene={scene}/>,
});

type Look = Pick<Parameters<typeof createTheme>[0], 'isAscii' | 'isLinuxConsole' | 'hasColour'>;

export function Root({store, abilities}: {readonly store: Store; readonly abilities: Look}) {
	const state = useSyncExternalStore(store.subscribe, store.getState);
	const {columns, rows} = state;
	const palette = state.theme === 'auto' ? state.background : state.theme;
	const theme = useMemo(() => createTheme({...abilities, palette}), [abilities, palette]);
	if (layoutOf(columns, rows).isTooSmall) {
		const text = `vsnap-tui needs ${minimumColumns} columns and ${minimumRows} rows; this terminal has ${columns} and ${rows}. ${isAtWork(state) ? 'Make it larger; what is at work continues.' : 'Make it larger, or press q.'}`;
		return (
			<Box flexDirection='column' width={columns} height={rows}>
				<LinesView lines={wrap(text, columns).map(part => line(part))} rows={rows} columns={columns}/>
			</Box>
		);
	}

	return (
		<ThemeContext.Provider value={theme}>
			<Frame state={state}>
				{screenOf(state.scene, state)}
			</Frame>
		</ThemeContext.Provider>
	);
}
