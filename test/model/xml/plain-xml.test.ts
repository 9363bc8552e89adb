import {readFile, readdir} from 'node:fs/promises';
import test from 'ava';
import fc from 'fast-check';
import {readPlainXml} from '../../../source/model/xml/plain-xml.ts';
import {readAnyXml} from '../../../source/model/xml/read-xml.ts';
import {fixturePath} from '../../helpers/fixtures.ts';
import * as samples from './samples.ts';

const stopPaths = new Set(['domainsnapshot.domain', 'domainsnapshot.inactiveDomain', 'domainsnapshot.cookie', 'domaincheckpoint.domain', 'domain.metadata', 'inactiveDomain.metadata']);
const readPlain = (xml: string) => readPlainXml(xml, xml.indexOf('<'), stopPaths);

test('what libvirt has written is read as the parser for all XML reads it', async t => {
	const files = (await readdir(fixturePath('libvirt-9.0'), {recursive: true})).filter(name => name.endsWith('.xml'));
	t.true(files.length > 5);
	const documents = await Promise.all(files.map(async name => readFile(fixturePath(`libvirt-9.0/${name}`), 'utf8')));
	for (const xml of [...documents, ...Object.values(samples)]) {
		const read = readPlain(xml);
		t.not(read, undefined);
		t.deepEqual(read, readAnyXml(xml));
	}
});

test('so is any document of the kind', t => {
	const name = fc.constantFrom('domain', 'metadata', 'disk', 'a', 'b-c', 'x:y', 'domainsnapshot', 'name.z');
	const text = fc.constantFrom('', ' ', '\n  ', 'text', '&amp;', 'a &lt; b', '\'"', '>', '\u00E9', '\t', '/');
	const value = fc.constantFrom('', 'v', '&apos;&quot;', 'a=b', '/', ' x ', '&gt;', '\u6F22');
	const attributes = fc.uniqueArray(fc.tuple(name, value, fc.constantFrom('\'', '"')), {maxLength: 3, selector: ([key]) => key})
		.map(list => list.map(([key, content, quote]) => `${key === 'x:y' ? '\n' : ' '}${key}=${quote}${content}${quote}`).join(''));
	const {element} = fc.letrec<{element: string}>(tie => ({
		element: fc.tuple(name, attributes, fc.array(fc.oneof({withCrossShrink: true, maxDepth: 4}, text, tie('element')), {maxLength: 4}), fc.constantFrom('', ' ', '\n')).map(([tag, list, content, space]) =>
			content.length === 0 ? `<${tag}${list}${space}/>` : `<${tag}${list}${space}>${content.join('')}</${tag}>`),
	}));
	let plain = 0;
	fc.assert(fc.property(element, xml => {
		const read = readPlain(xml);
		plain += read === undefined ? 0 : 1;
		t.deepEqual(read ?? readAnyXml(xml), readAnyXml(xml), xml);
	}), {numRuns: 2000});
	t.true(plain > 1900);
});

for (const [what, xml] of Object.entries({
	'a comment': '<a><!-- b --></a>',
	CDATA: '<a><![CDATA[<b>]]></a>',
	'an instruction': '<a><?b?></a>',
	'a numeric reference': '<a>&#65;</a>',
	'an entity of HTML': '<a b=\'&eacute;\'/>',
	'a bare ampersand': '<a>b & c</a>',
	'tags that cross': '<a><b></a></b>',
	'an element that is not closed': '<a><b></a>',
	'an attribute without a value': '<a b/>',
	'an attribute without quotes': '<a b=c/>',
	'an attribute twice': '<a b=\'1\' b=\'2\'/>',
	'a name that every object has': '<a><constructor/></a>',
	'the name __proto__': '<a __proto__=\'b\'/>',
	'text outside': '<a/>b',
	'a line end within an attribute': '<a b=\'1\n2\'/>',
	'a carriage return': '<a>\r\n</a>',
	'more levels than anybody has': `${'<a>'.repeat(2000)}${'</a>'.repeat(2000)}`,
})) {
	test(`left to the other reader: ${what}`, t => {
		t.is(readPlain(xml), undefined);
	});
}
