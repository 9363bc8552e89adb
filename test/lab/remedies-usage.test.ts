/** What is said of a command line that is not understood is done, and it is taken; what a failure leads to helps. */
import {
	mkdir, readdir, rename, rm, writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {makeBackups, makeTarget} from './backups.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, domainXml, makeDomain, readState, start, type LabDomain,
} from './domains.ts';
import {shimBefore} from './exchange.ts';
import {exportDisks, makeSocket} from './exports.ts';
import {
	fill, makeWritable, mountSmall,
} from './file-systems.ts';
import {readCounter, writeBootSector} from './memory-counter.ts';
import {readError, report, runProgram} from './program.ts';
import {
	createArgs, followAll, refused, runAsTold, succeeds, type Case,
} from './remedies.ts';
import {run, virsh} from './run.ts';
import {labUri} from './settings.ts';
import {makeShims, readPlan} from './shims.ts';
import {digestImage, readHeads} from './slots.ts';
import {markOffline, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

/** The options that a page of help names. */
const helpNames = async (t: ExecutionContext, domain: LabDomain, hint: string): Promise<string> => succeeds(t, domain, /vsnap-tui (.*)\.$/.exec(hint)![1]!.split(' '));

test.serial('options of create, revert and checkpoints are given as is said', async t => {
	const domain = await makeDomain(t, {sizeMiB: 8});
	const checkpoint = (...options: string[]) => ['checkpoint', 'create', ...options, '--yes', '--json', '--', domain.name];
	const revert = (...options: string[]) => ['revert', ...options, '--yes', '--json', '--', domain.name, 's1'];
	const overlays = path.join(domain.folder, 'overlays');
	await mkdir(overlays);
	await followAll(t, domain, [
		{asked: ['create', '--xml', '/dev/null', '--yes', '--json', '--', domain.name, 's1'], remedy: 'The document contains these: <name>, <description>, <memory>, <disks>.', followed: createArgs(domain, 's1', '--disk-only')},
		{asked: createArgs(domain, 's2', '--disk-only', '--overlay-folder', 'overlays'), remedy: 'Give the absolute path, starting with "/" and without "." and "..".', followed: createArgs(domain, 's2', '--disk-only', '--overlay-folder', overlays)},
		{asked: revert('--discard', '--description=x'), remedy: '--keep NAME --description TEXT keeps the current state with that text.', followed: revert('--keep=k1', '--description=x')},
	]);
	t.regex(await virsh('snapshot-dumpxml', domain.uuid, 'k1'), /<description>x<\/description>/);
	const either = '--keep NAME keeps the current state as a snapshot, --discard gives it up. --dry-run shows the plan of either.';
	await followAll(t, domain, [{asked: revert(), remedy: either, followed: revert('--discard')}, {asked: revert(), remedy: either, followed: revert('--keep=k2')}]);
	for (const choice of ['--discard', '--keep=k3']) {
		await succeeds(t, domain, ['revert', choice, '--dry-run', '--', domain.name, 's1']);
	}

	await start(domain);
	await refused(t, domain, revert('--discard', '--memory'), '--keep NAME --memory keeps the disks and the memory of the guest.');
	await succeeds(t, domain, revert('--keep=k4', '--memory', '--running'));
	t.regex(await virsh('snapshot-dumpxml', domain.uuid, 'k4'), /<memory snapshot='external'/);

	await followAll(t, domain, [
		{asked: checkpoint('--disk=vda=yes'), remedy: 'It is DISK or DISK=no.', followed: [...checkpoint('--disk=vda', '--disk=vdb=no'), 'c1']},
		{asked: checkpoint('--disk=vda', '--disk=vda'), remedy: 'Name each disk once.', followed: [...checkpoint('--disk=vda'), 'c2']},
		{asked: checkpoint('--bitmap=vda'), remedy: 'It is DISK=NAME.', followed: [...checkpoint('--bitmap=vda=c3'), 'c3']},
		{asked: checkpoint('--disk=vda', '--bitmap=vdb=b4'), remedy: 'Name it with --disk vdb as well, or leave its bitmap out.', followed: [...checkpoint('--disk=vda', '--disk=vdb', '--bitmap=vdb=c4'), 'c4']},
	]);
	const shown = await refused(t, domain, ['checkpoint', 'redefine', '--yes', '--json', '--', domain.name], 'vsnap-tui checkpoint show DOMAIN NAME --xml prints one.');
	const printed = await succeeds(t, domain, shown.replace(' prints one.', '').replace('DOMAIN', domain.name).replace('NAME', 'c4').split(' ').slice(1));
	const file = path.join(domain.folder, 'c4.xml');
	await writeFile(file, printed);
	await virsh('checkpoint-delete', domain.uuid, 'c4', '--metadata');
	await succeeds(t, domain, ['checkpoint', 'redefine', '--xml', file, '--yes', '--json', '--', domain.name]);
	t.regex(await virsh('checkpoint-list', domain.uuid, '--name'), /c4/);
});

test.serial('options of backups are given as is said', async t => {
	const {domain, folder} = await makeBackups(t, 2);
	const target = await makeTarget(t, domain, 'restored');
	const at = (name: string) => path.join(target, name);
	const restore = (...options: string[]) => ['restore', folder, ...options, '--yes', '--json'];
	const prune = (...options: string[]) => ['backup', 'prune', folder, ...options, '--json'];
	const whole = 'A folder is named by its whole path on the host where the images are.';
	const either = '--keep NAME keeps the current state as a snapshot, --discard gives it up. --dry-run shows the plan of either.';
	const cases: Case[] = [
		{asked: ['backup', 'create', '--yes', '--json', '--to=backups', '--', domain.name], remedy: 'A folder for each domain, on the host where the images are.', followed: ['backup', 'create', '--yes', '--json', `--to=${folder}`, '--', domain.name]},
		{asked: ['backup', 'list', 'backups', '--json'], remedy: whole, followed: ['backup', 'list', folder, '--json']},
		{asked: ['restore', 'backups', '--onto', domain.name, '--discard', '--yes', '--json'], remedy: whole, followed: ['restore', folder, '--onto', domain.name, '--discard', '--yes', '--json']},
		{asked: restore('--onto', domain.name), remedy: either, followed: restore('--onto', domain.name, '--keep=k1')},
		{asked: restore('--to', at('1'), '--format=vmdk'), remedy: 'It is qcow2 or raw.', followed: restore('--to', at('1'), '--format=raw')},
		{asked: prune('--keep=all', '--yes'), remedy: 'It is how many of the newest points stay: 7.', followed: prune('--keep=7', '--yes')},
		{asked: prune('--keep-since=soon', '--yes'), remedy: 'It is a date or a time: 2026-11-01, 2026-11-01T12:00.', followed: prune('--keep-since=2026-11-01', '--yes')},
		{asked: prune('--keep-since=soon', '--yes'), remedy: 'It is a date or a time: 2026-11-01, 2026-11-01T12:00.', followed: prune('--keep-since=2026-11-01T12:00', '--yes')},
		{asked: prune('--keep=7'), remedy: 'Give --dry-run to see the plan, or --yes to run it.', followed: prune('--keep=7', '--dry-run')},
	];
	await followAll(t, domain, cases);
	const socket = await makeSocket(t, domain);
	const exporting = (...options: string[]) => ['backup', 'export', '--json', ...options, '--', domain.name];
	await refused(t, domain, exporting('--socket=export.sock'), 'Both are on the host where the images are, in a folder that QEMU may write to.');
	await refused(t, domain, exporting(), 'See vsnap-tui backup export --help.');
	t.regex(await succeeds(t, domain, ['backup', 'export', '--help']), /--socket <path>/);
	await refused(t, domain, exporting(`--socket=${socket}`, '--keep-free=some'), 'It is a number of bytes: 500M, 1G.');
	const {begun, ended, end} = exportDisks(domain, socket, ['--keep-free=1M']);
	await begun;
	end();
	t.is((await ended).exitCode, 0);
	const restoreHelp = await helpNames(t, domain, await refused(t, domain, restore(), 'See vsnap-tui restore --help.'));
	t.true(['--to', '--as', '--onto'].every(option => restoreHelp.includes(option)), restoreHelp);
	const pruneHelp = await helpNames(t, domain, await refused(t, domain, prune('--yes'), 'See vsnap-tui backup prune --help.'));
	t.true(['--keep', '--keep-since'].every(option => pruneHelp.includes(option)), pruneHelp);

	const empty = await makeTarget(t, domain, 'empty');
	const makes = await refused(t, domain, ['restore', empty, '--to', at('2'), '--yes', '--json'], 'vsnap-tui backup create DOMAIN --to FOLDER makes one.');
	await succeeds(t, domain, [...makes.replace(' makes one.', '').replace('DOMAIN', domain.name).replace('FOLDER', empty).split(' ').slice(1), '--yes']);
	await succeeds(t, domain, ['restore', empty, '--to', at('2'), '--yes', '--json']);
});

test.serial('a rate of a domain that is off, and the folder for a new domain whose disks were no files, are given as is said', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	const pool = `${domain.name}-pool`;
	await virsh('pool-create-as', pool, 'dir', '--target', domain.folder);
	t.teardown(async () => virsh('pool-destroy', pool));
	await defineXml(domainXml(domain).replaceAll(/<disk type='file'([^>]*)>([\s\S]*?)<source file='[^']*\/([^'/]+)'\/>/g, `<disk type='volume'$1>$2<source pool='${pool}' volume='$3'/>`));
	const folder = await makeTarget(t, domain);
	const create = (rate: string) => ['backup', 'create', `--rate=${rate}`, '--yes', '--json', `--to=${folder}`, '--', domain.name];
	await followAll(t, domain, ['50M', '1G', '500k'].map(rate => ({asked: create('fast'), remedy: 'It is bytes a second: 50M, 1G, 500k.', followed: create(rate)})));
	const images = await makeTarget(t, domain, 'images');
	const name = `${domain.name}-new`;
	t.teardown(async () => virsh('undefine', name));
	await followAll(t, domain, [{
		asked: ['restore', folder, '--as', name, '--yes', '--json'], remedy: 'Give the folder for them as well: --to FOLDER.', followed: ['restore', folder, '--as', name, '--to', images, '--yes', '--json'],
	}]);
	const [head] = [...(await readHeads({...domain, uuid: (await virsh('domuuid', name)).trim()})).values()];
	t.is(await digestImage(head!, 'qcow2'), await digestImage(domain.disks[0]!.path, 'qcow2'));
});

test.serial('hosts, names, IDs and the settings: what is said leads on', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	const asked = async (args: string[], env = {}) => {
		const result = await runProgram(domain, args, {env});
		return {...result, said: `${result.stdout}${result.stderr}`};
	};

	const says = async (args: string[], words: string, env = {}) => {
		const result = await asked(args, env);
		t.not(result.exitCode, 0, args.join(' '));
		t.true(result.said.includes(words), `${args.join(' ')}\n${report(result)}`);
	};

	const good = async (args: string[], env = {}) => {
		const result = await asked(args, env);
		t.is(result.exitCode, 0, `${args.join(' ')}\n${report(result)}`);
		return result.stdout;
	};

	await says(['-c', 'xen:///', 'list'], 'Use a URI that begins with qemu, such as qemu:///system.');
	await good(['-c', 'qemu:///system', 'list']);
	await says(['-c', 'qemu+unix:///system?socket=/nowhere', 'list'], 'Is libvirtd running there, and may you use it? Choose another host with --connect URI; --demo needs none.');
	await good(['--connect', labUri, 'list']);
	await says(['-c', labUri, '-c', 'qemu:///session', 'create', domain.name, 's1', '--disk-only', '--yes'], 'Name it with one --connect.');
	await good(['--connect', labUri, 'create', domain.name, 's1', '--disk-only', '--yes']);

	await says(['tree', `${domain.name}x`], `Did you mean "${domain.name}"`);
	const bare = await makeDomain(t, {diskCount: 1});
	await says(['revert', '--discard', '--yes', '--', bare.name, 's1'], 'It has no snapshots.');
	t.is((await virsh('snapshot-list', '--name', bare.uuid)).trim(), '');
	await says(['checkpoint', 'delete', '--yes', '--', bare.name, 'c1'], 'It has no checkpoints.');
	t.is((await virsh('checkpoint-list', '--name', bare.uuid)).trim(), '');

	await says(['log', 'nothing'], 'vsnap-tui log lists them with their IDs.');
	const [id] = /\d{8}-\d{6}-[\da-f]{6}/.exec(await good(['log', '--json'])) ?? [];
	t.not(id, undefined);
	await good(['log', id!]);
	await says(['undo', 'nothing', '--yes'], 'vsnap-tui undo lists what was done, with the IDs.');
	t.true((await good(['undo'])).includes(id!));
	await good(['undo', id!, '--yes']);
	t.is((await virsh('snapshot-list', '--name', domain.uuid)).trim(), '');

	await says([], 'vsnap-tui list, tree, revert, recover and log work without one: vsnap-tui --help.');
	for (const args of [['list'], ['tree', domain.name], ['recover'], ['log'], ['--help']]) {
		await good(args);
	}

	for (const [args, hint] of [[['tree'], 'See vsnap-tui tree --help.'], [['checkpoint', 'make'], 'See vsnap-tui checkpoint --help.'], [['list', '--mend'], 'See vsnap-tui list --help.'], [['--mend'], 'See vsnap-tui --help.']] as const) {
		await says([...args], hint);
		await good(hint.slice('See vsnap-tui '.length, -1).split(' '));
	}

	const config = path.join(domain.statePath, 'config/vsnap-tui');
	await mkdir(config, {recursive: true});
	await writeFile(path.join(config, 'config.json'), '{"connect": ');
	const env = {XDG_CONFIG_HOME: path.dirname(config)};
	const plain = async (args: string[]) => run('env', [`XDG_CONFIG_HOME=${env.XDG_CONFIG_HOME}`, `VSNAP_TUI_STATE=${domain.statePath}`, 'LIBVIRT_DEFAULT_URI=', 'node', path.resolve('dist/vsnap-tui.mjs'), ...args]);
	await t.throwsAsync(async () => plain(['list']), {message: /Correct it or remove it\./});
	await writeFile(path.join(config, 'config.json'), JSON.stringify({connect: labUri}));
	await plain(['list']);
	await rm(path.join(config, 'config.json'));
	await plain(['list']);
	await plain(['--demo', 'list']);
});

