/**
What hosts do alike, whatever runs their domains.
*/
import type {Owner} from '../../engine/ports.ts';
import type {Result} from '../../model/result.ts';
import {readFileStamps} from '../../tools/files/file-stamps.ts';
import {readDataSizes} from '../../tools/files/measure-images.ts';
import {readImageUsers} from './image-users.ts';
import {observe, type DomainProbe} from './observe.ts';
import {readDetails, type Reading} from './read-inventory.ts';

type Given = {
	reading: Reading;
	askDomain: (probe: DomainProbe) => Promise<Result<boolean>>;
	/** Gives the function that ends it. */
	startWatching: (listener: () => void) => () => void;
};

export function createCommonOwner({reading, askDomain, startWatching}: Given): Pick<Owner, 'readDetails' | 'readDataSizes' | 'observe' | 'readImageUsers' | 'readFileStamps' | 'watch' | 'close'> {
	const {runner} = reading;
	const endings = new Set<() => void>();
	return {
		readDetails: async (uuid, options) => readDetails(reading, uuid, options),
		readDataSizes: async (runs, images) => readDataSizes(runner, runs, images),
		observe: async probe => observe(probe, reading, askDomain),
		readImageUsers: async path => readImageUsers(reading, path),
		readFileStamps: async paths => readFileStamps(runner, paths),
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
