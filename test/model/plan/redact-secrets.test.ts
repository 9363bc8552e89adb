import test from 'ava';
import {redactSecrets} from '../../../source/model/plan/redact-secrets.ts';
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