test.serial('a private folder without room: once there is some the action is done', async t => {
	const small = await mountSmall(t, 1);
	const domain = {...await makeDomain(t, {diskCount: 1}), statePath: path.join(small, 'state')};
	await mkdir(domain.statePath, {mode: 0o700});
	await fill(small);
	const refusal = await runProgram(domain, createArgs(domain, 's1', '--disk-only'));
	t.not(refusal.exitCode, 0);
	t.is(readError(refusal).hint, 'Without a journal nothing is changed. Free some space there or correct its permissions.', report(refusal));
	t.is((await virsh('snapshot-list', '--name', domain.uuid)).trim(), '');
	await rm(path.join(small, 'filler'));
	await succeeds(t, domain, createArgs(domain, 's1', '--disk-only'));
});

test.serial('an internal snapshot in an image that no disk is on is copied out as told', async t => {
	const domain = await makeDomain(t, {diskCount: 1, sizeMiB: 8});
	const held = await markOffline(domain, 1);
	await succeeds(t, domain, createArgs(domain, 'i1'));
	await markOffline(domain, 2);
	const other = path.join(domain.folder, 'other.qcow2');
	await run('qemu-img', ['create', '-q', '-f', 'qcow2', other, '8M']);
	await defineXml(domainXml({...domain, disks: [{...domain.disks[0]!, path: other}]}));
	const advice = await refused(t, domain, ['revert', '--discard', '--yes', '--json', '--', domain.name, 'i1'], 'Copy its content out of the image: ');
	const copy = path.join(domain.folder, 'copy.qcow2');
	await runAsTold(/(qemu-img convert .* )COPY\.$/.exec(advice)![1]! + copy);
	t.is(await digestImage(copy), held.vda!);
});

