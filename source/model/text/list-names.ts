/** "a, b and 3 more": at most `most` names, or one more than that, for "1 more" says less than its name. */
export function listNames(names: readonly string[], most: number): string {
	return names.length <= most + 1 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${names.length - most} more`;
}
