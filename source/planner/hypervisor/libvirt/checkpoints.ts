/**
Checkpoints of libvirt's: it makes all bitmaps of a running domain in one transaction, and removes them from the whole chain.
*/
import {step} from '../../steps/step.ts';
import type {Hypervisor, Site} from '../hypervisor.ts';
import {onDomain, withXml} from './virsh.ts';

export function checkpointsOf(site: Site): Hypervisor['checkpoints'] {
	const {uuid} = site;
	const remove = (name: string) => onDomain(site, 'checkpoint-delete', '--checkpointname', name);
	return {
		replace: (fileName, xml) => withXml(site, fileName, xml, path => ['checkpoint-create', '--domain', uuid, '--xmlfile', path, '--redefine']),
		deleteMetadata: name => onDomain(site, 'checkpoint-delete', '--checkpointname', name, '--metadata'),
		createRunning: ({name, requestXml}) => [step('switch', {
			id: 'checkpoint',
			title: `Create checkpoint "${name}"`,
			command: withXml(site, 'checkpoint', requestXml, path => ['checkpoint-create', '--domain', uuid, '--xmlfile', path]),
			undo: [{...remove(name), onlyIf: {kind: 'checkpoint-exists', uuid, name}}],
			doneWhen: {kind: 'checkpoint-exists', uuid, name},
			failureChangesNothing: true,
			whenStopped: 'Recover would remove the checkpoint; the guest is not touched.',
		})],
		deleteRunning: ({id, checkpoint: {name}}) => [step('switch', {
			id,
			title: `Delete checkpoint "${name}" with its bitmaps`,
			command: remove(name),
			undo: null,
			doneWhen: {kind: 'checkpoint-missing', uuid, name},
			whenStopped: 'Recover would delete the rest; the guest is not touched.',
		})],
		within: steps => steps,
		validates: true,
	};
}
