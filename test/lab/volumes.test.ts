/**
Disks that the definition names as volumes of a storage pool: snapshots of them, reverts, branches and deletes, by bytes. The pool's list is right afterwards, and what is merged
into the volume is a volume again.
*/
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {
	domainXml, defineXml, makeDomain, readState, start, stop, type LabDomain,
} from './domains.ts';
import {report, runProgram} from './program.ts';
import {
	attempt, attemptVirsh, lines, virsh,
} from './run.ts';
import {digestImage, writeLive, writeOffline} from './slots.ts';
import {readParents} from './snapshots.ts';
import {readDisks} from './xml-text.ts';

test.before(startLab);

type OnPool = {domain: LabDomain; pool: string};

/** Two disks, both volumes of a pool that is the domain's folder. */
async function makeVolumeDomain(t: ExecutionContext): Promise<OnPool> {
	const domain = await makeDomain(t);
	const pool = `${domain.name} pool`;
	await virsh('pool-create-as', pool, 'dir', '--target', domain.folder);
	t.teardown(async () => attemptVirsh('pool-destroy', pool));
	const xml = domainXml(domain).replaceAll(/<disk type='file'([^>]*)>([\s\S]*?)<source file='[^']*\/([^'/]+)'\/>/g, `<disk type='volume'$1>$2<source pool='${pool}' volume='$3'/>`);
	await defineXml(xml);
	return {domain, pool};
}

const xmlOf = async ({uuid}: LabDomain, ...more: string[]) => virsh('dumpxml', '--domain', uuid, ...more);

/** By the target: what the disk is on, whichever way the definition names it. */
async function headsOf({domain, pool}: OnPool, ...more: string[]): Promise<Map<string, {type: string; path: string; format: string}>> {
	const xml = await xmlOf(domain, ...more);
	const files = new Map(readDisks(xml).map(({target, path, format}) => [target, {type: 'file', path, format}]));
	for (const [, disk] of xml.matchAll(/<disk type='volume'[^>]*>([\s\S]*?)<\/disk>/g)) {
		const volume = / volume='([^']*)'/.exec(disk!)![1]!;
		const path = await virsh('vol-path', '--pool', pool, '--vol', volume);
		files.set(/<target dev='([^']*)'/.exec(disk!)![1]!, {type: 'volume', path: path.trim(), format: /<driver [^>]*type='([^']*)'/.exec(disk!)![1]!});
	}

	return files;
}

async function digests(on: OnPool): Promise<Record<string, string>> {
	const heads = await headsOf(on);
	return Object.fromEntries(await Promise.all([...heads].sort(([a], [b]) => a < b ? -1 : 1).map(async ([target, {path, format}]) => [target, await digestImage(path, format)] as const)));
}

async function mark(on: OnPool, pattern: number): Promise<Record<string, string>> {
	if (await readState(on.domain) === 'shut off') {
		for (const [, {path, format}] of await headsOf(on)) {
			await writeOffline(path, pattern, 3, format);
		}
	} else {
		await writeLive(on.domain, ['vda', 'vdb'].map(target => ({target, pattern, slot: 3})));
	}

	return digests(on);
}

/** What the pool lists is what is in its folder. */
async function expectListed(t: ExecutionContext, {pool}: OnPool): Promise<void> {
	const listed = lines(await virsh('vol-list', '--pool', pool)).map(line => line.trim().split(/\s+/)[0]!).sort();
	await virsh('pool-refresh', '--pool', pool);
	t.deepEqual(listed, lines(await virsh('vol-list', '--pool', pool)).map(line => line.trim().split(/\s+/)[0]!).sort());
}

for (const isRunning of [false, true]) {
	test.serial(`${isRunning ? 'running' : 'off'}: created, reverted, kept, branched and deleted`, async t => {
		const on = await makeVolumeDomain(t);
		const {domain} = on;
		const good = async (verb: string, ...words: string[]) => {
			const result = await runProgram(domain, [verb, ...words.filter(word => word.startsWith('-')), '--yes', '--', domain.name, ...words.filter(word => !word.startsWith('-'))]);
			t.is(result.exitCode, 0, `${verb} ${words.join(' ')}\n${report(result)}`);
			await expectListed(t, on);
		};

		if (isRunning) {
			await start(domain);
		}

		const held: Record<string, Record<string, string>> = {s1: await digests(on)};
		await good('create', 's1', '--disk-only');
		held.s2 = await mark(on, 0x11);
		await good('create', 's2', '--disk-only');
		held.k1 = await mark(on, 0x12);
		await good('revert', 's1', '--keep=k1');
		t.deepEqual(await digests(on), held.s1);
		await mark(on, 0x13);
		await good('branch', 's2', 'b1', '--discard');
		t.deepEqual(await digests(on), held.s2);
		for (const name of ['k1', 's1', 's2']) {
			await good('revert', name, '--discard');
			t.deepEqual(await digests(on), held[name], name);
			const checked = await runProgram(domain, ['doctor', domain.name]);
			t.is(checked.exitCode, 0, report(checked));
		}

		const last = await mark(on, 0x14);
		for (const gone of ['b1', 'k1', 's1', 's2']) {
			await good('delete', gone);
			t.deepEqual(await digests(on), last, gone);
		}

		t.deepEqual(await readParents(domain), {});
		// libvirt itself names the file in what runs, until the next start.
		const heads = await headsOf(on, '--inactive');
		t.deepEqual([...heads.values()].map(({type, path}) => [type, path]).sort(([, a], [, b]) => a! < b! ? -1 : 1), domain.disks.map(({path}) => ['volume', path]));

		await stop(domain);
		await start(domain);
		t.deepEqual(await digests(on), last);
	});
}

test.serial('the script of a plan knows the volume by its name', async t => {
	const on = await makeVolumeDomain(t);
	const {domain} = on;
	const states: Array<Record<string, string>> = [];
	for (const [verb, ...words] of [['create', '--disk-only'], ['revert', '--discard'], ['delete']]) {
		const held = await mark(on, 0x11 + states.length);
		const script = await runProgram(domain, [verb!, ...words, '--dry-run', '--shell', '--', domain.name, 's1']);
		t.is(script.exitCode, 0, report(script));
		const ran = await attempt('sh', ['-s'], {input: script.stdout});
		t.is(ran.exitCode, 0, `${ran.stdout}${ran.stderr}`);
		t.deepEqual(await digests(on), verb === 'revert' ? states[0] : held, verb);
		states.push(held);
	}

	t.deepEqual([...(await headsOf(on, '--inactive')).values()].map(({type}) => type), ['volume', 'volume']);
});
