/**
All that can be found about one domain. Pure: the records, the images and what lies around them come in.
*/
import {sortFindings, type Finding} from '../../model/domain/finding.ts';
import {findContentTroubles} from './content-findings.ts';
import {deniedImages, findImageTroubles} from './image-findings.ts';
import {findOwnerTroubles} from './owner-findings.ts';
import {examine, type DomainCheck} from './domain-check.ts';
import {findRecordsBesideImages, findRecordTroubles, findUnreadableRecords} from './record-findings.ts';
import {findRevertTroubles} from './revert-findings.ts';
import {findStartTroubles} from './start-findings.ts';
import {findStateOfFiles, findStateTroubles} from './state-findings.ts';

/** Images that no record leads to are the matter of `findLeftovers`, because they lie between the domains. */
export function diagnoseDetails(domainCheck: DomainCheck): Finding[] {
	const examination = examine(domainCheck);
	findStateTroubles(examination);
	if (domainCheck.details.filesElsewhere !== undefined) {
		// Nothing is said of images that were not looked at.
		findUnreadableRecords(examination);
		findRecordTroubles(examination);
		return sortFindings(examination.found);
	}

	findStartTroubles(examination);
	findImageTroubles(examination);
	// An interrupted action explains what records and files say otherwise, and nothing of it can be repaired before that has ended.
	const isInterrupted = domainCheck.unfinished.length > 0;
	if (!isInterrupted) {
		findStateOfFiles(examination);
	}

	if (deniedImages(examination).length === 0) {
		findOwnerTroubles(examination);
		findContentTroubles(examination);
		findUnreadableRecords(examination);
		if (!isInterrupted) {
			findRecordTroubles(examination);
			findRecordsBesideImages(examination);
			findRevertTroubles(examination);
		}
	}

	return sortFindings(examination.found);
}
