import test from 'ava';
import fc from 'fast-check';
import {parseVirshCommands, parseVirshOptions} from '../../../source/hosts/demo/simulator/virsh/words.ts';

const cases: Array<[string, string[][]]> = [
	['domstate web', [['domstate', 'web']]],
	['domstate "la"bd-a; domstate \'labd\'-a', [['domstate', 'labd-a'], ['domstate', 'labd-a']]],
	[String.raw`echo a\ b "c  d"`, [['echo', 'a b', 'c  d']]],
	[String.raw`echo "a\"b" 'c\d' e\\f`, [['echo', 'a"b', String.raw`c\d`, String.raw`e\f`]]],
	['echo a\necho b', [['echo', 'a'], ['echo', 'b']]],
	['echo x;; echo y;', [['echo', 'x'], ['echo', 'y']]],
	['echo \'\' # a comment ; echo no\necho z#z', [['echo', ''], ['echo', 'z#z']]],
	['', []],
];

for (const [text, commands] of cases) {
	test(`virsh reads ${JSON.stringify(text)} as ${JSON.stringify(commands)}`, t => {
		t.deepEqual(parseVirshCommands(text), {commands});
	});
}

for (const [text, error] of [['echo "open', 'missing "'], ['echo \'open', 'missing \''], ['echo \\', 'dangling \\']] as const) {
	test(`virsh refuses ${JSON.stringify(text)} with "${error}"`, t => {
		t.deepEqual(parseVirshCommands(text), {error});
	});
}

test('whatever stands in single quotes comes back as it was', t => {
	fc.assert(fc.property(fc.array(fc.string({unit: 'grapheme'}).map(text => text.replaceAll('\'', '')), {minLength: 1}), words => {
		t.deepEqual(parseVirshCommands(words.map(word => `'${word}'`).join(' ')), {commands: [words]});
	}));
});

test('options are given by name, by name=value, by place, and after --', t => {
	const specs = 'domain! snapshotname --metadata';
	for (const words of [['--snapshotname', '-x', '--metadata', 'web'], ['--metadata', '--domain=web', '--', '-x']]) {
		const parsed = parseVirshOptions('v', words, specs);
		t.deepEqual('error' in parsed ? parsed.error : [parsed.values.get('domain'), parsed.values.get('snapshotname'), [...parsed.flags]], ['web', '-x', ['metadata']]);
	}
});

test('wrong options are refused in virsh\'s own words', t => {
	const specs = 'domain!';
	t.deepEqual(parseVirshOptions('domstate', [], specs), {error: 'command \'domstate\' requires <domain> option'});
	t.deepEqual(parseVirshOptions('domstate', ['web', '--bogus'], specs), {error: 'command \'domstate\' doesn\'t support option --bogus'});
	t.deepEqual(parseVirshOptions('domstate', ['web', 'more'], specs), {error: 'unexpected data \'more\''});
});
