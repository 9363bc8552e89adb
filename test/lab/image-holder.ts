/**
Another process that has an image open, with QEMU's locks, as a backup tool or a second QEMU would.
*/
import {spawn} from 'node:child_process';
import type {ExecutionContext} from 'ava';
import {labEnvironment} from './settings.ts';

/** Resolves when the image is open. It is closed by the function that is given back, at the latest with the test. */
export async function holdImage(t: ExecutionContext, imagePath: string, options: {isReadOnly?: boolean; format?: string} = {}): Promise<() => Promise<void>> {
	const child = spawn('qemu-io', ['-f', options.format ?? 'qcow2', ...(options.isReadOnly ? ['-r'] : []), imagePath], {
		stdio: ['pipe', 'pipe', 'inherit'], env: labEnvironment(),
	});
	const ended = new Promise<void>(resolve => {
		child.once('exit', () => {
			resolve();
		});
	});
	const release = async () => {
		child.stdin.end('quit\n');
		await ended;
	};

	t.teardown(release);
	await new Promise<void>((resolve, reject) => {
		let said = '';
		child.stdout.setEncoding('utf8').on('data', (text: string) => {
			said += text;
			if (said.includes('65536')) {
				resolve();
			}
		});
		child.once('exit', () => {
			reject(new Error(`qemu-io did not keep ${imagePath} open: ${said}`));
		});
		// It answers only once the image is open.
		child.stdin.write('read 0 65536\n');
	});
	return release;
}
