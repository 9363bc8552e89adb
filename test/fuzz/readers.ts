/**
Every reader of data from outside, each with inputs that it knows: what programs answered (fixtures/), and what people type and files hold. A reader gives whatever
it makes of a text; the texts that come of that are what a person may see.
*/
import {Buffer} from 'node:buffer';
import {
	mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync,
} from 'node:fs';
import {tmpdir} from 'node:os';
import path from 'node:path';
import process from 'node:process';
import {parseArguments} from '../../source/arguments.ts';
import {describeClaim, parseClaim, remedyFor} from '../../source/model/plan/claim.ts';
import {describeFailure} from '../../source/model/text/describe-failure.ts';
import type {Failure} from '../../source/model/failure.ts';
import {parseBlockdev} from '../../source/model/qemu/block-options.ts';
import {
	bootFilesOf, imagesOfDrives, relaunchArgv, relaunchProblems, withImages,
} from '../../source/model/qemu/command-line.ts';
import {findDrives} from '../../source/model/qemu/drives.ts';
import {networkPlace} from '../../source/model/qemu/network-image.ts';
import {parseCommandLine, parsePairs} from '../../source/model/qemu/options.ts';
import {redactDefinition, redactSecrets} from '../../source/model/plan/redact-secrets.ts';
import {fail, succeed, type Result} from '../../source/model/result.ts';
import {aliasesOf, commandLineOf} from '../../source/model/xml/bare-domain.ts';
import {changeDomainXml} from '../../source/model/xml/change-domain.ts';
import {rewriteSnapshotXml} from '../../source/model/xml/change-snapshot.ts';
import {parseCheckpointsNote} from '../../source/model/xml/checkpoints-note.ts';
import {differingParts} from '../../source/model/xml/compare-definitions.ts';
import {parseFrozenNote} from '../../source/model/xml/frozen-note.ts';
import {parseLeftImages} from '../../source/model/xml/left-images.ts';
import {redactXml} from '../../source/model/xml/redact.ts';
import {parseRestoredNote} from '../../source/model/xml/restored-note.ts';
import {parseCheckpointXml} from '../../source/model/xml/parse-checkpoint.ts';
import {parseDomainXml} from '../../source/model/xml/parse-domain.ts';
import {parseSnapshotXml} from '../../source/model/xml/parse-snapshot.ts';
import {parseSnapshotDocument} from '../../source/actions/create/document.ts';
import {parseClaimList} from '../../source/hosts/libvirt/claims.ts';
import {parseHeads} from '../../source/hosts/libvirt/file-fence.ts';
import {filePlaceOf} from '../../source/hosts/libvirt/file-place.ts';
import {parseDomainList, parseDomainStates, parseFields, parseNames} from '../../source/hosts/libvirt/read/read-host.ts';
import {parseVersion, parseHexDump} from '../../source/hosts/shared/read-answers.ts';
import {parseBitmaps, parseHeader, parseTags} from '../../source/hosts/libvirt/pools/qcow2-metadata.ts';
import {parseNames as parseVolumeNames, parsePool, parseVolume} from '../../source/hosts/libvirt/pools/volume.ts';
import {parseQcow2Header} from '../../source/model/backup/qcow2-header.ts';
import {parseManifest} from '../../source/model/backup/manifest.ts';
import {parsePruning} from '../../source/model/backup/pruning.ts';
import {makePoints} from '../helpers/backup-points.ts';
import {parseMemoryHeader} from '../../source/hosts/libvirt/read/read-memory.ts';
import {joinNames} from '../../source/hosts/libvirt/read/read-snapshot-documents.ts';
import {parseSecretList} from '../../source/hosts/libvirt/read/read-secrets.ts';
import {parseBlockJob, parseDomainJob} from '../../source/hosts/libvirt/read/read-progress.ts';
import {parseBlockSizes} from '../../source/hosts/libvirt/same-files.ts';
import {chooseUri} from '../../source/hosts/libvirt/uri.ts';
import {createFrameReader} from '../../source/hosts/shared/qmp/qmp-frames.ts';
import {misfitInAnswer} from '../../source/hosts/shared/qmp/qmp-shapes.ts';
import {lookThrough} from '../../source/hosts/qemu/look-through.ts';
import {readLive} from '../../source/hosts/qemu/read-live.ts';
import {readPreferences} from '../../source/tools/state/preferences.ts';
import {examineBackups} from '../../source/tools/backups/examine-backups.ts';
import {parseAuditLog} from '../../source/tools/state/audit-log.ts';
import {resolveBackingPath} from '../../source/tools/files/backing-name.ts';
import {parseFileFacts} from '../../source/tools/files/files.ts';
import {formatJournalLine, parseJournal} from '../../source/tools/state/journal-lines.ts';
import {parseMeasure} from '../../source/tools/files/measure-images.ts';
import {parseOwnBytes} from '../../source/tools/files/own-bytes.ts';
import {readBackups} from '../../source/tools/files/read-backups.ts';
import {parseImageInfo} from '../../source/tools/files/parse-image-info.ts';
import {fixturePath, readFixture} from '../helpers/fixtures.ts';

