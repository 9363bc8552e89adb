/**
The screen on a big host: 1,000 domains, of which one after the other has 1,000 snapshots or 10,000. Draws it as the program does, and takes what would be written.

Usage: node --import=tsx bench/big-host.tsx. Prints JSON: milliseconds until 10,000 snapshots are laid out and drawn, and what a key takes and writes.
*/
import {PassThrough} from 'node:stream';
import {setImmediate as turn} from 'node:timers/promises';
import process from 'node:process';
import {render, type Instance} from 'ink';
import type {Effect} from '../source/app/effects-data.ts';
import type {Message} from '../source/app/messages.ts';
import {initialState} from '../source/app/state.ts';
import {createStore} from '../source/app/store.ts';
import type {DomainDetails} from '../source/model/domain/inventory.ts';
import {succeed} from '../source/model/result.ts';
import {decodeKeys} from '../source/terminal/decode-keys.ts';
import {createScreen} from '../source/terminal/screen.ts';
import {createViewport} from '../source/ui/content/page.ts';
import {Painted} from '../source/ui/painted.tsx';
import {Root} from '../source/ui/screens/root.tsx';
import {createTheme} from '../source/ui/theme.ts';
import {fakeServices, nowSeconds} from '../test/helpers/fake-services.ts';

const [columns, rows] = [80, 24];
const domainCount = 1000;
const abilities = {isAscii: false, hasColour: true};
const {services} = fakeServices({isReadOnly: false, checks: false});
const known = await services.host.readDomains();
const [sample] = known.ok ? known.value : [];
const read = await services.host.readDetails(sample!.uuid, {withForeignPins: false});
const template = read.ok ? read.value : undefined;

const uuidOf = (number: number) => `${String(number).padStart(8, '0')}-1111-4222-8333-444444444444`;

/** Every tenth on a branch of its own, each with an overlay. */
function detailsWith(uuid: string, count: number): DomainDetails {
	const {domain, snapshots: [snapshot], images: [image]} = template!;
	const nameOf = (number: number) => `s${number}`;
	return {
		...template!,
		domain: {...domain, uuid},
		snapshots: Array.from({length: count}, (_, number) => ({
			...snapshot!,
			name: nameOf(number),
			parent: number === 0 ? undefined : nameOf(number % 10 === 0 ? number - 5 : number - 1),
			createdAt: nowSeconds - (count - number) * 3600,
			domain: {...snapshot!.domain!, disks: snapshot!.domain!.disks.map(disk => ({...disk, sourcePath: `/images/web.${number}`}))},
		})),
		currentSnapshot: nameOf(count - 1),
		images: Array.from({length: count + 1}, (_, number) => ({
			...image!, path: `/images/web.${number}`, backingPath: number === 0 ? undefined : `/images/web.${number % 10 === 0 ? number - 5 : number - 1}`, problems: [],
		})),
	};
}

let written = '';
const open: Effect[] = [];
const screen = createScreen({columns, rows, write(text) {
	written += text;
}});
const store = createStore(initialState({columns, rows, nowMs: nowSeconds * 1000, isReadOnly: false, isLinear: false, start: {}}), {
	viewport: createViewport(createTheme(abilities)),
	now: () => nowSeconds * 1000,
	run(effect) {
		open.push(effect);
	},
});
const ink: Instance = render(<Painted paint={screen.stdout.write}><Root store={store} abilities={abilities}/></Painted>, {
	stdout: screen.stdout as unknown as NodeJS.WriteStream, stdin: new PassThrough() as unknown as NodeJS.ReadStream, debug: true, exitOnCtrlC: false, patchConsole: false,
});

const domains = Array.from({length: domainCount}, (_, number) => ({uuid: uuidOf(number), name: `node${String(number).padStart(4, '0')}`, state: 'running' as const}));
let snapshotCount = 1000;

async function answerTo(effect: Effect): Promise<Message | undefined> {
	switch (effect.kind) {
		case 'read-host': {
			return {kind: 'host-read', number: effect.number, result: await services.host.readHost()};
		}

		case 'read-domains': {
			return {kind: 'domains-read', number: effect.number, result: succeed(domains)};
		}

		case 'read-details': {
			return {kind: 'details-read', number: effect.number, uuid: effect.uuid, result: succeed(detailsWith(effect.uuid, snapshotCount))};
		}

		case 'poll-later': {
			return effect.afterMs < 1000 ? {kind: 'poll-due', number: effect.number} : undefined;
		}

		default: {
			return undefined;
		}
	}
}

/** Milliseconds from a message to what is written for it, and how much that is. */
async function measure(message: Message): Promise<{ms: number; bytes: number}> {
	written = '';
	const startedAtMs = performance.now();
	store.send(message);
	await turn();
	screen.flush();
	return {ms: performance.now() - startedAtMs, bytes: written.length};
}

async function answerAll(): Promise<{ms: number; bytes: number}> {
	let longest = {ms: 0, bytes: 0};
	for (let effect = open.shift(); effect !== undefined; effect = open.shift()) {
		const message = await answerTo(effect);
		const taken = message === undefined ? longest : await measure(message);
		longest = taken.ms > longest.ms ? taken : longest;
	}

	return longest;
}

const press = async (text: string) => measure({kind: 'key', key: decodeKeys(text).keys[0]!});

async function pressAll(keys: readonly string[], {isAnswered}: {isAnswered: boolean}) {
	const taken = [];
	for (const key of keys) {
		taken.push(await press(key));
		if (isAnswered) {
			await answerAll();
		}
	}

	return taken;
}

const median = (numbers: readonly number[], part = 0.5) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length * part)]!;
const downAndUp = (count: number) => Array.from({length: count}, (_, index) => index < count / 2 ? 'j' : 'k');

store.send({kind: 'started'});
await answerAll();
const inList = await pressAll(downAndUp(100), {isAnswered: true});
await pressAll(['\t'], {isAnswered: true});
const inTree = await pressAll([...downAndUp(100), '\u0004', '\u0015', 'G', 'g'], {isAnswered: true});
await pressAll(['\t', '/'], {isAnswered: true});
const filter = await pressAll([...'node05'], {isAnswered: true});
await measure({kind: 'key', key: {name: 'escape'}});
await answerAll();
snapshotCount = 10_000;
const longest: number[] = [];
for (let round = 0; round < 9; round++) {
	store.send({kind: 'key', key: decodeKeys('R').keys[0]!});
	const {ms} = await answerAll();
	longest.push(ms);
}

const keys = [...inList, ...inTree];
process.stdout.write(`${JSON.stringify({
	layoutMs: median(longest), keyMs: median(keys.map(({ms}) => ms), 0.95), keyBytes: median(keys.map(({bytes}) => bytes)), filterMs: median(filter.map(({ms}) => ms), 0.95),
	snapshots: Object.values(store.getState().allDetails).map(each => each?.value?.snapshots.length).filter(count => count === 10_000).length, mebibytes: process.memoryUsage.rss() / 1024 ** 2,
})}\n`);
ink.unmount();
