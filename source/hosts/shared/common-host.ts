/**
What hosts do alike, whatever runs their domains.
*/
import type {Host} from '../../engine/ports.ts';
import {fail, type Result} from '../../model/result.ts';
import {readFileStamps} from '../../tools/files/file-stamps.ts';
import {sealBackup} from '../../tools/backups/seal-backup.ts';
import {createSums} from '../../tools/backups/sums.ts';
import {examineBackups} from '../../tools/backups/examine-backups.ts';
import {readBackups} from '../../tools/files/read-backups.ts';
import {readSafeFolder} from '../../tools/files/folder-risks.ts';
import {readFileFacts} from '../../tools/files/files.ts';
import {readDataSizes} from '../../tools/files/measure-images.ts';
import {withFileSizes} from './file-sizes.ts';
import {readImageUsers} from './image-users.ts';
import {observe, type DomainProbe} from './observe.ts';
import {readDetails, type Reading} from './read-inventory.ts';

type Given = {
	reading: Reading;
	isReadOnly: boolean;
	askDomain: (probe: DomainProbe) => Promise<Result<boolean>>;
	/** Of whatever is not told by the size of a file. */
	readJobProgress: Host['readProgress'];
	/** A planned command, where something may be changed. */
	run: Host['run'];
	/** Gives the function that ends it. */
	startWatching: (listener: (domain?: string) => void) => () => void;
};

type CommonHost = Pick<Host, 'readDetails' | 'readDataSizes' | 'observe' | 'readImageUsers' | 'readFileStamps' | 'readBackups' | 'examineBackups' | 'readFolder' | 'readProgress' | 'measureAhead' | 'run' | 'watch' | 'close'>;

export function createCommonHost({reading, isReadOnly, askDomain, readJobProgress, run, startWatching}: Given): CommonHost {
	const {runner} = reading;
	const sums = createSums(runner);
	const endings = new Set<() => void>();
	return {
		async readDetails(uuid, options) {
			const details = await readDetails(reading, uuid, options);
			return details.ok && options.withForeignPins ? withFileSizes(runner, details.value) : details;
		},
		readDataSizes: async (runs, images) => readDataSizes(runner, runs, images),
		observe: async probe => observe(probe, reading, askDomain),
		readImageUsers: async path => readImageUsers(reading, path),
		readBackups: async (path, user) => readBackups(runner, path, user),
		examineBackups: async (path, examination) => examineBackups(runner, path, examination),
		readFolder: async path => readSafeFolder(runner, path),
		readFileStamps: async paths => readFileStamps(runner, paths),
		async readProgress(progress) {
			if (progress.kind !== 'file-size') {
				return readJobProgress(progress);
			}

			const facts = await readFileFacts(runner, [progress.path]);
			const found = facts.ok ? facts.value.get(progress.path) : undefined;
			return found && {doneBytes: Math.min(found.sizeBytes, progress.totalBytes), totalBytes: progress.totalBytes};
		},
		measureAhead: sums.begin,
		run: isReadOnly ? async () => fail({kind: 'read-only'}) : async (command, options) => command.tool === 'seal' ? sealBackup({runner, measure: sums.measure}, command) : run(command, options),
		watch(listener) {
			const end = startWatching(listener);
			endings.add(end);
			return () => {
				endings.delete(end);
				end();
			};
		},
		async close() {
			for (const end of endings) {
				end();
			}

			endings.clear();
		},
	};
}
