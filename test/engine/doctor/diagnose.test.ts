import test from 'ava';
import {openDemo} from '../../helpers/demo.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {diagnose, type RoundProgress} from '../../../source/engine/doctor/diagnose.ts';
import type {Host} from '../../../source/engine/ports.ts';
import type {Finding} from '../../../source/model/domain/finding.ts';
import {fail, succeed} from '../../../source/model/result.ts';
import {createMemoryStore} from '../../../source/tools/state/memory-store.ts';
import {addFile} from '../../../source/hosts/demo/simulator/world.ts';

function demo() {
	const demo = openDemo();
	return {
		demo, host: demo.host, uuidOf: (name: string) => demo.named(name).uuid, store: createMemoryStore(),
	};
}

function told(findings: Finding[], severity: Finding['severity']): Array<[string | undefined, string]> {
	return findings.filter(finding => finding.severity === severity).map(({domain, kind}): [string | undefined, string] => [domain?.name, kind]);
}

test('on the demo host the broken chain, the lost memory file, the managed save and the deep chain are found, and nothing in its healthy domains', async t => {
	const findings = unwrap(await diagnose(demo()));
	const of = (name: string) => findings.filter(({domain, severity}) => domain?.name === name && severity !== 'info').map(({severity, kind}) => `${severity} ${kind}`);
	t.deepEqual(of('mail'), ['problem backing-missing']);
	t.deepEqual(of('ldap'), ['warning not-revertible']);
	t.deepEqual(of('jira'), ['warning managed-save']);
	t.deepEqual(of('ci-golden'), ['warning deep-chain']);
	for (const name of ['web', 'db', 'build', 'legacy', 'git', 'clone-a', 'clone-b', 'archive']) {
		t.deepEqual(of(name), [], name);
	}
});

test('one domain gives what the round over the host says of it', async t => {
	const given = demo();
	const all = unwrap(await diagnose(given));
	for (const name of ['mail', 'web', 'clone-b']) {
		const alone = unwrap(await diagnose(given, {uuid: given.uuidOf(name)}));
		t.deepEqual(alone.filter(({kind}) => kind !== 'unused-image'), all.filter(({domain, kind}) => domain?.name === name && kind !== 'unused-image'), name);
	}
});

test('every domain is read once, and the progress says how far it is', async t => {
	const given = demo();
	const read: string[] = [];
	const host: Host = {
		...given.host,
		async readDetails(uuid, options) {
			read.push(uuid);
			t.false(options.withForeignPins);
			return given.host.readDetails(uuid, options);
		},
	};
	const progress: RoundProgress[] = [];
	unwrap(await diagnose({host, store: given.store}, {onProgress: step => progress.push(step)}));
	t.deepEqual([...read].sort(), [...given.demo.world.domains.values()].map(({uuid}) => uuid).sort());
	t.deepEqual(progress.map(({done}) => done), read.map((_, index) => index + 1));
	t.true(progress.every(({total}) => total === read.length));
});

test('a patient round reads one domain at a time, and rests after each as long as it took', async t => {
	const given = demo();
	const told: Array<{readMs: number} | {pauseMs: number}> = [];
	const host: Host = {
		...given.host,
		async readDetails(uuid, options) {
			const from = performance.now();
			const details = await given.host.readDetails(uuid, options);
			told.push({readMs: performance.now() - from});
			return details;
		},
	};
	const hasty = unwrap(await diagnose(given));
	const pause = async (pauseMs: number) => {
		told.push({pauseMs});
	};

	t.deepEqual(unwrap(await diagnose({host, store: given.store}, {isPatient: true, pause})), hasty);
	const reads = told.flatMap((one, index) => 'readMs' in one ? [{readMs: one.readMs, next: told[index + 1]}] : []);
	t.is(reads.length, given.demo.world.domains.size);
	for (const {readMs, next} of reads) {
		t.true(next !== undefined && 'pauseMs' in next && next.pauseMs >= Math.max(20, readMs), `${readMs} ms, then ${JSON.stringify(next)}`);
	}
});

test('a domain that cannot be read is a finding, and no image is offered for removal then', async t => {
	const given = demo();
	const leftover = '/var/lib/libvirt/images/web-vda.1790000000';
	addFile(given.demo.world, {path: leftover, backing: {name: '/var/lib/libvirt/images/web-vda.qcow2', format: 'qcow2'}});
	const orphanOf = (findings: Finding[]) => findings.find(({kind}) => kind === 'orphan');
	const good = orphanOf(unwrap(await diagnose(given)));
	t.deepEqual([good?.domain?.name, good?.images, good?.request?.kind], ['web', [leftover], 'remove-orphans']);

	const host: Host = {
		...given.host,
		readDetails: async (uuid, options) => uuid === given.uuidOf('git') ? fail({kind: 'unreadable', what: 'Its XML', reason: 'broken'}) : given.host.readDetails(uuid, options),
	};
	const findings = unwrap(await diagnose({host, store: given.store}));
	t.deepEqual(told(findings, 'problem').slice(0, 1), [['git', 'domain-unreadable']]);
	t.is(orphanOf(findings)?.request, undefined);
});

test('what an interrupted action made, or was about to remove, is no leftover', async t => {
	const given = demo();
	const paths = ['made', 'left'].map(name => `/var/lib/libvirt/images/web-vda.${name}`);
	for (const path of paths) {
		addFile(given.demo.world, {path, backing: {name: '/var/lib/libvirt/images/web-vda.qcow2', format: 'qcow2'}});
	}

	const told = async (store: typeof given.store) => unwrap(await diagnose({host: given.host, store})).flatMap(({kind, images}) => kind === 'orphan' || kind === 'unused-image' ? images ?? [] : []);
	t.deepEqual((await told(given.store)).filter(path => paths.includes(path)).sort(), [...paths].sort());
	const rm = (path: string) => ({tool: 'file', argv: ['rm', '--', path]});
	const plan = {
		id: 'x', uri: 'demo:///system', plannedAt: '2026-11-21', action: {kind: 'repair-records', domain: {uuid: given.uuidOf('web'), name: 'web'}},
		steps: [{id: 'make', command: {tool: 'file', argv: ['touch', paths[0]]}, undo: [rm(paths[0]!)]}, {id: 'remove', command: rm(paths[1]!), undo: null}],
	};
	const readUnfinished = async () => succeed([{plan, records: []}] as never);
	t.deepEqual((await told({...given.store, readUnfinished})).filter(path => paths.includes(path)), []);
});

test('a backup beside the disks is a note, never offered for removal', async t => {
	const given = demo();
	addFile(given.demo.world, {path: '/var/lib/libvirt/images/web-backup.qcow2'});
	const findings = unwrap(await diagnose(given, {uuid: given.uuidOf('web')}));
	t.true(findings.some(({kind, images}) => kind === 'unused-image' && images?.includes('/var/lib/libvirt/images/web-backup.qcow2')));
	t.deepEqual(told(findings, 'warning'), []);
});

test('an interrupted round says so, and a lost host is a failure', async t => {
	const given = demo();
	const stop = new AbortController();
	const result = await diagnose(given, {
		interrupt: stop.signal,
		onProgress() {
			stop.abort('SIGINT');
		},
	});
	t.is(result.ok ? undefined : result.failure.kind, 'interrupted');
	const host: Host = {
		...given.host,
		readDetails: async () => fail({kind: 'host-unreachable', uri: 'x', cause: {argv: [], timedOut: false, stderr: '', durationMs: 0}}),
	};
	const lost = await diagnose({host, store: given.store});
	t.is(lost.ok ? undefined : lost.failure.kind, 'host-unreachable');
});
