/**
Chooses the screen for the state, and says so where the terminal is too small for any.
*/
import {Box, Text} from 'ink';
import {useSyncExternalStore} from 'react';
import {layoutOf, minimumColumns, minimumRows} from '../../app/layout.ts';
import type {State} from '../../app/state.ts';
import type {Store} from '../../app/store.ts';
import {pageOf} from '../content/page.ts';
import {Frame} from '../parts/frame.tsx';
import {LineView, LinesView} from '../parts/line.tsx';
import {ThemeContext, useTheme, type Theme} from '../theme.ts';
import {BrowseScreen} from './browse.tsx';
import {DoctorScreen} from './doctor.tsx';
import {JourneyScreen, positionPiece} from './journey.tsx';
import {EndedScreen, RecoverScreen, RunningScreen} from './run.tsx';

function TextScreen({state, title}: {readonly state: State; readonly title: string}) {
	const theme = useTheme();
	const page = pageOf(state, theme)!;
	return (
		<>
			<LineView pieces={[{text: ` ${title}`, tone: 'strong'}]} columns={state.columns} right={positionPiece(page)}/>
			<LinesView lines={page.lines} top={page.top} rows={page.rows} columns={state.columns}/>
		</>
	);
}

function Scene({state}: {readonly state: State}) {
	const {scene} = state;
	switch (scene.kind) {
		case 'browse':
		case 'menu':
		case 'leaving': {
			return <BrowseScreen state={state}/>;
		}

		case 'help': {
			return <TextScreen state={state} title='Help'/>;
		}

		case 'details': {
			return <TextScreen state={state} title='Details'/>;
		}

		case 'doctor': {
			return scene.isWhole ? <TextScreen state={state} title='Finding'/> : <DoctorScreen state={state}/>;
		}

		case 'journey': {
			return <JourneyScreen state={state} journey={scene.journey}/>;
		}

		case 'running': {
			return <RunningScreen state={state} run={scene.run}/>;
		}

		case 'ended': {
			return <EndedScreen state={state} scene={scene}/>;
		}

		case 'recover': {
			return <RecoverScreen state={state} scene={scene}/>;
		}
	}
}

export function Root({store, theme}: {readonly store: Store; readonly theme: Theme}) {
	const state = useSyncExternalStore(store.subscribe, store.getState);
	const {columns, rows} = state;
	if (layoutOf(columns, rows).isTooSmall) {
		return (
			<Box width={columns} height={rows}>
				<Text wrap='wrap'>
					{`vsnap-tui needs ${minimumColumns} columns and ${minimumRows} rows; this terminal has ${columns} and ${rows}. `}
					{state.scene.kind === 'running' ? 'Make it larger; the action continues.' : 'Make it larger, or press q.'}
				</Text>
			</Box>
		);
	}

	return (
		<ThemeContext.Provider value={theme}>
			<Frame state={state}>
				<Scene state={state}/>
			</Frame>
		</ThemeContext.Provider>
	);
}
