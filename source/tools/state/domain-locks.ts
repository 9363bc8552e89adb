/**
The locks of domains. Each is the kernel's own (flock) on an open file: it ends with the last process that holds the file, so nothing is ever stale.
Commands that change something inherit the file, so a command that outlives us keeps the domain locked until it is done.
*/
import {AsyncLocalStorage} from 'node:async_hooks';
import {constants} from 'node:fs';
import {open} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {setTimeout} from 'node:timers/promises';
import type {Lock, StateStore} from '../../engine/ports.ts';
import {fail, succeed} from '../../model/result.ts';
import {takeKernelLock} from './lock.ts';
import type {PrivateFolder} from './private-folder.ts';

const lockPollMs = 100;

/** The lock of the action that goes on: several may, each on a domain of its own. */
const lockAtHand = new AsyncLocalStorage<number>();

/** The locks that a command has to inherit which begins now: of several actions only that of its own, or a long one would keep the domains of all others locked. */
export function locksToInherit(held: ReadonlySet<number>): number[] {
	const own = lockAtHand.getStore();
	return own === undefined ? [...held] : [own].filter(file => held.has(file));
}

async function takePatiently(fileDescriptor: number, lockTimeoutMs: number): Promise<boolean> {
	for (let leftMs = lockTimeoutMs; ; leftMs -= lockPollMs) {
		if (await takeKernelLock(fileDescriptor)) {
			return true;
		}

		if (leftMs <= 0) {
			return false;
		}

		await setTimeout(lockPollMs);
	}
}

export type LockHolders = {
	/** Told of every file that commands have to inherit, and when no longer. */
	held: Set<number>;
	/** Told within an action that has just got its lock. */
	begin?: () => void;
	/** Ends what is kept open and has inherited it: a lock lasts as long as anybody has its file open. */
	letGo?: (lock: number) => Promise<void>;
};

export function createDomainLocks(folder: PrivateFolder, {held, begin, letGo}: LockHolders): Pick<StateStore, 'isDomainLocked' | 'lockDomain'> {
	const lockFolder = path.join(folder.path, 'lock');
	const lockPath = (uuid: string) => path.join(lockFolder, `${uuid}.lock`);
	return {
		async isDomainLocked(uuid) {
			const file = await folder.attempt(async () => open(lockPath(uuid), constants.O_RDWR | constants.O_NOFOLLOW));
			if (!file.ok) {
				return false;
			}

			const isFree = await takeKernelLock(file.value.fd);
			await file.value.close();
			return !isFree;
		},
		async lockDomain(uuid, what, options) {
			const file = await folder.attemptIn([lockFolder], async () => open(lockPath(uuid), constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600));
			if (!file.ok) {
				return file;
			}

			if (!(await takePatiently(file.value.fd, options?.lockTimeoutMs ?? 0))) {
				const holder = await folder.attempt(async () => file.value.readFile('utf8'));
				await file.value.close();
				return fail({kind: 'busy', what: 'The domain', holder: holder.ok && holder.value !== '' ? holder.value.trim() : undefined});
			}

			const written = await folder.attempt(async () => {
				await file.value.truncate(0);
				await file.value.write(`process ${process.pid}: ${what}\n`, 0);
			});
			if (!written.ok) {
				await file.value.close();
				return written;
			}

			held.add(file.value.fd);
			const {fd} = file.value;
			return succeed<Lock>({
				during: async act => lockAtHand.run(fd, async () => {
					begin?.();
					return act();
				}),
				async release() {
					held.delete(file.value.fd);
					await letGo?.(fd);
					await file.value.truncate(0).catch(() => undefined);
					await file.value.close();
				},
			});
		},
	};
}