test.serial('a restore that can neither be ended nor taken back: what is told takes it back once that is possible', async t => {
	const small = await mountSmall(t, 64);
	const {domain, folder} = await makeBackups(t, 1);
	const target = path.join(small, 'restored');
	const restore = ['restore', folder, '--to', target, '--yes', '--json'];
	const failed = await runProgram(domain, restore, await shimBefore(domain, {'qemu-img': 'convert*'}, `mount -o remount,ro '${small}'; exit 1`));
	t.not(failed.exitCode, 0);
	const {message, hint = ''} = readError(failed);
	t.regex(message, /Not everything could be rolled back/);
	t.notRegex(hint, /recover/);
	await makeWritable(small);
	await runAsTold(/Once the cause is gone, undo them yourself: (.*)$/s.exec(hint)![1]!);
	t.deepEqual(await readdir(small), []);
	await succeeds(t, domain, restore);
});

test.serial('a guest that was ended with its memory, and cannot be started again, is brought back by the command that is told', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await writeBootSector(domain.disks[0]!.path, 'qcow2');
	const logs = path.join(domain.folder, 'logs');
	await mkdir(logs);
	await defineXml((await virsh('dumpxml', '--domain', domain.uuid, '--inactive')).replace('</devices>', `<serial type='file'><source path='${logs}/serial'/></serial></devices>`));
	await takeDiskSnapshot(domain, 's1');
	await start(domain);
	const counted = await readCounter(domain);
	const flags = ['--keep=k', '--memory', '--running'];
	const plan = await readPlan(domain, 's1', flags);
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(({id}) => id === 'define'), script: `mv '${logs}' '${logs}.away'; exit 1`});
	const failed = await runProgram(domain, ['revert', ...flags, '--yes', '--json', '--', domain.name, 's1'], shims.options);
	t.not(failed.exitCode, 0);
	const {message, hint = ''} = readError(failed);
	t.regex(message, /the domain is off/);
	t.regex(hint, /The memory of the guest is in/, report(failed));
	await rename(`${logs}.away`, logs);
	await runAsTold(/The memory of the guest is in \S+: (virsh restore \S+) brings it back/.exec(hint)![1]!);
	t.is(await readState(domain), 'running');
	t.true(await readCounter(domain) >= counted);
});
