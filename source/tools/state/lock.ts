/**
The kernel's lock on an open file, taken through util-linux' flock: Node has no call for it. The child locks the open file description that it
inherits, which is ours too, and ends; the lock stays with us and with whoever else inherits the file.
*/
import {spawn} from 'node:child_process';

/** Without waiting: false where another process has the lock. Throws where flock cannot be started: it belongs to every Linux. */
export async function takeKernelLock(fileDescriptor: number): Promise<boolean> {
	return new Promise((resolve, reject) => {
		const child = spawn('flock', ['--nonblock', '3'], {stdio: ['ignore', 'ignore', 'ignore', fileDescriptor]});
		child.once('error', reject);
		child.once('exit', code => {
			resolve(code === 0);
		});
	});
}