/** What a reader gives may be a promise: of a running QEMU it is. */
export type Reader = {name: string; bases: string[]; read: (text: string) => unknown};

function fixtures(folder: string, pattern: RegExp): string[] {
	return readdirSync(fixturePath(folder)).filter(name => pattern.test(name)).map(name => readFixture(`${folder}/${name}`));
}

const notes = `<domain><name>d</name><uuid>u</uuid><metadata><vsnap:left xmlns:vsnap="urn:vsnap-tui:left-images:1" domain="u"><vsnap:image path="/a"/></vsnap:left>
<vsnap:frozen xmlns:vsnap="urn:vsnap-tui:frozen:1" snapshot="s" domain="u"/><vsnap:restored xmlns:vsnap="urn:vsnap-tui:restored:1" at="1700000000" domain="u"/>
<vsnap:checkpoints xmlns:vsnap="urn:vsnap-tui:checkpoints:1" snapshot="s" domain="u"><vsnap:checkpoint><vsnap:record>&lt;domaincheckpoint&gt;&lt;name&gt;c&lt;/name&gt;&lt;/domaincheckpoint&gt;</vsnap:record>
<vsnap:origin disk="vda" path="/a"/></vsnap:checkpoint></vsnap:checkpoints></metadata><devices><disk type="network" device="disk"><driver name="qemu" type="raw"/><source protocol="nbd" name="x"><host name="h" port="10809"/></source><target dev="vda" bus="virtio"/></disk>
<disk type="volume" device="disk"><source pool="p" volume="v"/><target dev="vdb"/></disk></devices></domain>`;
const xml = [...fixtures('libvirt-9.0', /\.xml$/), notes];
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
const commands = [
	'backup\tcreate\tweb\t--to\t/b\t--rate\t50M\t--disk\tvda\t--since\tc1',
	'backup\tprune\t/b\t--keep\t3\t--yes',
	'backup\tverify\t/b\t--quick',
	'backup\texport\tweb\t--socket\t/s\t--since\tc1',
	'backup\tlist\t/b\t--json',
	'restore\t/b\t--at\tp1\t--onto\tweb\t--keep\tk\t--yes',
	'restore\t/b\t--to\t/r\t--format\traw\t--no-verify',
	'checkpoint\tcreate\tweb\tc1\t--disk\tvda',
	'checkpoint\tdelete\tweb\tc1\t--children\t--metadata',
	'branch\tweb\ts1\tb1\t--keep\tk\t--shutoff',
	'rename\tweb\ts1\ts2',
	'merge\tweb\ts1\t--dry-run\t--shell',
	'delete\tweb\ts1\t--children\t--also\ts2',
	'doctor\tweb\t--repair\tunrecorded-layer\t--fold\t--dry-run',
	'recover\tweb\t--give-up\t--yes',
	'undo\tweb',
	'log\tweb\t--json',
	'revert\tweb\ts1\t--keep\tk\t--yes',
	'create\tweb\t--disk\tvda=external:/x\t--reuse\tvda=existing\t--memory\texternal:/m',
	'doctor\t--json\t--repair\torphan\tweb',
	'list\t-c\tqemu:///system',
];

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

const place = {path: '/new', format: 'qcow2'};
const pool = {name: 'p', folder: '/p', freeBytes: 1};
const volume = `<volume type='file'><name>a</name><capacity unit='bytes'>65536</capacity><allocation unit='bytes'>4096</allocation><physical unit='bytes'>4096</physical><target><path>/p/a</path><format type='qcow2'/>
<permissions><mode>0600</mode><owner>0</owner><group>0</group></permissions><timestamps><mtime>1700000000.5</mtime><ctime>1700000000</ctime></timestamps><clusterSize unit='B'>65536</clusterSize><compat>1.1</compat>
<features><extended_l2/></features></target><backingStore><path>/p/b</path><format type='raw'/></backingStore></volume>`;

