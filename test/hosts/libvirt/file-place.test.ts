import test from 'ava';
import {fail} from '../../../source/model/result.ts';
import {filePlaceOf, withoutSsh} from '../../../source/hosts/libvirt/file-place.ts';
import {parseSshTarget} from '../../../source/tools/run/ssh.ts';

for (const uri of ['qemu:///system', 'qemu:///session', 'qemu+unix:///system?socket=/run/x', 'QEMU+UNIX:///system', 'test:///default', 'qemu:/system']) {
	test(`the files of ${uri} are here`, t => {
		t.is(filePlaceOf(uri).kind, 'here');
	});
}

for (const uri of ['qemu+ssh://root@h/system', 'qemu+libssh2://h:22/system', 'qemu+libssh://h/system?socket=/x']) {
	test(`the files of ${uri} are reached by ssh`, t => {
		t.is(filePlaceOf(uri).kind, 'ssh');
	});
}

for (const [uri, hint] of [
	['qemu+tcp://127.0.0.1:16509/system', 'qemu+ssh://127.0.0.1/system'],
	['qemu+TCP://localhost/system', 'qemu+ssh://localhost/system'],
	['qemu+tls://h.example.org/system', 'qemu+ssh://h.example.org/system'],
	['qemu://user@h/session', 'qemu+ssh://h/session'],
	['qemu+ext:///system?command=/x', 'qemu+ssh://HOST/system'],
	['qemu+unix://h/system', 'qemu+ssh://h/system'],
	['qemu+tls://[::1]:16514/system', 'qemu+ssh://[::1]/system'],
	['qemu+ssh:///system', 'qemu+ssh://HOST/system'],
	['qemu+newtransport:///system', 'qemu+ssh://HOST/system'],
] as const) {
	test(`the files of ${uri} are out of reach, and ${hint} would lead to them`, t => {
		const place = filePlaceOf(uri);
		t.true(place.kind === 'elsewhere' && place.failure.remedy.includes(`${hint}:`), JSON.stringify(place));
	});
}

test('where libssh gets to a host and ssh does not, only the files are out of reach', t => {
	const cause = {
		argv: [], exitCode: 255, timedOut: false, stderr: 'Permission denied (publickey).', durationMs: 1,
	};
	const unreachable = fail({kind: 'host-unreachable', uri: 'x', cause});
	const kindOf = (uri: string) => {
		const result = withoutSsh(unreachable, parseSshTarget(uri)!);
		return result.ok ? undefined : result.failure.kind;
	};

	t.is(kindOf('qemu+libssh2://h/system'), 'files-elsewhere');
	t.is(kindOf('qemu+ssh://h/system'), 'host-unreachable');
});
