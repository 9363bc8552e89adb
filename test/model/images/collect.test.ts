import test from 'ava';
import {runKey} from '../../../source/model/images/copy-cost.ts';
import {collect} from '../../../source/model/images/collect.ts';
import {buildImageGraph} from '../../../source/model/images/image-graph.ts';
import type {Image} from '../../../source/model/images/image.ts';
import type {Pin} from '../../../source/model/images/pin.ts';
import {objectionTo} from '../../../source/model/images/may-change.ts';
import {changeDomainXml} from '../../../source/model/xml/change-domain.ts';
import {parseLeftImages} from '../../../source/model/xml/left-images.ts';
import {parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import {malformationOf} from '../../../source/model/xml/read-xml.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {image, pin} from '../../helpers/images.ts';

const collected = (images: Image[], pins: Pin[], candidates: string[]) =>
	collect(buildImageGraph(images, pins), {candidates, domainUuid: 'own', isPossible: () => true});
const big = {allocatedBytes: 1024 ** 3};

test('a run of images without pins becomes one with its top, at once', t => {
	const images = [image('/a'), image('/b', '/a'), image('/c', '/b')];
	const {merges} = collected(images, [pin('/c', 'head')], ['/a', '/b']);
	t.deepEqual(merges.map(({method, top, layers, into}) => ({method, top, layers, into})), [{method: 'pull', top: '/c', layers: ['/a', '/b'], into: '/c'}]);
});

test('the way is chosen by what is copied, unless sizes forbid it', t => {
	const images = [image('/a', undefined, big), image('/b', '/a')];
	t.is(collected(images, [pin('/b', 'head')], ['/a']).merges[0]!.method, 'commit');
	images[1]!.virtualSizeBytes = 2 * (1024 ** 3);
	t.is(collected(images, [pin('/b', 'head')], ['/a']).merges[0]!.method, 'pull', 'a commit would change what the base is');
});

test('where a commit copies little more than a pull, the disk stays on the file that bears its name', t => {
	const images = [image('/a'), image('/b', '/a')];
	// What the commit copies is what /b holds; the pull copies what /b lacks of all.
	const wayFor = (top: number, all: number, base = images) => {
		const runs = [['/b', '/a'], ['/a'], ['/b']].map(paths => runKey({images: paths, clusterSizeBytes: 65_536}));
		const dataSizes = new Map([[runs[0]!, all], [runs[1]!, all - 1], [runs[2]!, top]]);
		return collect(buildImageGraph(base, [pin('/b', 'head')]), {candidates: ['/a'], domainUuid: 'own', isPossible: () => true, dataSizes}).merges[0]!.method;
	};

	t.is(wayFor(1_000_000, 1_850_000), 'commit', 'a pull would copy 850,000');
	t.is(wayFor(1_000_000, 1_750_000), 'pull', '750,000 are much less');
	const lower = [image('/0'), image('/a', '/0'), image('/b', '/a')];
	t.is(wayFor(1_000_000, 1_850_000, lower), 'pull', 'the file below bears no name of its own');
});

test('what stood on the top of a commit is told where it went, and pulls above come first', t => {
	const images = [image('/a', undefined, big), image('/b', '/a'), image('/c', '/b'), image('/d', '/c')];
	const {merges} = collected(images, [pin('/b', 'content'), pin('/d', 'head')], ['/a', '/c']);
	t.deepEqual(merges.map(({method, top}) => [method, top]), [['pull', '/d'], ['commit', '/b']]);
	t.deepEqual(merges[1]!.rebased, ['/d']);
});

test('an image that nobody explains is neither written nor left without its base', t => {
	const {merges, removed, staying} = collected([image('/a'), image('/b', '/a'), image('/stray', '/b')], [pin('/a', 'content')], ['/b']);
	t.deepEqual([merges, removed], [[], []]);
	t.is(staying[0]!.reason, 'in-use-elsewhere');
});

test('what another domain reads is not even rewritten, a read-only image is not touched at all', t => {
	const graph = buildImageGraph([image('/a'), image('/clone', '/a'), image('/r', undefined, {file: {...image('/r').file!, mode: 0o444}})], [pin('/clone', 'head', 'head of clone', 'other')]);
	for (const kind of ['remove', 'overwrite', 'rewrite', 'pull'] as const) {
		t.is(objectionTo(graph, '/a', {kind, domainUuid: 'own'})?.reason, 'needed', kind);
		t.is(objectionTo(graph, '/r', {kind, domainUuid: 'own'})?.reason, 'is-read-only', kind);
	}
});

test('an image with internal snapshots inside may be committed into, and nothing else', t => {
	const tagged = image('/a', undefined, {internalSnapshots: [{tag: 'i', memoryBytes: 0}]});
	const {merges} = collected([tagged, image('/b', '/a')], [pin('/a', 'existence'), pin('/b', 'head')], ['/a']);
	t.is(merges[0]!.method, 'commit');
	t.is(objectionTo(buildImageGraph([tagged], []), '/a', {kind: 'pull'})?.reason, 'has-internal-snapshots');
});

test('the note of images that had to stay is read however libvirt writes it', t => {
	t.deepEqual(parseLeftImages('\n<other:x xmlns:other="y"/>\n<vsnap:left xmlns:vsnap=\'urn:vsnap-tui:left-images:1\'>\n  <vsnap:image path=\'/d/a&apos;&#10;&amp;b\'/>\n</vsnap:left>', 'u1'), ['/d/a\'\n&b']);
	t.deepEqual(parseLeftImages('<o:x xmlns:o="y"><vsnap:image path="/not/ours"/></o:x>', 'u1'), []);
	t.deepEqual(parseLeftImages(undefined, 'u1'), []);
});

test('the note names its domain, and a clone that copied it has none', t => {
	const xml = (uuid: string) => `<domain><name>web</name><uuid>${uuid}</uuid><metadata><o:x xmlns:o="urn:o"/></metadata></domain>`;
	const noted = unwrap(changeDomainXml(xml('u1'), {sources: new Map(), leftImages: ['/d/a']}));
	t.regex(noted, /<vsnap:left xmlns:vsnap="urn:vsnap-tui:left-images:1" domain="u1">/);
	t.is(malformationOf(noted), undefined);
	t.deepEqual(unwrap(parseDomainXml(noted)).leftImages, ['/d/a']);
	t.is(unwrap(parseDomainXml(noted.replace('<uuid>u1', '<uuid>u2'))).leftImages, undefined);
	t.regex(unwrap(changeDomainXml(noted, {sources: new Map(), leftImages: []})), /<metadata><o:x xmlns:o="urn:o"\s*\/><\/metadata>/);
});
