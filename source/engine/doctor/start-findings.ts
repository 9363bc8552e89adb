/**
Why the domain cannot be started as it is defined, though its disks may be whole: media, kernel, firmware, secrets that are not there.
*/
import {hasProcess} from '../../model/domain.ts';
import {isStartable, lostToStart} from '../../model/start-files.ts';
import {describeLost, ejectCommand} from '../plan/start-files.ts';
import {report, type Examination} from './patient.ts';

function findLost(examination: Examination): void {
	const {host, picture: {domain, missing}} = examination;
	// Disks without their image are found with the images.
	const lost = {...lostToStart(domain.definition, missing), disks: []};
	if (isStartable(lost)) {
		return;
	}

	const ejects = host.owner === 'qemu' ? [] : lost.media.map(disk => ejectCommand(domain, disk));
	const others = describeLost(host.owner === 'qemu' ? lost : {...lost, media: []});
	report(examination, {
		kind: 'cannot-start',
		severity: hasProcess(domain) ? 'warning' : 'problem',
		text: `The domain cannot be started${hasProcess(domain) ? ' again once it is off' : ''}: ${describeLost(lost).map(({text}) => text).join('; ')}.`,
		meaning: hasProcess(domain) ? 'It runs with what it opened when it was started; the next start fails.' : 'Every start fails until this is put right.',
		remedy: [...(ejects.length === 0 ? [] : [`Take the medium out: ${ejects.join('; ')}.`]), ...new Set(others.map(({remedy}) => remedy))].join(' '),
	});
}

export function findStartTroubles(examination: Examination): void {
	findLost(examination);
}
