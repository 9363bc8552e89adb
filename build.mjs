/**
Builds what is published: `dist/vsnap-tui-main.mjs`, the program as an ESM file; `dist/chunks`, what it loads at once (`core`), what it loads late (the demo host for `--demo`)
and what several of those use; `dist/vsnap-tui.mjs`, the small file that checks the Node version and loads it; the manual page; and the licence texts of everything that is bundled.
All of it is minified, because what is parsed at each start costs time. The source maps go to `build/maps`, for trace.mjs.

Usage: node build.mjs [ENTRY]. ENTRY defaults to source/cli.ts.
       node build.mjs --one-file: `bundle/vsnap-tui.mjs`, the whole program in one file that needs nothing but Node, and `bundle/vsnap-tui-VERSION.tar.gz` with it, the manual page,
       the completions and the licences, each with its SHA-256.
*/
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import process from 'node:process';
import {
	chmod, copyFile, mkdir, readdir, readFile, rename, rm, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import {build} from 'esbuild';

const isOneFile = process.argv[2] === '--one-file';
const entry = isOneFile ? 'source/cli.ts' : process.argv[2] ?? 'source/cli.ts';
const out = isOneFile ? 'bundle' : 'dist';
const stage = 'build/stage';
const {version} = JSON.parse(await readFile('package.json', 'utf8'));

// Ink's developer tools would drag in a browser's worth of code; Ink loads them only with DEV=true.
const withoutDevelopmentTools = {
	name: 'without-development-tools',
	setup(build) {
		build.onResolve({filter: /^(react-devtools-core|ws)$|\/devtools\.js$/}, ({path}) => ({path, namespace: 'left-out'}));
		build.onLoad({filter: /.*/, namespace: 'left-out'}, () => ({contents: 'export default {};'}));
	},
};

/** What other packages do at once when they are loaded, and need not, or in a slower way. Each text must be there once: a newer version is looked at again. */
const changesInPackages = {
	// Yoga decodes its WebAssembly through `fetch` of a data: URL; decoded by Buffer the first frame comes about 15 ms earlier.
	'yoga-layout/dist/binaries/yoga-wasm-base64-esm.js'(text) {
		const [, base64] = /"data:application\/octet-stream;base64,([\w+/=]+)"/.exec(text) ?? [];
		return base64 && `${text.replace(base64, '')}\nexport const wasmBase64 = '${base64}';\n`;
	},
	'yoga-layout/dist/src/index.js': [
		['import loadYoga from', 'import loadYoga, {wasmBase64} from'],
		['loadYoga()', 'loadYoga({wasmBinary: Buffer.from(wasmBase64, \'base64\')})'],
	],
	// It starts programs for verbs that are files of their own; ours are not.
	'commander/lib/command.js': [
		['const childProcess = require(\'node:child_process\');', 'const childProcess = {spawn: (...asked) => require(\'node:child_process\').spawn(...asked)};'],
	],
	// Tables of Unicode are read from disk when they are first used: most texts need none.
	'string-width/index.js': [
		['const segmenter = new Intl.Segmenter();', 'let segmenter;'],
		['const defaultIgnorableCodePointRegex = ', 'const defaultIgnorableCodePointRegex = () => '],
		['segmenter.segment(string)', '(segmenter ??= new Intl.Segmenter()).segment(string)'],
		['defaultIgnorableCodePointRegex.test(', 'defaultIgnorableCodePointRegex().test('],
	],
};

/** Undefined where one of the texts is not there. */
function changed(text, changes) {
	if (typeof changes === 'function') {
		return changes(text);
	}

	let result = text;
	for (const [from, to] of changes) {
		if (result.split(from).length !== 2) {
			return undefined;
		}

		result = result.replace(from, () => to);
	}

	return result;
}

const packages = {
	name: 'packages',
	setup(build) {
		for (const [name, changes] of Object.entries(changesInPackages)) {
			build.onLoad({filter: new RegExp(`/node_modules/${name}$`)}, async ({path}) => {
				const contents = changed(await readFile(path, 'utf8'), changes);
				if (contents === undefined) {
					throw new Error(`${name} is written in another way than before: look at build.mjs`);
				}

				return {contents};
			});
		}
	},
};

const target = 'node18.19';
const define = {
	'process.env.NODE_ENV': '"production"',
	'process.env.DEV': '"false"',
};

await rm(out, {recursive: true, force: true});
await rm(stage, {recursive: true, force: true});
await mkdir(out, {recursive: true});

// CommonJS dependencies call `require` for Node's own modules.
const requireForBundle = 'import {createRequire as createRequireForBundle} from \'node:module\';\nconst require = createRequireForBundle(import.meta.url);';

const common = {
	// Of text that is ASCII alone V8 keeps one byte for each character instead of two, and reads it faster.
	bundle: true, format: 'esm', platform: 'node', target, charset: 'ascii', legalComments: 'none', metafile: true, logLevel: 'warning',
};

const {metafile} = await build({
	...common,
	...isOneFile
		? {entryPoints: [entry], outfile: `${out}/vsnap-tui.mjs`, minify: true, sourcemap: 'external', banner: {js: `#!/usr/bin/env node\n${requireForBundle}`}}
		: {
			entryPoints: {'vsnap-tui-main': entry}, outdir: stage, outExtension: {'.js': '.mjs'}, splitting: true, chunkNames: 'chunks/[name]-[hash]', sourcemap: 'linked',
		},
	sourcesContent: false,
	define,
	plugins: [withoutDevelopmentTools, packages],
});

const outputs = isOneFile ? metafile.outputs : await joinCore(metafile.outputs);
const maps = `build/maps/${out}`;
await rm(maps, {recursive: true, force: true});
await mkdir(maps, {recursive: true});
await writeFile(`${maps}/metafile.json`, JSON.stringify({outputs}));
for (const file of Object.keys(outputs).filter(name => name.endsWith('.map'))) {
	await rename(file, path.join(maps, path.basename(file)));
}

/**
What esbuild splits is one small file for each set of loaders that need it, and Node takes about a millisecond for each file of a start. So all that the program needs
at once becomes one file, `core`, and what is loaded late takes it from there. It stands apart from the program's first file, which is still waiting for its own end then.
*/
async function joinCore(staged) {
	const files = Object.keys(staged).filter(file => file.endsWith('.mjs'));
	const main = files.find(file => staged[file].entryPoint === entry);
	const isCore = new Set();
	const follow = file => {
		for (const {path: to} of staged[file].imports.filter(({kind, external}) => kind === 'import-statement' && !external)) {
			if (!isCore.has(to)) {
				isCore.add(to);
				follow(to);
			}
		}
	};

	follow(main);
	const prefixOf = new Map([...isCore].map((file, index) => [path.basename(file), `c${index}_`]));
	/** As esbuild writes its imports of chunks. */
	const takenFromCore = text => text.replaceAll(/^import (?:{([^}]*)} from )?"(\.\/[\w./-]+)";$/gm, (whole, names, from) => {
		const prefix = prefixOf.get(path.basename(from));
		if (prefix === undefined) {
			return whole;
		}

		const taken = (names ?? '').split(',').map(name => name.trim()).filter(Boolean).map(name => `${prefix}${name.includes(' as ') ? name : `${name} as ${name}`}`);
		// As many lines as before, for the source map.
		return `import {${taken.join(', ')}} from "core:";${whole.replaceAll(/[^\n]/g, '')}`;
	});

	const joined = {};
	const rebuild = async (entryPoints, {toChunks, core, ...options}) => {
		const late = {
			name: 'late',
			setup(build) {
				build.onResolve({filter: /./}, ({kind, path: name}) => kind === 'dynamic-import' && name.endsWith('.mjs') ? {path: `${toChunks}${path.basename(name)}`, external: true} : undefined);
				if (core !== undefined) {
					build.onResolve({filter: /^core:$/}, () => ({path: `${toChunks}${core}`, external: true}));
					build.onLoad({filter: /\.mjs$/}, async ({path: file}) => ({contents: takenFromCore(await readFile(file, 'utf8'))}));
				}
			},
		};
		const {metafile} = await build({
			...common, entryPoints, outdir: out, outExtension: {'.js': '.mjs'}, chunkNames: 'chunks/[name]-[hash]', minify: true, sourcemap: 'external', sourcesContent: false, plugins: [late], ...options,
		});
		Object.assign(joined, metafile.outputs);
		return Object.keys(metafile.outputs);
	};

	await writeFile(`${stage}/core.mjs`, [...isCore].map(file => `export {${staged[file].exports.map(name => `${name} as ${prefixOf.get(path.basename(file))}${name}`).join(', ')}} from ${JSON.stringify(path.resolve(file))};\n`).join(''));
	const built = await rebuild({core: `${stage}/core.mjs`}, {toChunks: './', entryNames: 'chunks/[name]-[hash]', banner: {js: requireForBundle}});
	const core = built.find(file => file.endsWith('.mjs'));
	await rebuild({'vsnap-tui-main': main}, {toChunks: './chunks/', core: path.basename(core)});
	await rebuild(Object.fromEntries(files.filter(file => file !== main && staged[file].entryPoint !== undefined).map(file => [`chunks/${path.basename(file, '.mjs')}`, file])), {toChunks: './', core: path.basename(core), splitting: true});
	return Object.fromEntries(Object.entries(joined).map(([file, output]) => [file, {
		...output,
		entryPoint: staged[output.entryPoint]?.entryPoint,
		imports: output.imports.map(one => path.basename(one.path) === path.basename(core) ? {...one, path: core, external: false} : one),
	}]));
}

