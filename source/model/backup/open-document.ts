/**
The JSON documents in a folder of backups, as far as all of them are alike.
*/
import {fail, succeed, type Result} from '../result.ts';

type Wanted = {
	/** The name of the file. */
	name: string;
	format: string;
	/** What it should be: "the manifest of a backup of vsnap-tui". */
	what: string;
};

/** Of the only version that there is; its members are not looked at. Fails with `unreadable`. */
export function openDocument<T extends {format: string; version: 1}>(text: string, {name, format, what}: Wanted): Result<Partial<T>> {
	const bad = (reason: string) => fail({kind: 'unreadable', what: name, reason});
	let value: unknown;
	try {
		value = JSON.parse(text);
	} catch (error) {
		return bad(error instanceof Error ? error.message : String(error));
	}

	const found = value as Partial<T> | null;
	if (typeof found !== 'object' || found?.format !== format) {
		return bad(`it is not ${what}`);
	}

	return found.version === 1 ? succeed(found) : bad(`it is of version ${JSON.stringify(found.version)?.slice(0, 20)}, which this program does not know`);
}
