import test from 'ava';
import {readMeasured} from '../../source/engine/measured.ts';
import type {AuditEntry} from '../../source/engine/ports.ts';
import type {RanCommand} from '../../source/model/plan/ran-command.ts';
import {createMemoryStore} from '../../source/tools/state/memory-store.ts';

const uri = 'qemu:///system';

const entry = (id: string, durationMs: number, more: Partial<AuditEntry> = {}): AuditEntry => ({
	id, at: '2026-11-20T10:00:00Z', user: 'root', from: undefined, uri, domain: {uuid: 'u', name: 'web'}, action: 'revert', outcome: 'done', detail: undefined, durationMs, ...more,
});

const ran = (kind: string | undefined, durationMs: number, isFailed = false): RanCommand => ({at: '2026-11-20T10:00:00Z', command: kind ?? '', isFailed, durationMs, output: '', ...(kind !== undefined && {measured: {kind}})});

test('commands that did their work are samples, and the rest of an action goes by around them', async t => {
	const store = createMemoryStore();
	await store.appendAudit(entry('a', 1000));
	await store.appendCommand('a', ran('virsh start', 300));
	await store.appendCommand('a', ran('virsh destroy', 100, true));
	await store.appendCommand('a', ran(undefined, 200));
	t.deepEqual(await readMeasured(store, uri), {samples: [{kind: 'virsh start', domain: 'u', durationMs: 300}], around: [{action: '', durationMs: 400 / 3}]});
});

test('what ran on another host, was rolled back or waited for other domains says nothing of the time around commands', async t => {
	const store = createMemoryStore();
	for (const [id, more] of [['other', {uri: 'qemu+ssh://kvm2/system'}], ['back', {outcome: 'rolled-back'}], ['group', {others: [{uuid: 'v', name: 'db'}]}]] as const) {
		await store.appendAudit(entry(id, 90_000, more as Partial<AuditEntry>));
		await store.appendCommand(id, ran('virsh start', 300));
	}

	const {samples, around} = await readMeasured(store, uri);
	t.is(samples.length, 2);
	t.deepEqual(around, []);
});
