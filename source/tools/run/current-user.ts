/**
Who runs the program. In a container there may be no entry for that user: then only the number is known.
*/
import {userInfo} from 'node:os';
import process from 'node:process';

type CurrentUser = {uid: number; name: string; home: string};

export function readCurrentUser(): CurrentUser {
	try {
		const {uid, username, homedir} = userInfo();
		return {uid, name: username, home: homedir};
	} catch {
		const uid = process.getuid?.() ?? -1;
		return {uid, name: `uid ${uid}`, home: ''};
	}
}
