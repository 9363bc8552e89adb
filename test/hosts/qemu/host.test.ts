/** Tests source/hosts/qemu/host.ts and what it is put together from, with a monitor that is made of answers. */
import {mkdir, mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {exitCodeOf} from '../../../source/model/text/exit-codes.ts';
import type {Command} from '../../../source/model/plan/plan.ts';
import {fail, succeed} from '../../../source/model/result.ts';
import {buildSnapshotXml} from '../../../source/model/xml/change-snapshot.ts';
import {gatherNames, uuidOfName} from '../../../source/hosts/qemu/bare-names.ts';
import {folderNameOf} from '../../../source/hosts/qemu/metadata.ts';
import type {Monitors} from '../../../source/hosts/shared/qmp/monitors.ts';
import {createQemuHost} from '../../../source/hosts/qemu/host.ts';
import {chooseTargets} from '../../../source/hosts/qemu/read-bare.ts';
import {parseListeners} from '../../../source/hosts/qemu/read-process.ts';

const nothing = fail({kind: 'tool-failed', cause: {argv: [], timedOut: false, stderr: '', durationMs: 0, exitCode: 1}});

const image = (filename: string, backing?: string) => ({filename, ...(backing === undefined ? {} : {'backing-image': {filename: backing}})});

const answers: Record<string, unknown> = {
	'query-status': {status: 'prelaunch'},
	'query-version': {qemu: {major: 8, minor: 2, micro: 1}},
	'query-uuid': {UUID: '00000000-0000-0000-0000-000000000000'},
	'query-block': [
		{
			device: 'virtio0', removable: false, qdev: '/machine/a',
			inserted: {
				file: '/d/a.s1', drv: 'qcow2', ro: false, 'node-name': '#block1', image: image('/d/a.s1', '/d/a.qcow2'),
				'dirty-bitmaps': [{name: 'c1', granularity: 65_536, recording: true, persistent: true}, {name: 'gone', recording: true, persistent: false}],
			},
		},
		{device: '', removable: false, qdev: '/machine/b', inserted: {file: 'json:{"driver":"raw","file":{"driver":"file","filename":"/d/b.raw"}}', drv: 'raw', 'node-name': 'mine', image: image('/d/b.raw')}},
		{device: 'ide1-cd0', removable: true, qdev: '/machine/c', inserted: {file: '/d/x.iso', drv: 'raw', ro: true, 'node-name': '#block2', image: image('/d/x.iso')}},
		{device: 'floppy0', removable: true},
		{device: 'pflash1', removable: false, inserted: {file: '/d/vars.fd', drv: 'raw', ro: false, 'node-name': '#block3', image: image('/d/vars.fd')}},
	],
	'query-commands': [{name: 'transaction'}],
	'query-jobs': [{id: 'j', type: 'commit', status: 'running'}, {id: 'k', type: 'create', status: 'concluded'}],
};

/** `listening`: the sockets behind which a QEMU runs. */
function openHost(given: {
	named: string[]; images?: string[]; listening?: string[]; recordsPath?: string; isReadOnly?: boolean; onRun?: () => void; onClose?: () => void;
}) {
	const monitors: Monitors = {
		async ask(socketPath, execute) {
			return given.listening?.includes(socketPath)
				? (execute in answers ? succeed(answers[execute]) : fail({kind: 'qmp-failed', command: execute, class: 'CommandNotFound', description: ''}))
				: fail({kind: 'monitor-failed', socketPath, reason: 'not-listening', text: 'is off.'});
		},
		async run() {
			given.onRun?.();
			return nothing;
		},
		readProgress: async () => undefined,
		async close() {
			given.onClose?.();
		},
	};
	return createQemuHost({
		async runner() {
			given.onRun?.();
			return nothing;
		},
		named: gatherNames({qmp: given.named, images: given.images ?? [], folder: '/run'}),
		recordsPath: given.recordsPath ?? '/nowhere',
		isReadOnly: given.isReadOnly ?? false,
		monitors,
	});
}

/** A folder of records with a domain in it, whose one snapshot froze `/d/a.qcow2`. */
async function records(t: ExecutionContext, name: string): Promise<string> {
	const recordsPath = await mkdtemp(path.join(os.tmpdir(), 'vsnap-bare-'));
	t.teardown(async () => rm(recordsPath, {recursive: true}));
	const folder = path.join(recordsPath, folderNameOf(name), 'snapshots');
	await mkdir(folder, {recursive: true});
	const domainXml = (file: string) => `<domain type='qemu'><name>${name}</name><uuid>11111111-1111-4111-8111-111111111111</uuid><devices>`
		+ `<disk type='file' device='disk'><driver type='qcow2'/><source file='${file}'/><target dev='vdc'/><alias name='virtio0'/></disk></devices></domain>`;
	await writeFile(path.join(folder, '../domain.xml'), domainXml('/d/a.s1'));
	await writeFile(path.join(folder, 's1.xml'), buildSnapshotXml({
		name: 's1', description: undefined, state: 'shutoff', parent: undefined, createdAt: 1, memory: {mode: 'no'},
		disks: [{target: 'vdc', mode: 'external', overlayPath: '/d/a.s1'}], domainXml: domainXml('/d/a.qcow2'),
	}));
	await writeFile(path.join(folder, 'current'), 's1\n');
	await writeFile(path.join(folder, 'torn.xml'), '<domainsnapshot><name>torn</na');
	return recordsPath;
}

test('a running QEMU is described by its monitor: heads, formats, firmware, nodes, bitmaps, jobs', async t => {
	let closings = 0;
	const host = openHost({
		named: ['web=/q'],
		listening: ['/q'],
		onClose() {
			closings++;
		},
	});
	const [domain] = unwrap(await host.readDomains());
	t.deepEqual(domain, {uuid: uuidOfName('web'), name: 'web', state: 'paused'});
	const inventory = unwrap(await host.readInventory(domain!.uuid));
	t.deepEqual(inventory.details.domain.definition.disks.map(disk => [disk.target, disk.device, disk.sourcePath, disk.format]), [
		['vda', 'disk', '/d/a.s1', 'qcow2'],
		['vdb', 'disk', '/d/b.raw', 'raw'],
		['sda', 'cdrom', '/d/x.iso', 'raw'],
	]);
	t.is(inventory.nvramPath, '/d/vars.fd');
	t.is(inventory.host.hypervisorVersion, 8_002_001);
	t.deepEqual(inventory.jobs.map(({text}) => text), ['commit ("j", running)']);
	t.deepEqual(inventory.bare?.nodes.get('vda'), {nodeName: '#block1', isNamedByPerson: false, device: 'virtio0', bitmaps: [{name: 'c1', granularityBytes: 65_536, dirtyBytes: 0}]});
	t.true(inventory.bare?.nodes.get('vdb')?.isNamedByPerson);
	t.is(inventory.bare?.argv, undefined);
	t.regex(inventory.bare?.argvProblem ?? '', /process cannot be found/);
	await host.close();
	t.is(closings, 1);
});

test('a socket that nobody serves is a domain that is off, as it was recorded; a running one keeps the targets of its record', async t => {
	const recordsPath = await records(t, 'my vm');
	const off = openHost({named: ['my vm=/q'], recordsPath});
	const [domain] = unwrap(await off.readDomains());
	t.deepEqual(domain, {uuid: '11111111-1111-4111-8111-111111111111', name: 'my vm', state: 'shutoff'});
	const details = unwrap(await off.readDetails(domain!.uuid, {withForeignPins: false}));
	t.is(details.currentSnapshot, 's1');
	t.deepEqual(details.unreadable.map(({name}) => name), ['torn']);
	t.true(unwrap(await off.observe({kind: 'domain-off', uuid: domain!.uuid})));
	t.true(unwrap(await off.observe({kind: 'snapshot-exists', uuid: domain!.uuid, name: 's1'})));
	t.false(unwrap(await off.observe({kind: 'snapshot-exists', uuid: domain!.uuid, name: 's2'})));
	const on = openHost({named: ['my vm=/q'], listening: ['/q'], recordsPath});
	const live = unwrap(await on.readDetails(domain!.uuid, {withForeignPins: false}));
	t.deepEqual(live.domain.definition.disks.map(({target}) => target), ['vdc', 'vda', 'sda']);
	t.true(unwrap(await on.observe({kind: 'head-is', uuid: domain!.uuid, target: 'vdc', path: '/d/a.s1'})));
});

test('what the records of others hold is held, though nobody has named them', async t => {
	const recordsPath = await records(t, 'other');
	const host = openHost({named: ['web=/q'], listening: ['/q'], recordsPath});
	const details = unwrap(await host.readDetails(uuidOfName('web'), {withForeignPins: true}));
	t.true(details.foreignPins.some(pin => pin.path === '/d/a.qcow2' && pin.hold === 'content' && pin.label === 'snapshot s1 of other'));
	t.true(details.unreadableOthers.some(({name}) => name === 'torn of other'));
	t.false(details.unreadable.some(({name}) => name === 'torn of other'));
});

test('where nothing is known the host is not reachable; two domains of one UUID are told apart by nobody', async t => {
	const unknown = await openHost({named: ['web=/q']}).readDomains();
	t.is(unknown.ok ? 0 : exitCodeOf(unknown.failure), 5);
	const recordsPath = await records(t, 'a');
	const folder = path.join(recordsPath, 'b');
	await mkdir(folder);
	await writeFile(path.join(folder, 'domain.xml'), '<domain><name>b</name><uuid>11111111-1111-4111-8111-111111111111</uuid></domain>');
	const twins = await openHost({named: ['a=/q', 'b=/r'], recordsPath}).readDomains();
	t.regex(twins.ok ? '' : JSON.stringify(twins.failure), /same UUID/);
});

test('a domain of images alone is off, with a disk for each', async t => {
	const host = openHost({named: [], images: ['disks/sys.qcow2', 'sys=/d/more.raw', '/d/a=b.img']});
	t.deepEqual(unwrap(await host.readDomains()).map(({name, state}) => [name, state]), [['sys', 'shutoff'], ['a=b', 'shutoff']]);
	const {domain} = unwrap(await host.readDetails(uuidOfName('sys'), {withForeignPins: false}));
	t.deepEqual(domain.definition.disks.map(({target, sourcePath}) => [target, sourcePath]), [['vda', '/run/disks/sys.qcow2'], ['vdb', '/d/more.raw']]);
});

test('the folder of a name is one folder below the records, whatever the name is', t => {
	const names = ['..', '.', '../../etc', 'a/b', '-rf', 'a b', 'ä', 'new\nline', 'x'.repeat(300), `${'x'.repeat(299)}y`];
	const folders = names.map(name => folderNameOf(name));
	t.is(new Set(folders).size, names.length);
	t.true(folders.every(folder => /^[^./\n][^/\n]*$/.test(folder) && folder.length < 250), folders.join(' '));
});

test('only sockets that are listened on count, and a path may hold blanks', t => {
	const text = 'Num       RefCount Protocol Flags    Type St Inode Path\n'
		+ '0000000000000000: 00000002 00000000 00010000 0001 01 41153 /run/a b.sock\n'
		+ '0000000000000000: 00000003 00000000 00000000 0001 03 41154 /run/a b.sock\n'
		+ '0000000000000000: 00000003 00000000 00000000 0001 03 41155\n';
	t.deepEqual([...parseListeners(text)], [['41153', '/run/a b.sock']]);
});

test('a disk keeps its target when another one before it has gone', t => {
	const disk = (alias: string) => ({alias, device: 'disk' as const});
	t.deepEqual(chooseTargets([disk('b'), disk('new')], new Map([['vda', 'a'], ['vdb', 'b']])), ['vdb', 'vda']);
	t.is(chooseTargets(Array.from({length: 28}, (_, index) => disk(String(index))), new Map())[27], 'vdab');
});

test('a read-only session runs no planned command, neither by the monitor nor on files', async t => {
	const commands: Command[] = [{tool: 'qmp', socketPath: '/run/a', execute: 'quit', arguments: {}, files: []}, {tool: 'file', argv: ['rm', '--', '/x'], files: []}];
	for (const isReadOnly of [true, false]) {
		let count = 0;
		const {run} = openHost({named: ['a=/run/a'], isReadOnly, onRun: () => count++});
		for (const command of commands) {
			const result = await run(command);
			t.is(!result.ok && result.failure.kind === 'read-only', isReadOnly);
		}

		t.is(count, isReadOnly ? 0 : commands.length);
	}
});
