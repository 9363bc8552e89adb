/**
Every reader of data from outside, each with inputs that it knows: what programs answered (fixtures/), and what people type and files hold. A reader gives whatever
it makes of a text; the texts that come of that are what a person may see.
*/
import {Buffer} from 'node:buffer';
import {readdirSync} from 'node:fs';
import {parseArguments} from '../../source/arguments.ts';
import {describeClaim, parseClaim, remedyFor} from '../../source/model/plan/claim.ts';
import {describeFailure} from '../../source/model/text/describe-failure.ts';
import type {Failure} from '../../source/model/failure.ts';
import {parsePairs} from '../../source/model/qemu/options.ts';
import {fail, succeed, type Result} from '../../source/model/result.ts';
import {redactXml} from '../../source/model/xml/redact.ts';
import {parseCheckpointXml} from '../../source/model/xml/parse-checkpoint.ts';
import {parseDomainXml} from '../../source/model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../source/model/xml/parse-snapshot.ts';
import {parseSnapshotDocument} from '../../source/actions/create/document.ts';
import {parseClaimList} from '../../source/hosts/libvirt/claims.ts';
import {parseHeads} from '../../source/hosts/libvirt/file-fence.ts';
import {filePlaceOf} from '../../source/hosts/libvirt/file-place.ts';
import {parseDomainList, parseDomainStates, parseFields, parseNames} from '../../source/hosts/libvirt/read/read-host.ts';
import {parseVersion, parseHexDump} from '../../source/hosts/shared/read-answers.ts';
import {parseManifest} from '../../source/model/backup/manifest.ts';
import {parsePruning} from '../../source/model/backup/pruning.ts';
import {makePoints} from '../helpers/backup-points.ts';
import {parseMemoryHeader} from '../../source/hosts/libvirt/read/read-memory.ts';
import {parseBlockJob, parseDomainJob} from '../../source/hosts/libvirt/read/read-progress.ts';
import {parseBlockSizes} from '../../source/hosts/libvirt/same-files.ts';
import {chooseUri} from '../../source/hosts/libvirt/uri.ts';
import {createFrameReader} from '../../source/hosts/shared/qmp/qmp-frames.ts';
import {misfitInAnswer} from '../../source/hosts/shared/qmp/qmp-shapes.ts';
import {readLive} from '../../source/hosts/qemu/read-live.ts';
import {parseAuditLog} from '../../source/tools/state/audit-log.ts';
import {parseFileFacts} from '../../source/tools/files/files.ts';
import {formatJournalLine, parseJournal} from '../../source/tools/state/journal-lines.ts';
import {parseMeasure} from '../../source/tools/files/measure-images.ts';
import {parseOwnBytes} from '../../source/tools/files/own-bytes.ts';
import {parseImageInfo} from '../../source/tools/files/parse-image-info.ts';
import {fixturePath, readFixture} from '../helpers/fixtures.ts';

/** What a reader gives may be a promise: of a running QEMU it is. */
export type Reader = {name: string; bases: string[]; read: (text: string) => unknown};

function fixtures(folder: string, pattern: RegExp): string[] {
	return readdirSync(fixturePath(folder)).filter(name => pattern.test(name)).map(name => readFixture(`${folder}/${name}`));
}

const xml = fixtures('libvirt-9.0', /\.xml$/);
const texts = fixtures('libvirt-9.0', /\.txt$/);
const qmp = fixtures('qmp', /\.(?:json|txt)$/);
const requests = [
	'<domainsnapshot/>',
	'<domainsnapshot><name>a</name><description>d</description><memory snapshot="external" file="/m"/><disks><disk name="vda" snapshot="external"><driver type="qcow2"/><source file="/o"/></disk></disks></domainsnapshot>',
	'<domainsnapshot><name>b</name><branch>s1</branch></domainsnapshot>',
	' '.repeat(60),
];
const at = '2026-11-21T10:00:00.000Z';
const journal = [{at, kind: 'begin', step: 's'}, {at, kind: 'failed', step: 's', failure: {kind: 'read-only'}}, {at, kind: 'finished', outcome: 'done'}] as const;
const uris = ['qemu:///system', 'qemu+ssh://root@[::1]:22/system?keyfile=/k&no_verify=1', 'qemu+tcp://h:1/system', 'alias', '{"connect":"qemu:///session"}'];
const commands = ['revert\tweb\ts1\t--keep\tk\t--yes', 'create\tweb\t--disk\tvda=external:/x\t--reuse\tvda=existing\t--memory\texternal:/m', 'doctor\t--json\t--repair\torphan\tweb', 'list\t-c\tqemu:///system'];

function answersOf(text: string): unknown {
	const {frames, problem} = createFrameReader().read(Buffer.from(text));
	const misfits = frames.flatMap(frame => ['query-block', 'query-status', 'query-jobs', 'query-migrate', 'query-named-block-nodes', 'query-version'].map(command => misfitInAnswer(command, frame.return)));
	return {frames, problem, misfits};
}

const mark = {
	planId: '20261127-101500-a1b2c3', domain: {uuid: '5f3c2b1a-0000-4000-8000-000000000001', name: 'web'}, user: 'root', host: 'kvm1', space: 'boot pids', pid: 12, since: at, what: 'revert web to s1', statePath: '/s', stage: 'running',
};

function wordsOfMark(text: string): unknown {
	const claim = parseClaim(text);
	const found = {id: 'u', domainUuid: 'd', claim, life: 'gone'} as const;
	return [describeClaim(found), remedyFor(found)];
}

