/** Encrypted images, with the passphrase "secret". */
import {attempt} from './run.ts';

/** On a busy machine qemu-img may fail to time its own work ("Unable to get accurate CPU usage", seen on 7.2); then it is tried again. Throws where it fails otherwise. */
export async function createEncrypted(imagePath: string, format: 'qcow2' | 'luks'): Promise<void> {
	const prefix = format === 'qcow2' ? 'encrypt.' : '';
	const options = [...(format === 'qcow2' ? ['encrypt.format=luks'] : []), `${prefix}key-secret=key`, `${prefix}iter-time=10`].join(',');
	for (;;) {
		const made = await attempt('qemu-img', ['create', '-q', '-f', format, '--object', 'secret,id=key,data=secret', '-o', options, imagePath, '16M']);
		if (made.exitCode === 0) {
			return;
		}

		if (!made.stderr.includes('accurate CPU usage')) {
			throw new Error(made.stderr);
		}
	}
}