const licences = await collectLicences(Object.keys(metafile.inputs));
const program = `${out}/vsnap-tui.mjs`;
if (!isOneFile) {
	await writeFile(program, (await readFile('source/bin/vsnap-tui.mjs', 'utf8')).replace('VERSION', version));
}

await chmod(program, 0o755);
await writeFile(`${out}/THIRD-PARTY-LICENSES.txt`, licences);
if (entry === 'source/cli.ts') {
	await writeFile(`${out}/vsnap-tui.1`, printed('man'));
}

if (isOneFile) {
	await pack();
}

/** What the program that was just built prints. */
function printed(...words) {
	return execFileSync(process.execPath, [program, ...words], {encoding: 'utf8'});
}

/** The same bytes for the same sources: neither owners nor times of this machine are in it. */
async function pack() {
	for (const shell of ['bash', 'zsh', 'fish']) {
		await writeFile(`${out}/vsnap-tui.${shell}`, printed('completion', shell));
	}

	await copyFile('LICENSE', `${out}/LICENSE`);
	const archive = `vsnap-tui-${version}.tar.gz`;
	const packed = ['vsnap-tui.mjs', 'vsnap-tui.1', 'vsnap-tui.bash', 'vsnap-tui.zsh', 'vsnap-tui.fish', 'LICENSE', 'THIRD-PARTY-LICENSES.txt'];
	execFileSync('tar', ['--create', `--file=${archive.replace('.gz', '')}`, '--sort=name', '--mtime=@0', '--owner=0', '--group=0', '--numeric-owner', '--mode=u=rwX,go=rX', ...packed], {cwd: out});
	execFileSync('gzip', ['--no-name', '--force', '--best', archive.replace('.gz', '')], {cwd: out});
	for (const name of ['vsnap-tui.mjs', archive]) {
		const digest = createHash('sha256').update(await readFile(`${out}/${name}`)).digest('hex');
		await writeFile(`${out}/${name}.sha256`, `${digest}  ${name}\n`);
	}
}

/** The licence text of each package that one of these files belongs to. Throws where a package has none: then it must not be published like that. */
async function collectLicences(files) {
	const folders = new Set(files.flatMap(file => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
	const texts = await Promise.all([...folders].sort().map(async folder => {
		const {name, version, license} = JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
		const names = await readdir(folder);
		const file = names.find(name => /^(licen[cs]e|copying)/i.test(name));
		const text = file ? await readFile(path.join(folder, file), 'utf8') : undefined;
		if (!text && !license) {
			throw new Error(`${name} ${version} does not say under which licence it is`);
		}

		return `${name} ${version} (${license})\n\n${(text ?? `Licence: ${license}. The package carries no text of its own.`).trim()}\n`;
	}));
	return ['What is bundled into vsnap-tui, and under which licences.\n', ...texts].join(`\n${'-'.repeat(80)}\n\n`);
}
