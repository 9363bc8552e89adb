/**
Why the domain cannot be started as it is defined, though its disks may be whole: media, kernel, firmware, secrets that are not there.
*/
import {listNames} from '../../model/text/list-names.ts';
import {hasProcess} from '../../model/domain/domain.ts';
import {chainConflict, layersWithoutSecret} from '../../model/domain/recorded-chain.ts';
import {isStartable, lostToStart} from '../../model/domain/start-files.ts';
import {conflictRemedy, describeConflict, secretRemedy} from '../../planner/checks/recorded-chains.ts';
import {keysOf} from '../../planner/encryption/keys.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {describeLost, ejectCommand} from '../../planner/checks/start-files.ts';
import {report, type Examination} from './domain-check.ts';

function findLost(examination: Examination): void {
	const {context, details: {domain, missing}} = examination;
	// Disks without their image are found with the images.
	const lost = {...lostToStart(domain.definition, missing), disks: []};
	if (isStartable(lost)) {
		return;
	}

	const ejects = context.can.emptiesDrives ? lost.media.map(disk => ejectCommand(domain, disk)) : [];
	const others = describeLost(context.can.emptiesDrives ? {...lost, media: []} : lost);
	report(examination, {
		kind: 'cannot-start',
		severity: hasProcess(domain) ? 'warning' : 'problem',
		text: `The domain cannot be started${hasProcess(domain) ? ' again once it is off' : ''}: ${describeLost(lost).map(({text}) => text).join('; ')}.`,
		meaning: hasProcess(domain) ? 'It runs with what it opened when it was started; the next start fails.' : 'Every start fails until this is fixed.',
		remedy: [...(ejects.length === 0 ? [] : [`Eject the medium: ${ejects.join('; ')}.`]), ...new Set(others.map(({remedy}) => remedy))].join(' '),
	});
}

/** QEMU is started on the recorded chain: what the headers say is then what the guest does not read, until somebody drops the record. */
function findChainConflicts(examination: Examination): void {
	const {context: {graph}, details: {domain}} = examination;
	for (const disk of domain.definition.disks) {
		const conflict = chainConflict(graph, disk);
		if (conflict) {
			report(examination, {
				kind: 'chain-conflict',
				severity: 'problem',
				text: `The definition and the images do not agree on ${describeConflict(conflict)}.`,
				meaning: 'The domain is started with what the XML says; qemu-img, and every definition without that entry, use the header. One of the two is wrong, and writing through it destroys what the other needs.',
				remedy: conflictRemedy(domain.name, disk.target, conflict),
				images: [conflict.path],
			});
		}
	}
}

/**
A head over an encrypted layer starts only as long as a recorded chain names the secret. libvirt's own offline snapshot drops it. A standalone QEMU has its secrets
from its command line.
*/
function findSecretlessLayers(examination: Examination): void {
	const {context, details: {domain}} = examination;
	const {graph} = context;
	const {encryptionOf} = keysOf(context);
	for (const disk of context.can.opensEncrypted ? domain.definition.disks : []) {
		const layers = layersWithoutSecret(graph, disk);
		const isKnown = layers.every(layer => encryptionOf(layer)?.secret !== undefined);
		if (layers.length > 0) {
			report(examination, {
				kind: 'cannot-start',
				severity: hasProcess(domain) ? 'warning' : 'problem',
				text: `The domain cannot be started${hasProcess(domain) ? ' again once it is off' : ''}: ${disk.target} is backed by ${listNames(layers, 6)}, which is encrypted, and the definition names no secret for it.`,
				meaning: 'libvirt says "Unexpected enum value 0 for virStorageEncryptionEngine". The data is intact.',
				...(isKnown
					? {remedy: `vsnap-tui doctor --repair cannot-start -- ${quoteForShell(domain.name)} records the chain with its secrets in the definition.`, request: {kind: 'repair-records' as const, uuid: domain.uuid, adopts: 'secrets' as const}}
					: {remedy: secretRemedy(domain.name, disk.target)}),
				images: layers,
			});
		}
	}
}

export function findStartTroubles(examination: Examination): void {
	findLost(examination);
	findChainConflicts(examination);
	findSecretlessLayers(examination);
}
