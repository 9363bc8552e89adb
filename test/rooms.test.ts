/**
The doors between the rooms of source/ open one way (cli → commands, ui → app → engine → actions → planner → model). This reads every import line.
*/
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import test from 'ava';
import ts from 'typescript';

type Import = {from: string; to: string; isTypeOnly: boolean};

/** What each room may import of ours; `types` are allowed as `import type` only. The first entry that fits a file counts. */
const doors: Array<{room: RegExp; may: RegExp; types?: RegExp}> = [
	{room: /^(cli\.ts$|worlds\/)/, may: /./},
	// Helpers of cli.ts beside it.
	{room: /^[a-z-]+\.ts$/, may: /^([a-z-]+\.ts$|worlds\/|actions\/|commands\/|model\/|terminal\/)/, types: /./},
	{room: /^bin\//, may: /^bin\//},
	{room: /^model\//, may: /^model\//},
	{room: /^planner\//, may: /^(planner|model)\//},
	{room: /^actions\//, may: /^(actions|planner|model)\//},
	{room: /^engine\//, may: /^(actions|engine|planner|model)\//},
	{room: /^tools\//, may: /^(tools|model)\/|^engine\/ports\.ts$/},
	// The hosts know nothing of each other.
	{room: /^hosts\/shared\//, may: /^(hosts\/shared|tools|model)\/|^engine\/ports\.ts$/},
	{room: /^hosts\/demo\//, may: /^(hosts\/(demo|shared)|tools|model)\/|^engine\/ports\.ts$/},
	{room: /^hosts\/libvirt\//, may: /^(hosts\/(libvirt|shared)|tools|model)\/|^engine\/ports\.ts$/},
	{room: /^hosts\/qemu\//, may: /^(hosts\/(qemu|shared)|tools|model)\/|^engine\/ports\.ts$/},
	// Keys and sizes become messages there.
	{room: /^terminal\//, may: /^(terminal|model)\//, types: /^app\/messages\.ts$/},
	{room: /^app\/effects\.ts$/, may: /^(actions|app|engine|model)\//},
	{room: /^app\//, may: /^(actions|app|model)\//, types: /^engine\//},
	// Where the screen meets the terminal.
	{room: /^ui\/run-[a-z]+\.tsx?$/, may: /^(actions|ui|app|model|terminal)\//},
	{room: /^ui\//, may: /^(actions|ui|app|model)\//},
	{room: /^commands\//, may: /^(actions|commands|engine|planner|model)\//, types: /^(hosts|tools|app)\//},
];

/** Rooms without I/O, clock or randomness: of Node's own modules they may use only those that compute. */
const pureRooms = /^(model\/|actions\/|planner\/|app\/update\.ts$|ui\/text\.ts$)/;
const pureModules = new Set(['node:buffer', 'node:crypto', 'node:path']);
const impurity = /\b(?:Date\.now\(|new Date\(\)|Math\.random\(|randomUUID\(|randomBytes\(|process\.)/;

const sources = readSources();

test('every file of source/ is in a room that has rules', t => {
	t.true(sources.size > 0);
	const homeless = [...sources.keys()].filter(file => !doors.some(door => door.room.test(file)));
	t.deepEqual(homeless, []);
});

test('no door between rooms opens the wrong way', t => {
	const wrong = readImports().filter(({to}) => !to.startsWith('node:') && isOurs(to)).filter(({from, to, isTypeOnly}) => {
		const door = doors.find(door => door.room.test(from));
		return door && !door.may.test(to) && !(isTypeOnly && door.types?.test(to));
	});
	t.deepEqual(wrong.map(({from, to}) => `${from} → ${to}`), []);
});

test('no files import each other in a circle, types included', t => {
	t.deepEqual(circlesAmong(readImports()), []);
});

test('a circle is found, over however many files', t => {
	const imports = [['a', 'b'], ['b', 'c'], ['c', 'a'], ['c', 'd'], ['e', 'd']].map(([from, to]) => ({from: from!, to: to!, isTypeOnly: true}));
	t.deepEqual(circlesAmong(imports), [['a', 'b', 'c']]);
});

test('pure rooms import nothing of Node but what computes', t => {
	const wrong = readImports().filter(({from, to}) => pureRooms.test(from) && !isOurs(to) && to.startsWith('node:') && !pureModules.has(to));
	t.deepEqual(wrong.map(({from, to}) => `${from} → ${to}`), []);
});

test('pure rooms ask neither clock nor chance nor process', t => {
	const wrong = [...sources].filter(([file, text]) => pureRooms.test(file) && impurity.test(withoutComments(text)));
	t.deepEqual(wrong.map(([file]) => file), []);
});

test('planners, actions and the engine ask which kind of hypervisor it is, and of which version, in two files alone', t => {
	const asks = /owner [!=]== '|\.hypervisor [!=]== '|\b(?:libvirt|hypervisor)Version\b/;
	const asking = [...sources].filter(([file, text]) => /^(planner|actions|engine)\//.test(file) && asks.test(withoutComments(text))).map(([file]) => file);
	t.deepEqual(asking, ['planner/hypervisor/capabilities.ts', 'planner/hypervisor/choose.ts']);
});

test('planners and actions ask what a disk is on in one file alone', t => {
	const asking = [...sources].filter(([file, text]) => /^(planner|actions)\//.test(file) && /\bsourceType\b/.test(withoutComments(text))).map(([file]) => file);
	t.deepEqual(asking, ['planner/storage/storage.ts']);
});

test('what is particular to an action is asked of its spec or of its plan: only its own folder asks whether it is the one', t => {
	const kinds = [...sources.keys()].flatMap(file => /^actions\/([a-z-]+)\/spec\.ts$/.exec(file)?.[1] ?? []);
	const asks = new RegExp(`\\bkind [!=]== '(${kinds.join('|')})'|\\bcase '(${kinds.join('|')})':`, 'g');
	const asking = [...sources].flatMap(([file, text]) => [...withoutComments(text).matchAll(asks)]
		.map(([, compared, named]) => compared ?? named!)
		.filter(kind => !file.startsWith(`actions/${kind}/`))
		.map(kind => `${file}: ${kind}`));
	t.true(kinds.length > 9);
	t.deepEqual(asking, []);
});

test('every action has tests of its own', t => {
	const kinds = [...sources.keys()].flatMap(file => /^actions\/([a-z-]+)\/spec\.ts$/.exec(file)?.[1] ?? []);
	const tested = new Set(readdirSync('test/actions', {recursive: true, encoding: 'utf8'}).map(name => /^([a-z-]+)\/.+\.test\.ts$/.exec(name)?.[1]));
	t.deepEqual(kinds.filter(kind => !tested.has(kind)), []);
});

test('what an action means is said in its words', t => {
	const saying = [...sources].filter(([file, text]) => /^actions\/.*(?<!\/words)\.ts$/.test(file) && /\bseverity: '/.test(text)).map(([file]) => file);
	t.deepEqual(saying, []);
});

test('no file is longer than 300 lines, half of them have at most 110, and no folder holds more than 16 files', t => {
	t.deepEqual([...sources].filter(([, text]) => text.split('\n').length > 301).map(([file]) => file), []);
	const lengths = [...sources.values()].map(text => text.split('\n').length - 1).sort((one, other) => one - other);
	t.true(lengths[Math.floor(lengths.length / 2)]! <= 110);
	const counts = new Map<string, number>();
	for (const file of sources.keys()) {
		counts.set(path.dirname(file), (counts.get(path.dirname(file)) ?? 0) + 1);
	}

	t.deepEqual([...counts].filter(([, count]) => count > 16), []);
});

test('no function is longer than 80 lines', t => {
	const long = [...sources].filter(([file]) => /\.tsx?$/.test(file)).flatMap(([file, text]) => longFunctions(text, file).map(line => `${file}:${line}`));
	t.deepEqual(long, []);
	const body = '\tdo();\n'.repeat(79);
	t.deepEqual(longFunctions(`function a() {\n${body}}\n\nconst b = () => {\n${body.slice(7)}};\n`), [1]);
});

test('planners, the engine and what only a machine needs are not loaded before the first frame of the demo', t => {
	const next = new Map([...sources].map(([file, text]) => [file, parseImports(file, text.replaceAll('import(', 'later(')).filter(({isTypeOnly}) => !isTypeOnly).map(({to}) => to)]));
	const reached = new Set(['cli.ts', 'ui/run-screen.tsx', 'hosts/demo/host.ts'].flatMap(file => [...reachFrom(file, next)]));
	t.true(reached.has('hosts/libvirt/host.ts'));
	t.deepEqual([...reached].filter(file => /^(engine|planner\/(checks|folder|pools|records|script))\/|^worlds\/open-machine|^tools\/state\/state-store|^hosts\/shared\/qmp\//.test(file)), []);
});

test('the screen never reaches for the world', t => {
	const wrong = readImports().filter(({from, to}) => from.startsWith('ui/') && /^(node:fs|node:child_process|execa)/.test(to));
	t.deepEqual(wrong.map(({from, to}) => `${from} → ${to}`), []);
});

test('the reader of import lines sees every form of import', t => {
	const text = [
		'import type {A} from \'../a/x.ts\';',
		'import {\n\tb,\n\tc,\n} from \'./b.ts\';',
		'export * from "./c.ts";',
		'import \'./d.ts\';',
		'const {e} = await import(\'../e/e.ts\');',
		'export type {F} from \'./f.ts\';',
		'// import \'./commented-out.ts\';',
	].join('\n');
	t.deepEqual(parseImports('room/file.ts', text), [
		{from: 'room/file.ts', to: 'a/x.ts', isTypeOnly: true},
		{from: 'room/file.ts', to: 'room/b.ts', isTypeOnly: false},
		{from: 'room/file.ts', to: 'room/c.ts', isTypeOnly: false},
		{from: 'room/file.ts', to: 'room/f.ts', isTypeOnly: true},
		{from: 'room/file.ts', to: 'room/d.ts', isTypeOnly: false},
		{from: 'room/file.ts', to: 'e/e.ts', isTypeOnly: false},
	]);
});

/** The lines on which they begin. */
function longFunctions(text: string, name = 'file.ts'): number[] {
	const file = ts.createSourceFile(name, text, ts.ScriptTarget.Latest);
	const found: number[] = [];
	const visit = (node: ts.Node) => {
		const [first, last] = [node.getStart(file), node.end].map(at => file.getLineAndCharacterOfPosition(at).line) as [number, number];
		if (ts.isFunctionLike(node) && last - first >= 80) {
			found.push(first + 1);
		}

		ts.forEachChild(node, visit);
	};

	visit(file);
	return found;
}

function readSources(): Map<string, string> {
	const files = readdirSync('source', {recursive: true, encoding: 'utf8'}).filter(name => /\.(tsx?|mjs)$/.test(name)).sort();
	return new Map(files.map(file => [file, readFileSync(path.join('source', file), 'utf8')]));
}

function readImports(): Import[] {
	return [...sources].flatMap(([file, text]) => parseImports(file, text));
}

/** The files of each circle. Two files are in one where each reaches the other. */
function circlesAmong(imports: Import[]): string[][] {
	const next = new Map<string, string[]>();
	for (const {from, to} of imports) {
		next.set(from, [...(next.get(from) ?? []), to]);
	}

	const reached = new Map([...next.keys()].map(file => [file, reachFrom(file, next)] as const));
	const files = [...next.keys()].filter(file => reached.get(file)!.has(file));
	const circles = files.map(file => files.filter(other => reached.get(file)!.has(other) && reached.get(other)!.has(file)));
	return circles.filter((circle, index) => files[index] === circle[0]);
}

function reachFrom(file: string, next: Map<string, string[]>): Set<string> {
	const reached = new Set<string>();
	const left = [...(next.get(file) ?? [])];
	for (let at = left.pop(); at !== undefined; at = left.pop()) {
		if (!reached.has(at)) {
			reached.add(at);
			left.push(...(next.get(at) ?? []));
		}
	}

	return reached;
}

function parseImports(file: string, text: string): Import[] {
	const code = withoutComments(text);
	const withFrom = [...code.matchAll(/^\s*(?:import|export)\s+(type\s)?[^;'"]*?from\s*['"]([^'"]+)['"]/gm)].map(match => ({isTypeOnly: Boolean(match[1]), specifier: match[2]!}));
	const bare = [...code.matchAll(/\bimport\s*\(?\s*['"]([^'"]+)['"]/g)].map(match => ({isTypeOnly: false, specifier: match[1]!}));
	return [...withFrom, ...bare].map(({specifier, isTypeOnly}) => ({
		from: file,
		to: specifier.startsWith('.') ? path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier)) : specifier,
		isTypeOnly,
	}));
}

function withoutComments(text: string): string {
	return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

function isOurs(specifier: string): boolean {
	return sources.has(specifier) || /\.(tsx?|mjs)$/.test(specifier);
}
