/**
Where the recorded answers and accepted frames are. Tests run from the root of the project, as sources or bundled.
*/
import {readFileSync} from 'node:fs';
import path from 'node:path';

/** `name`: below `fixtures/`. */
export const fixturePath = (name: string): string => path.resolve('fixtures', name);

/** Throws where there is no such file. */
export const readFixture = (name: string): string => readFileSync(fixturePath(name), 'utf8');