/** What else is made of a definition: of its notes, and of it without its secrets. */
function notesOf(text: string): unknown {
	const hidden = [redactDefinition(text), redactSecrets({text}).text];
	return [parseLeftImages(text, 'u'), parseFrozenNote(text), parseRestoredNote(text, 'u'), parseCheckpointsNote(text), hidden.join('').length, aliasesOf(text).size, commandLineOf(text)?.length];
}

const bytesOf = (text: string): Buffer => Buffer.from(text.replaceAll(/[^\da-f]/gi, ''), 'hex');
const qcow2 = `514649fb 00000003 000000000000009c 00000008 00000010 0000000004000000 00000000 00000001 0000000000030000 0000000000010000 00000001 00000001 0000000000050000
0000000000000000 0000000000000000 0000000000000000 00000004 00000068 e2792aca 00000005 7163 6f77 32000000 23852875 00000018 00000001 00000000 0000000000000020 0000000000060000 00000000 00000000 2f612f62`;
const tags = '0000000000070000 00000001 0001 0002 6a5c3f00 00000000 0000000000000000 00000000 00000010 0000000000000000 0000000004000000 31 7331 000000';

/** Every way in which bytes of an image are read without QEMU. */
const imageOf = (bytes: Buffer): unknown => [parseQcow2Header(bytes, 'a.qcow2'), parseHeader(bytes), parseTags(bytes, 1), parseBitmaps(bytes, 1)];

/** How a standalone QEMU was started, which whoever started it decides. */
function commandLineOfQemu(text: string): unknown {
	const argv = text.split('\t');
	const parsed = parseCommandLine(argv);
	return [
		parsed,
		parsed.ok ? findDrives(parsed.value).ok : false,
		withImages(argv, new Map()),
		imagesOfDrives(argv),
		bootFilesOf(argv),
		relaunchProblems(argv, '/s'),
		relaunchArgv(argv, {isPaused: true, memory: undefined}),
		argv.slice(0, 20).map(word => parseBlockdev(word)),
	].flat();
}

const parts = '\u0001';
const point = makePoints(2)[1]!;
const folderOfBackups = [`w0\0/b\u00001\0b\u00001\0/b\u00001\0${point.point}.json\u00001\0/b\u00001\0prune.json\0`, JSON.stringify(point), `/b/${point.disks[0]!.file}\0regular file\u00001000\0`].join(parts);

/** A folder of backups in which others may write: its listing, the document that each file there is, and what `stat`, `od` and `sha256sum` tell. */
async function backupsOf(text: string): Promise<unknown> {
	const [listing = '', document = '', rest = ''] = text.split(parts);
	const answers = new Map([['find', listing], ['head', document], ['stat -f', '/b\u00001 4096\0']]);
	const runner = async ({argv: [program, flag]}: {argv: string[]}) => succeed({stdout: answers.get(program!) ?? answers.get(`${program} ${flag}`) ?? rest, stderr: '', durationMs: 0});
	const found = await readBackups(runner, '/b');
	return found.ok ? [found, await examineBackups(runner, '/b', {points: found.value.points, wanted: found.value.points, isQuick: false})] : found;
}

/** The settings file as a program finds it. */
async function settingsOf(text: string): Promise<unknown> {
	const before = process.env.XDG_CONFIG_HOME;
	const folder = mkdtempSync(path.join(tmpdir(), 'vsnap-fuzz-settings-'));
	try {
		mkdirSync(path.join(folder, 'vsnap-tui'));
		writeFileSync(path.join(folder, 'vsnap-tui/config.json'), text);
		process.env.XDG_CONFIG_HOME = folder;
		return await readPreferences();
	} finally {
		process.env.XDG_CONFIG_HOME = before;
		rmSync(folder, {recursive: true});
	}
}

