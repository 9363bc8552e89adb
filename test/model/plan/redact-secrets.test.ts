import test from 'ava';
import {redactDefinition, redactSecrets} from '../../../source/model/plan/redact-secrets.ts';
import {escapeAttribute} from '../../../source/model/xml/change-xml.ts';

const secret = 'hunter2';
/** As QEMU spells it, each with a part that has to stay. */
const holding: Array<[argument: string, stays: string]> = [
	[`secret,id=sec0,data=${secret}`, 'id=sec0'],
	[`secret,data=${secret},,and more ${secret},id=sec1`, 'id=sec1'],
	[`{"qom-type":"secret","id":"sec2","data":"${secret}"}`, '"id":"sec2"'],
	[`{"driver":"ssh","password" : "a\\"${secret}","host":"h"}`, '"host":"h"'],
	[`port=5900,password=${secret},disable-ticketing=off`, 'port=5900'],
	[`:1,password=${secret}`, ':1'],
	[`user=me,password=it's ${secret}`, 'user=me'],
	[`file=json:{'driver':'iscsi','password':'${secret}'},if=virtio`, 'if=virtio'],
	[`file=rbd:pool/image:id=admin:key=${secret}==:conf=x,format=raw`, 'format=raw'],
	[`file=iscsi://me%${secret}@10.0.0.1/target/0`, '@10.0.0.1/target/0'],
	[`file=https://me:${secret}@host/disk.img`, '@host/disk.img'],
	[`type=11,value=io.systemd.credential:root=${secret}`, 'type=11'],
	[`name=opt/credential,string=${secret},more`, 'name=opt/credential'],
	[`root=/dev/vda quiet password=${secret}`, 'root=/dev/vda quiet'],
];

test('no secret of a command line is left, whichever way it is spelt, and the rest stays', t => {
	for (const [argument, stays] of holding) {
		const xml = `<domain><qemu:commandline><qemu:arg value='${escapeAttribute(argument)}'/></qemu:commandline></domain>`;
		const text = JSON.stringify(redactSecrets({argv: ['qemu-system-x86_64', '-object', argument], files: [{path: '/w/domain.xml', text: xml}]}));
		t.false(text.includes(secret), argument + text);
		const masked = redactSecrets(['qemu', '-x', argument])[2];
		t.true(masked?.includes(stays) ?? false, masked);
	}
});

test('what holds no secret stays as it is', t => {
	for (const argument of [':1,password=on', 'secret,id=s0,file=/etc/secret', 'driver=qcow2,encrypt.key-secret=s0', 'file=/d/vda.qcow2,if=virtio', '{"driver":"qcow2","node-name":"data"}']) {
		t.is(redactSecrets(argument), argument);
	}
});

test('the rest of a document that may hold secrets: graphics, the environment of QEMU, cookies, firmware strings', t => {
	const xml = `<domain><graphics type='vnc' passwd='${secret}'/><qemu:env name='X' value='${secret}'/><cookies><cookie name='a'>${secret}</cookie></cookies><sysinfo><entry>${secret}</entry></sysinfo><name>web</name></domain>`;
	const text = redactSecrets({xml}).xml;
	t.false(text.includes(secret), text);
	t.true(text.includes('<name>web</name>'));
	t.is(redactSecrets({password: secret}).password, '********');
});

const definitionOf = (argument: string) => `<domain><qemu:commandline><qemu:arg value='-x'/><qemu:arg value="${escapeAttribute(argument)}"/></qemu:commandline></domain>`;

test('the definition of a backup has no secret in its arguments, but keeps what a guest is told by its firmware', t => {
	const isFirmware = (argument: string) => /^(?:type=11|name=opt)/.test(argument);
	for (const [argument, stays] of holding) {
		const text = redactDefinition(definitionOf(argument));
		t.is(text.includes(secret), isFirmware(argument), argument + text);
		t.true(text.includes(escapeAttribute(stays)), text);
	}
});

test('what a restored domain needs stays in the definition of a backup', t => {
	for (const argument of ['data=/d/slic.bin:/d/ssdt.bin', 'type=11,value=hello', 'secret,id=s0,file=/etc/secret', 'driver=qcow2,encrypt.key-secret=s0', ':1,password=on']) {
		t.is(redactDefinition(definitionOf(argument)), definitionOf(argument));
	}

	const xml = '<domain><qemu:commandline><qemu:env name="LD_PRELOAD" value="/l.so"/><qemu:env name=\'CEPH_KEY\' value=\'hunter2\'/></qemu:commandline><sysinfo><entry name="serial">X1</entry></sysinfo></domain>';
	t.is(redactDefinition(xml), xml.replace('\'hunter2\'', '"********"'));
	t.is(redactDefinition('<domain><graphics type="vnc" passwd="hunter2"/></domain>'), '<domain><graphics type="vnc" passwd="********"/></domain>');
});
