/**
Tells where the lines of a stack trace of the published program stand in the sources. To be run at the tag of that version, after `npm run build` (for the program in one
file: `npm run bundle`), which gives the same bytes and their source maps.

Usage: node trace.mjs < TRACE
*/
import {existsSync, readFileSync} from 'node:fs';
import {SourceMap} from 'node:module';
import path from 'node:path';
import process from 'node:process';

const maps = new Map();

function mapOf(name) {
	if (!maps.has(name)) {
		const file = ['dist', 'bundle'].map(out => `build/maps/${out}/${name}.map`).find(file => existsSync(file));
		maps.set(name, file && new SourceMap(JSON.parse(readFileSync(file, 'utf8'))));
	}

	return maps.get(name);
}

const trace = readFileSync(process.stdin.fd, 'utf8');
process.stdout.write(trace.replaceAll(/[^\s()]*?([\w-]+\.mjs):(\d+):(\d+)/g, (place, name, line, column) => {
	const {originalSource, originalLine, originalColumn} = mapOf(name)?.findEntry(Number(line) - 1, Number(column) - 1) ?? {};
	return originalSource === undefined ? place : `${path.normalize(originalSource.replace(/^(?:\.\.\/)+/, ''))}:${originalLine + 1}:${originalColumn + 1}`;
}));
