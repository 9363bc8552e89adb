import test from 'ava';
import {changeDomainXml} from '../../../../source/model/xml/change-domain.ts';
import {parseDomainXml} from '../../../../source/model/xml/parse-domain.ts';
import {unwrap} from '../../../helpers/unwrap.ts';

const domainOn = (source: string, type = 'network') => `<domain><name>web</name><devices><disk type='${type}' device='disk'><driver name='qemu' type='raw'/>${source}<target dev='vda'/></disk></devices></domain>`;
const pathOf = (xml: string) => unwrap(parseDomainXml(xml)).disks[0]!.sourcePath;

test('a disk behind a plain NBD server has a name, with all that libvirt adds while the domain runs', t => {
	t.is(pathOf(domainOn('<source protocol="nbd" name="vol" tls="no" index="1"><host name="store" port="10809"/></source>')), 'nbd://store:10809/vol');
	t.is(pathOf(domainOn('<source protocol="nbd"><host name="store"/></source>')), 'nbd://store:10809');
	t.is(pathOf(domainOn('<source protocol="nbd" name="vol"><host transport="unix" socket="/run/s"/></source>')), 'nbd+unix:///vol?socket=/run/s');
});

test('one of which more is said has none: it would be lost', t => {
	for (const source of [
		'<source protocol="nbd" name="vol" tls="yes"><host name="store"/></source>',
		'<source protocol="nbd" name="vol" tlsHostname="x"><host name="store"/></source>',
		'<source protocol="nbd" name="vol"><host name="store"/><reconnect delay="10"/></source>',
		'<source protocol="nbd" name="vol"><host name="store"/><encryption format="luks"/></source>',
		'<source protocol="nbd" name="vol"><host name="a"/><host name="b"/></source>',
		'<source protocol="nbd" name="vol"><host name="store" transport="rdma"/></source>',
		'<source protocol="rbd" name="pool/vol"><host name="store"/></source>',
	]) {
		t.is(pathOf(domainOn(source)), undefined, source);
	}
});

test('one that is not raw has none: it may stand on others, which nobody reads', t => {
	const source = '<source protocol="nbd" name="vol"><host name="store"/></source>';
	t.is(pathOf(domainOn(source)), 'nbd://store:10809/vol');
	t.is(pathOf(domainOn(source).replace('type=\'raw\'', 'type=\'qcow2\'')), undefined);
});

test('an overlay takes its place, and it takes that of the overlay', t => {
	const before = domainOn('<source protocol="nbd" name="vol"><host name="store" port="10809"/></source>');
	const onFile = unwrap(changeDomainXml(before, {sources: new Map([['vda', {path: '/d/vda.s1', format: 'qcow2'}]])}));
	t.regex(onFile, /type="file"/);
	t.regex(onFile, /<source file="\/d\/vda\.s1"\s*\/>/);
	t.notRegex(onFile, /host|protocol/);
	const back = unwrap(changeDomainXml(onFile, {sources: new Map([['vda', {path: 'nbd://store:10809/vol', format: 'raw'}]])}));
	t.regex(back, /type="network"/);
	t.is(pathOf(back), 'nbd://store:10809/vol');
	t.is(unwrap(parseDomainXml(back)).disks[0]!.sourceType, 'network');
	const socket = unwrap(changeDomainXml(onFile, {sources: new Map([['vda', {path: 'nbd+unix:///vol?socket=/run/s', format: 'raw'}]])}));
	t.is(pathOf(socket), 'nbd+unix:///vol?socket=/run/s');
});
