/**
The `<domain>` of a bare QEMU, in libvirt's format. Its whole command line, program first, stands in `<qemu:commandline>`; a mark in `<metadata>` tells it
from the few more arguments that a domain of libvirt may have there.
*/
import type {Disk} from '../domain/domain.ts';
import {withImages} from '../qemu/command-line.ts';
import type {Image} from '../qemu/drive-options.ts';
import {succeed, type Result} from '../result.ts';
import {
	attribute, checkText, contentOf, element, escapeAttribute, escapeText, find, findAll, nameOf, type XmlItem,
} from './change-xml.ts';
import {attributeOf, childOf, childrenOf, readXml, textOf} from './read-xml.ts';

const qemuNamespace = 'http://libvirt.org/schemas/domain/qemu/1.0';
const mark = 'vsnap:bare';
const markNamespace = 'urn:vsnap-tui:bare';

export type BareDomain = {
	name: string;
	uuid: string;
	isKvm: boolean;
	memoryBytes: number;
	arch: string | undefined;
	machine: string | undefined;
	nvramPath: string | undefined;
	/** With the name under which the monitor knows each, so that a disk keeps its target. */
	disks: Array<Disk & {alias: string}>;
	/** Undefined: it is not known, or it cannot be started again. */
	argv: string[] | undefined;
};

function buildDisk(disk: BareDomain['disks'][number]): string[] {
	const snapshot = disk.snapshotMode === undefined ? '' : ` snapshot='${disk.snapshotMode}'`;
	const bus = disk.target.startsWith('fd') ? 'fdc' : (disk.target.startsWith('sd') ? 'sata' : 'virtio');
	return [
		`    <disk type='${disk.sourceType}' device='${disk.device}'${snapshot}>`,
		`      <driver name='qemu'${disk.format === undefined ? '' : ` type='${escapeAttribute(disk.format)}'`}/>`,
		...(disk.sourcePath === undefined ? [] : [`      <source ${disk.sourceType === 'block' ? 'dev' : 'file'}='${escapeAttribute(disk.sourcePath)}'/>`]),
		`      <target dev='${disk.target}' bus='${bus}'/>`,
		...(disk.readonly ? ['      <readonly/>'] : []),
		...(disk.transient ? ['      <transient/>'] : []),
		...(disk.isEncrypted ? ['      <encryption format=\'luks\'/>'] : []),
		`      <alias name='${escapeAttribute(disk.alias)}'/>`,
		'    </disk>',
	];
}

/** Fails with `unreadable` where a name or an argument holds what XML cannot express. */
export function buildBareDomainXml(domain: BareDomain): Result<string> {
	const {argv, machine, nvramPath, disks} = domain;
	for (const text of [domain.name, ...(argv ?? []), ...disks.flatMap(disk => [disk.sourcePath ?? '', disk.alias])]) {
		const checked = checkText('A name, path or argument of the domain', text);
		if (!checked.ok) {
			return checked;
		}
	}

	const emulator = argv?.[argv[0] === 'env' ? 3 : 0];
	return succeed([
		`<domain type='${domain.isKvm ? 'kvm' : 'qemu'}' xmlns:qemu='${qemuNamespace}'>`,
		`  <name>${escapeText(domain.name)}</name>`,
		`  <uuid>${domain.uuid}</uuid>`,
		`  <metadata><${mark} xmlns:vsnap='${markNamespace}'/></metadata>`,
		`  <memory unit='b'>${domain.memoryBytes}</memory>`,
		'  <os>',
		`    <type${domain.arch === undefined ? '' : ` arch='${escapeAttribute(domain.arch)}'`}${machine === undefined ? '' : ` machine='${escapeAttribute(machine)}'`}>hvm</type>`,
		...(nvramPath === undefined ? [] : [`    <nvram>${escapeText(nvramPath)}</nvram>`]),
		'  </os>',
		'  <devices>',
		...(emulator?.startsWith('/') ? [`    <emulator>${escapeText(emulator)}</emulator>`] : []),
		...disks.flatMap(disk => buildDisk(disk)),
		'  </devices>',
		...(argv === undefined ? [] : ['  <qemu:commandline>', ...argv.map(word => `    <qemu:arg value='${escapeAttribute(word)}'/>`), '  </qemu:commandline>']),
		'</domain>',
		'',
	].join('\n'));
}

/** The command line that a `<domain>` of a bare QEMU records; undefined where there is none, or where the domain is libvirt's. */
export function commandLineOf(xml: string): string[] | undefined {
	const root = xml.includes(`<${mark}`) ? readXml(xml, 'The XML of a domain', ['domain', 'inactiveDomain']) : undefined;
	if (!root?.ok || !textOf(childOf(root.value, 'metadata'))?.includes(`<${mark}`)) {
		return undefined;
	}

	const words = childrenOf(childOf(root.value, 'qemu:commandline'), 'qemu:arg').map(word => attributeOf(word, 'value') ?? '');
	return words.length === 0 ? undefined : words;
}

/** By target, the name that the monitor had for each disk. */
export function aliasesOf(xml: string): Map<string, string> {
	const root = readXml(xml, 'The XML of a domain', ['domain', 'inactiveDomain']);
	const disks = root.ok ? childrenOf(childOf(root.value, 'devices'), 'disk') : [];
	return new Map(disks.map(disk => [attributeOf(childOf(disk, 'target'), 'dev') ?? '', attributeOf(childOf(disk, 'alias'), 'name') ?? '']));
}

/** Puts the command line of a bare domain, as it stands in an XML document, on other images. Nothing happens to a domain of libvirt. */
export function changeRecordedCommandLine(content: XmlItem[], images: ReadonlyMap<string, Image>): Result<void> {
	const commandLine = find(content, 'qemu:commandline');
	if (find(content, 'metadata', mark) === undefined || commandLine === undefined || images.size === 0) {
		return succeed(undefined);
	}

	const words = findAll(contentOf(commandLine), 'qemu:arg').map(word => attribute(word, 'value') ?? '');
	const changed = withImages(words, images);
	if (!changed.ok) {
		return changed;
	}

	const indent: XmlItem = {'#text': '\n    '};
	commandLine[nameOf(commandLine)] = [...changed.value.flatMap(value => [indent, element('qemu:arg', {value})]), {'#text': '\n  '}];
	return succeed(undefined);
}
