/**
Commands that copy on the demo host: they tell how far they are, and can be ended before their time.
*/
import {setImmediate} from 'node:timers/promises';
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {parseBlockJob, parseDomainJob} from '../../../source/hosts/libvirt/read/read-progress.ts';
import {openDemo} from '../../helpers/demo.ts';
import {openEngine, readStates, type NamedRequest} from './engine.ts';

const base = '/data/vm/nextcloud/nextcloud-vda.qcow2';
const middle = '/data/vm/nextcloud/nextcloud-vda.before-29';
const mergeMiddle = ['virsh', '-q', 'blockcommit', '--domain', 'nextcloud', '--path', 'vda', '--base', base, '--top', middle, '--wait'];

function openSlowHost(changeMs: number) {
	const demo = openDemo({changeMs});
	const ask = async (...words: string[]) => {
		const result = await demo.runner({argv: ['virsh', '-q', ...words], where: 'here'});
		return result.ok ? result.value.stdout : '';
	};

	return {...demo, ask};
}

/** Asks until the answer is there: between two steps of the job everybody gets a turn. */
async function askUntil<T>(ask: () => Promise<T | undefined>): Promise<T> {
	for (;;) {
		const answer = await ask();
		if (answer !== undefined) {
			return answer;
		}

		// Only then may the work go on.
		await setImmediate();
	}
}

test('a block job tells its progress while it runs, and nothing afterwards', async t => {
	const host = openSlowHost(20);
	const running = host.runner({argv: mergeMiddle, where: 'here', isMutating: true});
	const seen = await askUntil(async () => {
		const copied = parseBlockJob(await host.ask('blockjob', '--domain', 'nextcloud', '--path', 'vda', '--raw'));
		return copied && copied.doneBytes > 0 ? copied : undefined;
	});
	t.true(seen.doneBytes < seen.totalBytes);
	t.regex(await host.ask('blockjob', '--domain', 'nextcloud', '--path', 'vda', '--info'), /^Block Commit: \[ *\d+\.\d\d %]\n$/);
	t.true((await running).ok);
	t.is(await host.ask('blockjob', '--domain', 'nextcloud', '--path', 'vda', '--raw'), '');
	t.is(host.world.files.get('/data/vm/nextcloud/nextcloud-vda.before-30')!.backing!.name, base);
});

test('an aborted block job leaves the chain as it was, and says so', async t => {
	const host = openSlowHost(20);
	const domain = [...host.world.domains.values()].find(({name}) => name === 'nextcloud')!;
	const before = readStates(host.world, domain);
	const sizeBefore = host.world.files.get(base)!.allocatedBytes;
	const running = host.runner({argv: mergeMiddle, where: 'here', isMutating: true});
	await askUntil(async () => (domain.blockJobs.get('vda')?.doneBytes ?? 0) > 0 ? true : undefined);
	await host.ask('blockjob', '--domain', 'nextcloud', '--path', 'vda', '--abort');
	t.like(await running, {ok: false, failure: {kind: 'tool-failed', cause: {exitCode: 1, stderr: ''}}});
	t.deepEqual(readStates(host.world, domain), before);
	t.is(host.world.files.get(base)!.allocatedBytes, sizeBefore);
	t.is(domain.blockJobs.size, 0);
});

test('saving memory is a job of the domain, which stands still meanwhile and goes on after an abort', async t => {
	const engine = openEngine({changeMs: 100});
	const {demo, named, plan, execute} = engine;
	const db = named('db');
	const files = [...demo.world.files.keys()].sort();
	const request: NamedRequest = {
		kind: 'create', snapshot: 'now', description: undefined, memory: {mode: 'external'}, disks: [], isDiskOnly: false, isQuiesced: false, isLive: false, isHalted: false, hasNoMetadata: false,
	};
	const planned = unwrap(await plan('db', request));
	const running = execute(planned, 'step-progress');
	const seen = await askUntil(async () => {
		const raw = await demo.runner({argv: ['virsh', '-q', 'domjobinfo', '--domain', 'db', '--rawstats'], where: 'here'});
		const copied = parseDomainJob(raw.ok ? raw.value.stdout : '');
		return copied && {copied, state: db.state};
	});
	t.is(seen.state, 'paused');
	t.true(seen.copied.totalBytes > 1_000_000_000);
	const {outcome, events} = await running;
	t.like(outcome, {kind: 'rolled-back', failure: {kind: 'interrupted', rolledBack: true}});
	t.true(events.some(({kind}) => kind === 'step-progress'));
	t.is(db.state, 'running');
	t.is(db.job, undefined);
	t.false(db.snapshots.has('now'));
	t.deepEqual([...demo.world.files.keys()].sort(), files);
});

