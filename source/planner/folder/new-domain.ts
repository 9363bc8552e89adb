/**
What `restore --as` defines: the definition of the backup, on the restored files, with an identity of its own.
*/
import type {Manifest} from '../../model/backup/manifest.ts';
import {newDomainXml} from '../../model/backup/new-domain.ts';
import type {NewIdentity} from '../../model/domain/inventory.ts';
import type {Blocker} from '../../model/failure.ts';
import {mapResult} from '../../model/result.ts';
import {maskedSecret} from '../../model/xml/redact.ts';
import type {RestoreRequest} from './restore.ts';

export const nothingToDefine: Blocker = {kind: 'not-supported', text: 'Only libvirt keeps definitions of domains: here there is nothing to define.', remedy: 'Restore the images with --to FOLDER.'};

export function newDomain({domain, extras}: Manifest, {name, uuid, generationId, tpm}: NewIdentity): NonNullable<RestoreRequest['as']> {
	return {
		name,
		tpm,
		define: files => mapResult(newDomainXml(domain.definition, {name, uuid, generationId, sources: files.disks, variablesPath: files.variables}), ({xml, leftOut, losesPasswords, masksArguments}) => ({
			xml,
			notes: [
				`The domain "${name}" is defined on them, with a UUID and MAC addresses of its own. It is not started.`,
				...(leftOut.length === 0 ? [] : [`${leftOut.join(', ')} ${leftOut.length === 1 ? 'is' : 'are'} not in the backup, and not in the new domain.`]),
				...(extras.some(({kind}) => kind === 'tpm') ? [tpm === undefined ? 'The state of its TPM is put beside the images: where libvirt looks for it is not known.' : 'It has the state of the TPM, so that what the guest sealed with it opens.'] : []),
				...(losesPasswords ? ['Passwords of its displays are not in the backup: set them again.'] : []),
				...(masksArguments ? [`Secrets in its arguments for QEMU are not in the backup: where ${maskedSecret} stands, put them back (virsh edit) before it is started.`] : []),
			],
		})),
	};
}
