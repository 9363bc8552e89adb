/** A choice in a menu or a question. `reason` says why it is not possible. */
export type Option = {id: string; label: string; note?: string; reason?: string};
