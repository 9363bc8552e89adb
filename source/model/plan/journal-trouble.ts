/**
What stands in the folder of the journals and tells of no action that this program may carry on, and the words for it.
*/
export type JournalTrouble = {
	/**
	`moved-aside`: its first line, the plan, cannot be read; it is kept outside of the folder. `later-version`: written by a later version of this program.
	`not-a-journal`: stands where it was found, and is left alone.
	*/
	kind: 'moved-aside' | 'later-version' | 'not-a-journal';
	path: string;
	/** What is wrong, as a clause: "its first line is damaged". */
	reason: string;
	/** As far as it can still be read. */
	domain?: {uuid: string; name: string};
};

type Words = {text: string; meaning: string; remedy: string};

/** Three sentences: what is so, what follows from it, what to do. */
export function describeTrouble({kind, path, reason, domain}: JournalTrouble): Words {
	switch (kind) {
		case 'moved-aside': {
			return {
				text: `A journal cannot be used: ${reason}. It is kept as ${path}.`,
				meaning: `An action on ${domain === undefined ? 'a domain that it does not name' : `"${domain.name}"`} may have been interrupted. Nothing is removed because of it.`,
				remedy: `Look at the domain with vsnap-tui doctor. If all is well, remove ${path}.`,
			};
		}

		case 'later-version': {
			return {
				text: `The journal ${path} is not continued: ${reason}.`,
				meaning: `An action on ${domain === undefined ? 'a domain' : `"${domain.name}"`} was interrupted${domain === undefined ? '' : ', and the domain refuses other actions'}.`,
				remedy: 'Recover it with that version of vsnap-tui.',
			};
		}

		case 'not-a-journal': {
			return {
				text: `${path} is not a journal: ${reason}.`,
				meaning: 'It belongs to no known action and blocks nothing.',
				remedy: 'Check what it is, and move it out of the folder.',
			};
		}
	}
}