test('an image that qemu-img pulls into grows before one\'s eyes', async t => {
	const host = openSlowHost(20);
	const overlay = '/data/vm/staging/staging-db-vda.masked-october';
	const file = host.world.files.get(overlay)!;
	const before = file.allocatedBytes;
	const running = host.runner({
		argv: ['qemu-img', 'rebase', '-f', 'qcow2', '-F', 'qcow2', '-b', '/data/vm/staging/staging-db-vda.qcow2', overlay], where: 'host', isMutating: true,
	});
	const seen = await askUntil(async () => {
		const status = await host.runner({argv: ['stat', '--printf', '%s', '--', overlay], where: 'host'});
		const size = status.ok ? Number(status.value.stdout) : 0;
		return size > before ? size : undefined;
	});
	t.true((await running).ok);
	t.true(seen < file.allocatedBytes);
	t.is(file.backing!.name, '/data/vm/staging/staging-db-vda.qcow2');
});

test('a domain that is stopped ends its jobs', async t => {
	const host = openSlowHost(20);
	const running = host.runner({argv: mergeMiddle, where: 'here', isMutating: true});
	await askUntil(async () => parseBlockJob(await host.ask('blockjob', '--domain', 'nextcloud', '--path', 'vda', '--raw')));
	await host.ask('destroy', '--domain', 'nextcloud');
	t.false((await running).ok);
	t.is(host.world.files.get('/data/vm/nextcloud/nextcloud-vda.before-30')!.backing!.name, middle);
});

test('a merge that was stopped in the middle of a commit is finished by recover, and no byte of what stays is lost', async t => {
	const engine = openEngine({changeMs: 60});
	const {demo, named, plan, execute, recover} = engine;
	const nextcloud = named('nextcloud');
	const before = readStates(demo.world, nextcloud);
	const planned = unwrap(await plan('nextcloud', {kind: 'merge', snapshot: 'before-29'}));
	t.is((await execute(planned, 'step-progress')).outcome.kind, 'half-way');
	t.is(nextcloud.blockJobs.size, 0);
	const taken = () => [...demo.world.files.values()].reduce((sum, {allocatedBytes}) => sum + allocatedBytes, 0);
	const atBegin = taken();
	// What the recovery frees is told, as measured from its begin to its end.
	t.deepEqual(await recover('forward'), {kind: 'done', takenBytes: taken() - atBegin});
	t.true(taken() < atBegin);
	const after = readStates(demo.world, nextcloud);
	t.deepEqual([...after.keys()].sort(), [...before.keys()].filter(place => !place.startsWith('before-29/')).sort());
	t.deepEqual([...after].filter(([place, content]) => JSON.stringify(content) !== JSON.stringify(before.get(place))), []);
	t.deepEqual((await engine.findings('nextcloud')).filter(({severity}) => severity !== 'info'), []);
});

test('a merge of a domain that is off can be stopped while it pulls, and everything is as it was', async t => {
	const {demo, named, plan, execute} = openEngine({changeMs: 60});
	const staging = named('staging-db');
	const readLinks = () => [...demo.world.files.values()].map(({path, backing}) => [path, backing?.name]);
	const [before, links] = [readStates(demo.world, staging), readLinks()];
	const planned = unwrap(await plan('staging-db', {kind: 'merge', snapshot: 'masked-september'}));
	t.like((await execute(planned, 'step-progress')).outcome, {kind: 'rolled-back', failure: {kind: 'interrupted'}});
	t.deepEqual(readLinks(), links);
	t.deepEqual(readStates(demo.world, staging), before);
});
