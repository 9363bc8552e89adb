/** What is read of a process that may have ended meanwhile, or be another user's: undefined then. */
export async function quietly<T>(read: () => Promise<T>): Promise<T | undefined> {
	try {
		return await read();
	} catch {
		return undefined;
	}
}
