import test from 'ava';
import fc from 'fast-check';
import {anyText} from '../../helpers/any-text.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {changeDomainXml} from '../../../source/model/xml/change-domain.ts';
import {buildSnapshotXml, changeSnapshotXml} from '../../../source/model/xml/change-snapshot.ts';
import {escapeAttribute, escapeText} from '../../../source/model/xml/change-xml.ts';
import {parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../../source/model/xml/parse-snapshot.ts';
import {at, canonicalise, type Canonical} from './canonical.ts';
import {domainXml, snapshotXml} from './samples.ts';

const hostile = '/images/-x $(touch /tmp/pwn) \'q\' "d" ; <&> ]]> {json:}\t☃😀';

function withoutChains(element: Canonical): Canonical {
	return {
		...element,
		attributes: element.name === 'source' ? Object.fromEntries(Object.entries(element.attributes).filter(([key]) => key !== 'index')) : element.attributes,
		children: element.children
			.filter(child => typeof child === 'string' || child.name !== 'backingStore')
			.map(child => typeof child === 'string' ? child : withoutChains(child)),
	};
}

test('a domain that is changed in nothing means the same, but for its backing stores', t => {
	const written = unwrap(changeDomainXml(domainXml, {sources: new Map()}));
	t.deepEqual(canonicalise(written), withoutChains(canonicalise(domainXml)));
});

test('declarations, comments, CDATA, processing instructions and entities survive', t => {
	const xml = '<?xml version="1.0"?>\n<!-- made by hand -->\n<domain a=\'x"y\' b="x&#10;y"><name>w</name><!-- c --><d><![CDATA[ <raw> & ]]></d><e>&#x1F600; &amp;amp;</e><devices/></domain>';
	const written = unwrap(changeDomainXml(xml, {sources: new Map()}));
	t.deepEqual(canonicalise(written), canonicalise(xml));
	t.true(written.includes('<!-- c -->'));
	t.true(written.includes('b="x&#10;y"'));
});

test('a listed disk stands on its new image, keeps its driver\'s options, and loses every trace of the old chain', t => {
	const written = unwrap(changeDomainXml(domainXml, {sources: new Map([['vda', {path: '/images/new one', format: 'qcow2'}]])}));
	const [vda, vdb, cdrom] = at(canonicalise(written), 'devices', 'disk');
	t.deepEqual(at(vda!, 'source')[0], {
		name: 'source',
		attributes: {file: '/images/new one'},
		children: [{name: 'seclabel', attributes: {model: 'dac', relabel: 'no'}, children: []}],
	});
	t.deepEqual(at(vda!, 'driver')[0]!.attributes, {name: 'qemu', type: 'qcow2', discard: 'unmap'});
	t.deepEqual(vdb, at(canonicalise(domainXml), 'devices', 'disk')[1]);
	t.is(at(vda!, 'backingStore').length + at(cdrom!, 'backingStore').length, 0);
});

test('a block device becomes a file, gets a driver, and what belonged to the device is gone', t => {
	const written = unwrap(changeDomainXml(domainXml, {sources: new Map([['vdb', {path: '/images/vdb.new', format: 'qcow2'}]])}));
	const disk = at(canonicalise(written), 'devices', 'disk')[1]!;
	t.is(disk.attributes.type, 'file');
	t.deepEqual(at(disk, 'driver')[0]!.attributes, {name: 'qemu', type: 'qcow2'});
	t.deepEqual(at(disk, 'source'), [{name: 'source', attributes: {file: '/images/vdb.new', startupPolicy: 'optional'}, children: []}]);
});

test('an external data file stays with its image and never comes to an overlay, and a drive can be left empty', t => {
	const store = '<dataStore type=\'file\'><format type=\'raw\'/><source file=\'/d/store.raw\'/></dataStore>';
	const disk = (target: string, file: string) => `<disk type='file'><source file='${file}'>${store}</source><target dev='${target}'/></disk>`;
	const xml = `<domain><name>a</name><devices>${disk('vda', '/d/a')}${disk('vdb', '/d/b')}</devices></domain>`;
	const changed = unwrap(changeDomainXml(xml, {sources: new Map([['vda', {path: '/d/a.s1', format: 'qcow2'}]]), emptied: []}));
	t.regex(changed, /<source file="\/d\/a\.s1"\/>/);
	t.regex(changed, /<source file="\/d\/b"><dataStore/);
	t.notRegex(unwrap(changeDomainXml(xml, {sources: new Map(), emptied: ['vda', 'vdb']})), /<source file="\/d\/[ab]"/);
});

test('a disk that is to stay on its block device stays a block device', t => {
	const written = unwrap(changeDomainXml(domainXml, {sources: new Map([['vdb', {path: '/dev/vg/web', format: 'raw'}]])}));
	const disk = at(canonicalise(written), 'devices', 'disk')[1]!;
	t.is(disk.attributes.type, 'block');
	t.is(at(disk, 'source')[0]!.attributes.dev, '/dev/vg/web');
});

test('an empty drive gets a source before its target', t => {
	const empty = domainXml.replace('<source file=\'/iso/install.iso\'/>', '');
	const written = unwrap(changeDomainXml(empty, {sources: new Map([['sda', {path: '/iso/b.iso', format: 'raw'}]])}));
	const names = at(canonicalise(written), 'devices', 'disk')[2]!.children.map(child => typeof child === 'string' ? child : child.name);
	t.deepEqual(names, ['driver', 'source', 'target', 'readonly']);
});

test('a mirror that was recorded is dropped', t => {
	const mirrored = domainXml.replace('<target dev=\'vda\'', '<mirror type=\'file\' job=\'copy\'><source file=\'/x\'/></mirror><target dev=\'vda\'');
	t.false(unwrap(changeDomainXml(mirrored, {sources: new Map()})).includes('mirror'));
});

test('an inactiveDomain becomes a domain, with another name', t => {
	const {inactiveDomainXml} = unwrap(parseSnapshotXml(snapshotXml));
	const written = unwrap(changeDomainXml(inactiveDomainXml!, {name: '</name>&', rootName: 'domain', sources: new Map()}));
	t.true(written.startsWith('<domain '));
	t.true(written.endsWith('</domain>\n'));
	t.is(unwrap(parseDomainXml(written)).name, '</name>&');
});

test('a hostile path and name arrive as they are, whatever they hold', t => {
	t.notThrows(() => {
		fc.assert(fc.property(anyText({minLength: 1, maxLength: 40}), text => {
			const written = changeDomainXml(domainXml, {name: `n${text}`, sources: new Map([['vda', {path: `/i/${text}`, format: 'qcow2'}]])});

			if (/[\0-\u{8}\u{B}\u{C}\u{E}-\u{1F}\uFFFE\uFFFF]/u.test(text)) {
				return !written.ok;
			}

			const canonical = canonicalise(unwrap(written));
			const definition = unwrap(parseDomainXml(unwrap(written)));
			return at(canonical, 'devices', 'disk')[0]!.children.some(child => typeof child !== 'string' && child.attributes.file === `/i/${text}`)
				&& definition.disks[0]!.sourcePath === `/i/${text}`
				&& definition.name === `n${text}`;
		}), {verbose: true});
	});
});

const nameOfElement = fc.stringMatching(/^[a-zA-Z][\w.-]{0,6}$/);
const attributes = fc.dictionary(nameOfElement, fc.string({unit: 'grapheme', maxLength: 8}), {maxKeys: 3});
const {element} = fc.letrec(tie => ({
	element: fc.tuple(nameOfElement, attributes, fc.oneof(
		{depthSize: 'small'},
		fc.string({unit: 'grapheme', maxLength: 8}).map(text => escapeText(text)),
		fc.array(tie('element'), {maxLength: 3}).map(children => children.join('')),
	))
		.map(([name, given, content]) => {
			const written = Object.entries(given).map(([key, value]) => ` ${key}='${escapeAttribute(value)}'`).join('');
			return content === '' ? `<${name}${written}/>` : `<${name}${written}>${content}</${name}>`;
		}),
}));

test('any unknown elements are read and written back with the same meaning', t => {
	fc.assert(fc.property(fc.array(element, {maxLength: 4}), elements => {
		const xml = `<domain><name>w</name>${elements.join('\n  ')}<os/></domain>`;
		t.deepEqual(canonicalise(unwrap(changeDomainXml(xml, {sources: new Map()}))), canonicalise(xml));
	}), {verbose: true});
});

test('only the external disks of the record get their overlay, never those of the stored domain', t => {
	const written = unwrap(changeSnapshotXml(snapshotXml, {overlays: new Map([['vda', hostile], ['vdb', '/images/never']]), dropRevertDisks: true}));
	const [before, after] = [unwrap(parseSnapshotXml(snapshotXml)), unwrap(parseSnapshotXml(written))];
	t.deepEqual(after.disks, [{target: 'vda', mode: 'external', overlayPath: hostile}, {target: 'vdb', mode: 'no', overlayPath: undefined}]);
	t.deepEqual(after.revertDisks, []);
	t.deepEqual(canonicalise(after.domainXml!), canonicalise(before.domainXml!));
	t.deepEqual(canonicalise(after.inactiveDomainXml!), canonicalise(before.inactiveDomainXml!));
	t.true(written.includes('<cookie>'));
});

test('a record that is built is read as what it was built from', t => {
	const domain = `<?xml version='1.0'?>\n${domainXml}`;
	const xml = buildSnapshotXml({
		name: hostile,
		description: ' ]]> & co ',
		state: 'shutoff',
		parent: '007',
		createdAt: 12,
		memory: {mode: 'external', path: hostile},
		disks: [{target: 'vda', mode: 'external', overlayPath: hostile}, {target: 'vdb', mode: 'no', overlayPath: undefined}],
		domainXml: domain,
	});
	t.like(unwrap(parseSnapshotXml(xml)), {
		name: hostile,
		description: ' ]]> & co ',
		state: 'shutoff',
		parent: '007',
		createdAt: 12,
		memory: {mode: 'external', path: hostile},
		disks: [{target: 'vda', mode: 'external', overlayPath: hostile}, {target: 'vdb', mode: 'no', overlayPath: undefined}],
		domainXml: domainXml.trimEnd(),
	});
	t.deepEqual(
		canonicalise(xml).children.map(child => typeof child === 'string' ? child : child.name),
		['name', 'description', 'state', 'parent', 'creationTime', 'memory', 'disks', 'domain'],
	);
});

test('a broken document is refused, not repaired', t => {
	t.false(changeDomainXml('<domain><name>a</nam></domain>', {sources: new Map()}).ok);
	t.false(changeDomainXml('<domain><name>a</name>', {sources: new Map()}).ok);
	t.false(changeSnapshotXml(domainXml, {overlays: new Map(), dropRevertDisks: true}).ok);
});
