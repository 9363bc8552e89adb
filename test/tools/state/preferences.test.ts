import {
	mkdir, mkdtemp, readFile, rm, stat, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import type {AuditEntry} from '../../../source/engine/ports.ts';
import {succeed} from '../../../source/model/result.ts';
import {readHostSettings, readKnownHosts} from '../../../source/tools/state/known-hosts.ts';
import {readPreferences} from '../../../source/tools/state/preferences.ts';

let folder: string;
test.beforeEach(async () => {
	folder = await mkdtemp(path.join(os.tmpdir(), 'vsnap-preferences-'));
	process.env.XDG_CONFIG_HOME = folder;
});
test.afterEach.always(async () => {
	await rm(folder, {recursive: true});
});

test.serial('without a settings file everything has its default, and nothing is made', async t => {
	t.deepEqual(await readPreferences(), {ok: true, value: {connect: undefined, hosts: [], check: true, theme: 'auto', sort: 'name', title: true, mouse: false, bell: false, notify: false}});
	await t.throwsAsync(stat(path.join(folder, 'vsnap-tui')), {code: 'ENOENT'});
});

test.serial('what is set is read, and the file stays byte for byte as it was', async t => {
	const file = path.join(folder, 'vsnap-tui', 'config.json');
	await mkdir(path.dirname(file));
	const text = '{ "check": false,   "connect": "qemu:///session", "theme": "light", "sort": "health" }';
	await writeFile(file, text);
	t.deepEqual(await readPreferences(), {ok: true, value: {connect: 'qemu:///session', hosts: [], check: false, theme: 'light', sort: 'health', title: true, mouse: false, bell: false, notify: false}});
	t.is(await readFile(file, 'utf8'), text);
});

test.serial('a setting that is neither true nor false is refused with its name', async t => {
	const file = path.join(folder, 'vsnap-tui', 'config.json');
	await mkdir(path.dirname(file));
	await writeFile(file, '{"check": "no"}');
	const preferences = await readPreferences();
	t.regex(JSON.stringify(preferences), /config\.json is not understood: \\"check\\" is neither true nor false/);
});

test.serial('a theme that there is not is refused with those that there are', async t => {
	const file = path.join(folder, 'vsnap-tui', 'config.json');
	await mkdir(path.dirname(file));
	await writeFile(file, '{"theme": "solarized"}');
	t.regex(JSON.stringify(await readPreferences()), /config\.json is not understood: \\"theme\\" is none of auto, dark, light, mono/);
});

test.serial('an order that there is not is refused with those that there are', async t => {
	const file = path.join(folder, 'vsnap-tui', 'config.json');
	await mkdir(path.dirname(file));
	await writeFile(file, '{"sort": "size"}');
	t.regex(JSON.stringify(await readPreferences()), /config\.json is not understood: \\"sort\\" is none of name, state, health, snapshots/);
});

test.serial('hosts are URIs, or objects that say of a host that it may only be looked at', async t => {
	const file = path.join(folder, 'vsnap-tui', 'config.json');
	await mkdir(path.dirname(file));
	await writeFile(file, '{"hosts": ["qemu:///system", {"uri": "qemu+ssh://kvm2/system", "readOnly": true}]}');
	const read = await readPreferences();
	t.deepEqual(read.ok && read.value.hosts, [{uri: 'qemu:///system', isReadOnly: false}, {uri: 'qemu+ssh://kvm2/system', isReadOnly: true}]);
	const settingsOf = async (uri: string | undefined, name?: string) => readHostSettings(uri, async () => name);
	t.like(await settingsOf('qemu+ssh://kvm2/system'), {value: {isReadOnly: true}});
	t.deepEqual(await settingsOf('qemu:///system'), succeed(undefined));
	// An alias, or virsh's default, may stand for it.
	t.like(await settingsOf('kvm2', 'qemu+ssh://kvm2/system'), {value: {isReadOnly: true}});
	t.like(await settingsOf(undefined, 'qemu+ssh://kvm2/system'), {value: {isReadOnly: true}});
	t.deepEqual(await settingsOf(undefined, 'qemu:///system'), succeed(undefined));
	t.deepEqual(await settingsOf(undefined), succeed(undefined));
	const audit = [{uri: 'qemu+ssh://kvm3/system'}, {uri: 'qemu:///system'}, {uri: 'demo:///system'}, {uri: 'qemu+ssh://kvm4/system'}] as AuditEntry[];
	t.deepEqual(await readKnownHosts({readAudit: async () => succeed({entries: audit, damagedLines: 0})}), ['qemu:///system', 'qemu+ssh://kvm2/system', 'qemu+ssh://kvm4/system', 'qemu+ssh://kvm3/system']);
	for (const wrong of ['"qemu:///system"', '[""]', '[{"uri": 1}]', '[{"uri": "qemu:///system", "readOnly": "yes"}]', '[{"uri": "qemu:///system", "overlayFolder": "overlays"}]']) {
		await writeFile(file, `{"hosts": ${wrong}}`);
		// What may be a host to be looked at only is not opened for changes.
		t.like(await settingsOf('qemu:///system'), {ok: false, failure: {kind: 'usage'}});
		t.regex(JSON.stringify(await readPreferences()), /\\"hosts\\" is not a list/u);
	}
});

test.serial('a host has a folder for overlays', async t => {
	const file = path.join(folder, 'vsnap-tui', 'config.json');
	await mkdir(path.dirname(file));
	await writeFile(file, '{"hosts": [{"uri": "qemu:///system", "overlayFolder": "/srv/overlays"}]}');
	t.like(await readHostSettings('qemu:///system', async () => undefined), {value: {isReadOnly: false, overlayFolder: '/srv/overlays'}});
});
