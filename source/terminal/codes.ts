/**
What the terminal is told beside the picture: the title of its window, a bell, a notification, what to put on the clipboard. Terminals that do not know one of these
codes leave it out. Names of domains stand in them, so nothing that could end a code gets in.
*/
import {Buffer} from 'node:buffer';
import {makeVisible} from '../model/text/visible-text.ts';

const escape = '\u001B';
export const bell = '\u0007';

/** Beyond so much no title bar and no notification shows anything. */
const mostCharacters = 200;

const harmless = (text: string): string => [...makeVisible(text)].slice(0, mostCharacters).join('');

/** The title that the window has, on a stack of the terminal's. */
export const keepTitle = `${escape}[22;2t`;

/** Taken from there; where there is no such stack the title is empty. */
export const restoreTitle = `${escape}]2;${bell}${escape}[23;2t`;

/** OSC 2. */
export const titleCode = (text: string): string => `${escape}]2;${harmless(text)}${bell}`;

/** OSC 9. A text that began with a digit would be another command to some terminals. */
export const notificationCode = (text: string): string => `${escape}]9;vsnap-tui: ${harmless(text)}${bell}`;

/** OSC 52. */
export const copyCode = (text: string): string => `${escape}]52;c;${Buffer.from(text).toString('base64')}${bell}`;
