/**
Compiles the fast tests once into `build/test`, with what they share in common files: a worker of Ava that compiles the same sources by itself needs about a
second of CPU time for it, and there is a worker per file.
*/
import {readdir, rm} from 'node:fs/promises';
import path from 'node:path';
import {build} from 'esbuild';

const outdir = 'build/test';
const files = await readdir('test', {recursive: true});
const entryPoints = files.filter(file => /\.test\.tsx?$/.test(file) && !/^(lab|pty)\//.test(file)).map(file => path.join('test', file));

await rm(outdir, {recursive: true, force: true});
await build({
	entryPoints,
	outdir,
	outbase: 'test',
	bundle: true,
	splitting: true,
	format: 'esm',
	platform: 'node',
	target: 'node18.19',
	jsx: 'automatic',
	packages: 'external',
	sourcemap: 'inline',
	chunkNames: 'shared/[hash]',
	logLevel: 'warning',
});
