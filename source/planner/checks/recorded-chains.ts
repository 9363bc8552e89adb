/**
Chains that a definition records in `<backingStore>`. Every plan writes definitions without them, so that QEMU follows the headers of the images: that is right only
where the two say the same, and where no layer below needs a secret that stands in the record alone.
*/
import type {Disk} from '../../model/domain/domain.ts';
import {chainOf, imageAt} from '../../model/images/image-graph.ts';
import {
	chainConflict, encryptedLayers, foreignLayer, type ChainConflict,
} from '../../model/domain/recorded-chain.ts';
import {quoteForShell} from '../../model/text/shell-quote.ts';
import {keysOf} from '../encryption/keys.ts';
import {refuseOnce, type PlanContext} from '../context.ts';
import {storageAt} from '../storage/storage.ts';

const named = (backing: ChainConflict['header']) => backing === undefined ? 'nothing' : `${backing.path}${backing.format === undefined ? '' : ` (${backing.format})`}`;

/** "the XML says X, the header says Y". */
export function describeConflict({path, recorded, header}: ChainConflict): string {
	return `what ${path} is backed by: the XML says ${named(recorded)}, the header says ${named(header)}`;
}

/** Both ways out, for a domain that is off. */
export function conflictRemedy(domainName: string, target: string, {path, recorded}: ChainConflict): string {
	const rebase = recorded === undefined
		? `qemu-img rebase -u -f qcow2 -b '' ${quoteForShell(path)}`
		: `qemu-img rebase -u -f qcow2 -F ${recorded.format ?? 'FORMAT'} -b ${quoteForShell(recorded.path)} ${quoteForShell(path)}`;
	return `With the domain off: if the XML is right, ${rebase}; if the header is right, remove the <backingStore> of ${target} (virsh edit ${quoteForShell(domainName)}).`;
}

/** Refuses where the domain's definition records another chain than the headers: the guest would read other bytes from its next start on. Appends to the blockers. */
export function requireChainsAsRecorded(context: PlanContext): void {
	const {name, definition} = context.inventory.details.domain;
	for (const disk of definition.disks) {
		const conflict = chainConflict(context.graph, disk);
		if (conflict) {
			refuseOnce(context, {
				kind: 'chain-broken',
				text: `The definition and the images do not agree on ${describeConflict(conflict)}. QEMU is started with what the XML says, and this action would drop that entry.`,
				remedy: conflictRemedy(name, disk.target, conflict),
			});
		}
	}
}

/** Refuses to go back to an image that somebody has put on a layer that the snapshot never knew. `disk`: as the record has it. Appends to the blockers. */
export function requireLayersOfRecord(context: PlanContext, disk: Disk): void {
	const conflict = foreignLayer(context.graph, disk);
	if (conflict) {
		refuseOnce(context, {
			kind: 'chain-broken',
			text: `The record of the snapshot and the images do not agree on ${describeConflict(conflict)}.`,
			remedy: `If the record is right: qemu-img rebase -u -f qcow2 -F ${conflict.recorded?.format ?? 'FORMAT'} -b ${quoteForShell(conflict.recorded?.path ?? '')} ${quoteForShell(conflict.path)}`,
			image: conflict.path,
		});
	}
}

/** The chain as options for qemu-img, with a key for each layer that needs one. */
function withKeys(context: PlanContext, [path, ...below]: readonly string[]): Record<string, unknown> {
	const {format = 'qcow2', isEncrypted} = imageAt(context.graph, path!) ?? {};
	return {
		driver: format,
		file: {driver: storageAt(context.graph, path!).driver, filename: path},
		...(isEncrypted && (format === 'luks' ? {'key-secret': 'key'} : {encrypt: {'key-secret': 'key'}})),
		...(below.length > 0 && {backing: withKeys(context, below)}),
	};
}

/** Where no definition names the secret of a layer. */
export function secretRemedy(domainName: string, target: string): string {
	return `Record the chain below ${target} in the definition (virsh edit ${quoteForShell(domainName)}): <backingStore> for each layer, with <encryption format='luks' engine='qemu'> and its <secret> in the <source> of the encrypted one.`;
}

/** How to have what an image with encrypted layers holds, where no definition of ours could. */
export function readOutRemedy(context: PlanContext, path: string): string {
	const image = `json:${JSON.stringify(withKeys(context, chainOf(context.graph, path)))}`;
	return `To get its content, copy it into a new image (KEYFILE holds the passphrase): qemu-img convert --object secret,id=key,file=KEYFILE -O qcow2 ${quoteForShell(image)} NEW.`;
}

/** How snapshots of a chain with encrypted layers can go all the same. */
export function dropRemedy(domainName: string): string {
	return `You can delete only the record, and the images stay: vsnap-tui delete --metadata -- ${quoteForShell(domainName)} SNAPSHOT.`;
}

/**
Refuses where an encrypted layer lies in the chain of `path` and no definition names its secret: without it in a recorded chain libvirt starts no domain on it ("Unexpected enum value 0 for
virStorageEncryptionEngine", 9.0 to 12.8). `remedy`: asked for where it is needed. Appends to the blockers, unless one names that layer: the chains of a disk have it in common.
*/
export function requireSecrets(context: PlanContext, target: string, path: string, remedy: () => string): void {
	const {encryptionOf} = keysOf(context);
	const layer = encryptedLayers(context.graph, path).find(link => !context.can.opensEncrypted || encryptionOf(link)?.secret === undefined);
	if (layer !== undefined && !context.blockers.some(({kind, image}) => kind === 'not-supported' && image === layer)) {
		context.blockers.push({
			kind: 'not-supported',
			image: layer,
			text: `${target} is backed by ${layer}, which is encrypted: the new definition would name no secret for it, and the domain could not start.`,
			remedy: context.can.opensEncrypted ? secretRemedy(context.inventory.details.domain.name, target) : remedy(),
		});
	}
}