export const readers: Reader[] = [
	{name: 'domain', bases: xml, read: text => [parseDomainXml(text), redactXml(text).length]},
	{name: 'notes in a definition', bases: [notes, ...fixtures('libvirt-9.0', /running\.xml$/)], read: notesOf},
	{name: 'changed definition', bases: xml, read: text => [changeDomainXml(text, {sources: new Map([['vda', place]])}), rewriteSnapshotXml(text, {parent: 'p', overlays: new Map([['vda', '/o']]), contents: new Map([['/a', place]])}), differingParts(text, notes)]},
	{name: 'pool', bases: ['<pool type="dir"><name>p</name><available unit="bytes">1</available><target><path>/p</path></target></pool>'], read: text => parsePool(text)},
	{name: 'volume', bases: [volume], read: text => [parseVolume(text, pool), parseVolumeNames(text, pool)]},
	{name: 'names of volumes', bases: [' Name   Path\n-------\n a b    /p/a b\n c   /p/c\n', ' a b    /p/a b\n c   /p/c\n'], read: text => [...parseVolumeNames(text, pool) ?? []]},
	{name: 'names of snapshots', bases: ['s1\ns2\\x0as3\n'], read: text => joinNames(text.split('\n'), text)},
	{name: 'bytes of an image', bases: [qcow2, tags], read: text => imageOf(bytesOf(text))},
	{name: 'name of a backing file', bases: ['nbd://h:1/x', 'nbd+unix:///x?socket=/s', 'json:{"driver":"nbd","server":{"type":"inet","host":"h","port":"1"},"export":"x"}', 'json:{"driver":"qcow2","file":{"driver":"file","filename":"/x"}}', '../a', 'file:/x', 'blkdebug::/a'], read: text => [resolveBackingPath('/d/i', text), networkPlace(text) ?? null, lookThrough(text, 'qcow2') ?? null]},
	{name: 'command line of QEMU', bases: ['qemu\t-blockdev\tdriver=qcow2,node-name=n,file.driver=file,file.filename=/a,,b\t-drive\tfile=/a,if=none,id=x', 'env\t-C\t/f\tqemu\t-blockdev\t{"driver":"nbd","server":{"type":"unix","path":"/s"},"export":"x"}\t-hda\tb.img'], read: commandLineOfQemu},
	{name: 'folder of backups', bases: [folderOfBackups, folderOfBackups.replaceAll('.json', '.json.next')], read: backupsOf},
	{name: 'settings file', bases: ['{"connect":"qemu:///system","hosts":["a",{"uri":"qemu+ssh://h/system","readOnly":true,"overlayFolder":"/o"}],"theme":"dark","sort":"name","bell":true}'], read: settingsOf},
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
	{name: 'qemu-img', bases: [...fixtures('qemu-img', /\.json$/), '{"filename":"nbd://h:1/x","format":"qcow2","virtual-size":1,"backing-filename":"json:{\\"driver\\":\\"nbd\\",\\"server\\":{\\"type\\":\\"unix\\",\\"path\\":\\"/s\\"}}"}', '[{"start":0,"length":4096,"depth":0,"present":true,"data":true}]'], read: text => [parseImageInfo(text, '/x'), parseOwnBytes(text)]},
	{name: 'QMP', bases: [...qmp, '{"return":[{"device":"d","inserted":{"file":"/a","image":{"filename":"/a","backing-image":{"filename":"/b"}}}}],"id":"1"}'], read: answersOf},
	{name: 'running QEMU', bases: [JSON.stringify(answers)], read: liveOf},
	{name: 'mark', bases: [JSON.stringify(mark)], read: wordsOfMark},
	{name: 'list of marks', bases: [' UUID  Usage\n-----\n 5f3c2b1a-0000-4000-8000-000000000001   tls vsnap-tui/5f3c2b1a-0000-4000-8000-000000000002\n'], read: text => [...parseClaimList(text), ...parseSecretList(text)]},
	{name: 'qemu-img measure', bases: ['{"required": 327680, "fully-allocated": 67436544}'], read: text => parseMeasure(text, {virtualSizeBytes: 67_108_864, clusterSizeBytes: 65_536})},
	{name: 'journal', bases: [journal.map((record, index) => formatJournalLine(record, index)).join('')], read: text => parseJournal(text)},
	{name: 'audit log', bases: [`{"at":"${at}","user":"root","uri":"qemu:///system","domain":{"uuid":"u","name":"web"},"action":"a","outcome":"done","durationMs":1}\n`], read: text => parseAuditLog(text)},
	{name: 'backup', bases: [JSON.stringify(makePoints(2)[1])], read: text => parseManifest(text, 'p2.json')},
	{name: 'removal of old backups', bases: ['{"format":"vsnap-tui-prune","version":1,"replaced":[{"point":"p2","files":["p2.vda.qcow2"]}],"removed":[]}'], read: text => parsePruning(text, 'prune.json')},
	{name: 'settings', bases: uris, read: text => [chooseUri({given: text, environment: {}, preferred: undefined}), filePlaceOf(text)]},
	{name: 'command line', bases: commands, read: text => parseArguments(text.split('\t').slice(0, 1000), '1.2.3')},
	{name: 'QEMU options', bases: ['file=/a,,b,if=none,id=x,format=qcow2'], read: text => parsePairs(text)},
];

/** The words for each failure among what was read. */
export function failuresIn(value: unknown): string[] {
	return [value].flat().flatMap(item => {
		const failure = (item as {failure?: Failure} | undefined)?.failure;
		return failure === undefined ? [] : Object.values(describeFailure(failure));
	});
}
