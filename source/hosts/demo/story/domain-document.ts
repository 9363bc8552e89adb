/**
The `<domain>` of a domain that is told of.
*/
import {agentName} from '../simulator/domain-xml.ts';
import {element, textElement, type XmlNode} from '../simulator/xml-node.ts';
import type {DomainFacts} from './domain-story.ts';

type NewDisk = {target: string; path: string; format: 'qcow2' | 'raw'};

export function buildDomainXml({name, title, description, memoryMiB = 2048, cpus = 2, isoPath, agent}: DomainFacts, uuid: string, disks: NewDisk[]): XmlNode {
	const kibibytes = String(memoryMiB * 1024);
	return element('domain', {type: 'kvm'}, [
		textElement('name', name),
		textElement('uuid', uuid),
		textElement('title', title),
		textElement('description', description),
		element('memory', {unit: 'KiB'}, kibibytes),
		element('currentMemory', {unit: 'KiB'}, kibibytes),
		element('vcpu', {placement: 'static'}, String(cpus)),
		element('os', {}, [element('type', {arch: 'x86_64', machine: 'pc-q35-7.2'}, 'hvm'), element('boot', {dev: 'hd'})]),
		element('features', {}, [element('acpi'), element('apic')]),
		element('cpu', {mode: 'host-passthrough', check: 'none', migratable: 'on'}),
		element('clock', {offset: 'utc'}),
		textElement('on_poweroff', 'destroy'),
		textElement('on_reboot', 'restart'),
		textElement('on_crash', 'destroy'),
		element('devices', {}, [
			textElement('emulator', '/usr/bin/qemu-system-x86_64'),
			...disks.map(({target, path, format}) => buildDisk('disk', format, path, element('target', {dev: target, bus: 'virtio'}))),
			isoPath === undefined ? undefined : buildDisk('cdrom', 'raw', isoPath, element('target', {dev: 'sda', bus: 'sata'}), element('readonly')),
			element('interface', {type: 'bridge'}, [element('source', {bridge: 'br0'}), element('model', {type: 'virtio'})]),
			agent && element('channel', {type: 'unix'}, [element('target', {type: 'virtio', name: agentName})]),
			// Only `--security-info` shows the password.
			element('graphics', {type: 'vnc', port: '-1', autoport: 'yes', passwd: `vnc-${uuid.slice(0, 6)}`}),
			element('memballoon', {model: 'virtio'}),
		]),
	]);
}

function buildDisk(device: 'disk' | 'cdrom', format: string, path: string, ...more: XmlNode[]): XmlNode {
	return element('disk', {type: 'file', device}, [element('driver', {name: 'qemu', type: format}), element('source', {file: path}), ...more]);
}