/** Answers of a running QEMU, by command. */
const answers = {
	'query-status': {status: 'running', running: true},
	'query-version': {qemu: {major: 7, minor: 2, micro: 0}, package: ''},
	'query-uuid': {UUID: '5f3c2b1a-0000-4000-8000-000000000001'},
	'query-block': [{
		device: 'd', qdev: '/machine/d', removable: false, locked: false, type: 'unknown',
		inserted: {
			file: '/a', drv: 'throttle', ro: false, encrypted: false, 'node-name': 'n', image: {filename: '/a', 'backing-image': {filename: '/b'}},
			'dirty-bitmaps': [{name: 'c', granularity: 65_536, recording: true, persistent: true}],
		},
	}],
	'query-named-block-nodes': [{'node-name': 'n', drv: 'qcow2', file: '/a', 'dirty-bitmaps': [{name: 'c', persistent: true, recording: true}]}, {'node-name': 'f', drv: 'file', file: '/a'}],
	'query-commands': [{name: 'transaction'}],
	'query-target': {arch: 'x86_64'},
	'query-kvm': {enabled: false, present: true},
	'query-memory-size-summary': {'base-memory': 1024},
	'qom-get': 'pc-i440fx-7.2-machine',
	'query-jobs': [{id: 'j', type: 'commit', status: 'ready', 'current-progress': 1, 'total-progress': 2}],
	'query-block-jobs': [{device: 'd', type: 'stream'}],
	'query-migrate': {status: 'active'},
};

async function liveOf(text: string): Promise<unknown> {
	const [frame] = createFrameReader().read(Buffer.from(`${text}\n`)).frames as Array<Record<string, unknown>>;
	return readLive({
		async ask(socketPath: string, command: string): Promise<Result<unknown>> {
			const reason = misfitInAnswer(command, frame?.[command]);
			return reason === undefined ? succeed(frame?.[command]) : fail({kind: 'host-not-understood', what: `What ${socketPath} answers to ${command}`, reason});
		},
	}, '/nowhere/monitor');
}

export const readers: Reader[] = [
	{name: 'domain', bases: xml, read: text => [parseDomainXml(text), redactXml(text).length]},
	{name: 'snapshot', bases: xml, read: text => parseSnapshotXml(text)},
	{name: 'checkpoint', bases: xml, read: text => parseCheckpointXml(text)},
	{name: 'create --xml', bases: [...requests, ...xml], read: text => parseSnapshotDocument(text)},
	{
		name: 'virsh',
		bases: [...texts, ' vda   16777216   204800   196616\n', '==> /a <==\nA\n'],
		read: text => [
			parseDomainList(text), [...parseDomainStates(text)], [...parseFields(text)], parseNames(text), parseVersion(text), parseBlockJob(text), parseDomainJob(text), [...parseBlockSizes(text)], [...parseHeads(text)],
		],
	},
	{name: 'memory header', bases: fixtures('libvirt-9.0', /memory/), read: text => parseMemoryHeader(parseHexDump(text))},
	{name: 'stat', bases: ['/a\u0000120\u00001.5\u00001:2\u00000\u00000\u0000644\u0000regular file\u00001\u0000'], read: text => [...parseFileFacts(text)]},
	{name: 'qemu-img', bases: [...fixtures('qemu-img', /\.json$/), '[{"start":0,"length":4096,"depth":0,"present":true,"data":true}]'], read: text => [parseImageInfo(text, '/x'), parseOwnBytes(text)]},
	{name: 'QMP', bases: [...qmp, '{"return":[{"device":"d","inserted":{"file":"/a","image":{"filename":"/a","backing-image":{"filename":"/b"}}}}],"id":"1"}'], read: answersOf},
	{name: 'running QEMU', bases: [JSON.stringify(answers)], read: liveOf},
	{name: 'mark', bases: [JSON.stringify(mark)], read: wordsOfMark},
	{name: 'list of marks', bases: [' UUID  Usage\n-----\n 5f3c2b1a-0000-4000-8000-000000000001   tls vsnap-tui/5f3c2b1a-0000-4000-8000-000000000002\n'], read: text => [...parseClaimList(text)]},
	{name: 'qemu-img measure', bases: ['{"required": 327680, "fully-allocated": 67436544}'], read: text => parseMeasure(text, {virtualSizeBytes: 67_108_864, clusterSizeBytes: 65_536})},
	{name: 'journal', bases: [journal.map((record, index) => formatJournalLine(record, index)).join('')], read: text => parseJournal(text)},
	{name: 'audit log', bases: [`{"at":"${at}","user":"root","uri":"qemu:///system","domain":{"uuid":"u","name":"web"},"action":"a","outcome":"done","durationMs":1}\n`], read: text => parseAuditLog(text)},
	{name: 'backup', bases: [JSON.stringify(makePoints(2)[1])], read: text => parseManifest(text, 'p2.json')},
	{name: 'removal of old backups', bases: ['{"format":"vsnap-tui-prune","version":1,"replaced":[{"point":"p2","files":["p2.vda.qcow2"]}],"removed":[]}'], read: text => parsePruning(text, 'prune.json')},
	{name: 'settings', bases: uris, read: text => [chooseUri({given: text, environment: {}, preferred: undefined}), filePlaceOf(text)]},
	{name: 'command line', bases: commands, read: text => parseArguments(text.split('\t'), '1.2.3')},
	{name: 'QEMU options', bases: ['file=/a,,b,if=none,id=x,format=qcow2'], read: text => parsePairs(text)},
];

/** The words for each failure among what was read. */
export function failuresIn(value: unknown): string[] {
	return [value].flat().flatMap(item => {
		const failure = (item as {failure?: Failure} | undefined)?.failure;
		return failure === undefined ? [] : Object.values(describeFailure(failure));
	});
}
