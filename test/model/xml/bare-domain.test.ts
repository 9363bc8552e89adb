/** Tests source/model/xml/bare-domain.ts: what a bare QEMU was started with, in the XML of its domain. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {aliasesOf, buildBareDomainXml, commandLineOf} from '../../../source/model/xml/bare-domain.ts';
import {changeDomainXml} from '../../../source/model/xml/change-domain.ts';
import {parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import type {Result} from '../../../source/model/result.ts';

const path = '/d/it\'s "a" <disk> & more.qcow2';
const argv = ['/usr/bin/qemu-system-x86_64', '-name', 'two\nlines\tand <a> & "b"', '-drive', `file=${path},id=sys,format=qcow2`, '-append', ''];

function build(words: string[] | undefined = argv): Result<string> {
	return buildBareDomainXml({
		name: 'a <b> & c',
		uuid: 'b5bb5d47-8309-52ea-8835-c19c0e90709c',
		isKvm: false,
		memoryBytes: 64 * 1024 * 1024,
		arch: 'x86_64',
		machine: 'pc-q35-7.2',
		nvramPath: undefined,
		disks: [{
			target: 'vda', alias: '/machine/x[1]', device: 'disk', sourceType: 'file', sourcePath: path, format: 'qcow2', readonly: false, shareable: false,
			snapshotMode: undefined, hasMirror: false, isEncrypted: false, hasSlices: false,
		}],
		argv: words,
	});
}

test('every word of the command line comes back as it was, line ends and quotes among them', t => {
	const xml = unwrap(build());
	t.deepEqual(commandLineOf(xml), argv);
	t.is(unwrap(parseDomainXml(xml)).name, 'a <b> & c');
	t.is(unwrap(parseDomainXml(xml)).memoryBytes, 64 * 1024 * 1024);
	t.deepEqual([...aliasesOf(xml)], [['vda', '/machine/x[1]']]);
});

test('a disk that is put on another image takes the command line along', t => {
	const xml = unwrap(changeDomainXml(unwrap(build()), {sources: new Map([['vda', {path: '/d/new, one', format: 'qcow2'}]])}));
	t.deepEqual(commandLineOf(xml), [...argv.slice(0, 4), 'file=/d/new,, one,id=sys,format=qcow2', ...argv.slice(5)]);
	t.is(unwrap(parseDomainXml(xml)).disks[0]!.sourcePath, '/d/new, one');
});

test('the more arguments of a domain of libvirt are not its command line, and stay as they are', t => {
	const xml = unwrap(build()).replace(/<metadata>.*<\/metadata>/, '');
	t.is(commandLineOf(xml), undefined);
	const changed = unwrap(changeDomainXml(xml, {sources: new Map([['vda', {path: '/d/new', format: 'qcow2'}]])}));
	t.true(changed.includes('id=sys,format=qcow2'));
	t.false(changed.includes('file=/d/new,'));
});

test('a command line that nobody knows is left out, and one that XML cannot hold is refused', t => {
	const bare = unwrap(build([]));
	t.is(commandLineOf(bare), undefined);
	t.false(build(['qemu', '-name', '\u001B[2J']).ok);
});
