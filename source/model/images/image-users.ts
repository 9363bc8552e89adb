/**
Those who use an image: a definition, a record, a header, an open file. What could not be read may use it, too.
*/

/** `isCertain`: false for somebody who cannot be asked. */
export type ImageUser = {label: string; isCertain: boolean};

export const certain = (label: string): ImageUser => ({label, isCertain: true});

export const doubtful = (label: string): ImageUser => ({label: `perhaps ${label}`, isCertain: false});

export const listUsers = (users: readonly ImageUser[]): string => users.map(({label}) => label).join(', ');
