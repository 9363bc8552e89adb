import test from 'ava';
import {newDomainXml} from '../../../source/model/backup/new-domain.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const make = (inner: string, variablesPath?: string) => unwrap(newDomainXml(`<domain type='kvm' id='3'><name>web</name><uuid>6f7e0f5a-0000-4000-8000-000000000001</uuid>${inner}</domain>`, {
	name: 'anew', uuid: '6f7e0f5a-0000-4000-8000-000000000002', generationId: '6f7e0f5a-0000-4000-8000-000000000003', sources: new Map(), variablesPath,
}));

test('the variables of the firmware are those that were restored, or new ones, and never those of the other domain', t => {
	const nvram = '<os><type>hvm</type><nvram template="/t.fd" type="file"><source file="/old.fd"/></nvram></os>';
	t.regex(make(nvram, '/n & w.fd').xml, /<nvram template="\/t\.fd">\/n &amp; w\.fd<\/nvram>/);
	t.notRegex(make(nvram).xml, /old\.fd/);
	const varstore = '<os><type>hvm</type><varstore template="/t.json" path="/old.json"/></os>';
	t.regex(make(varstore, '/n & w.json').xml, /<varstore template="\/t\.json" path="\/n &amp; w\.json"\/>/);
	t.regex(make(varstore).xml, /<varstore template="\/t\.json"\/>/);
});

test('an emulated TPM keeps its state where the new UUID says', t => {
	const {xml} = make('<devices><tpm model="tpm-crb"><backend type="emulator" version="2.0"><source type="file" path="/old.state"/></backend></tpm></devices>');
	t.regex(xml, /<backend type="emulator" version="2\.0"\/>/);
});

test('passwords that the backup does not hold are dropped or told', t => {
	const graphics = make('<devices><graphics type="vnc" passwd="********"/></devices>');
	t.true(graphics.losesPasswords);
	t.false(graphics.masksArguments);
	t.false(graphics.xml.includes('***'));
	const argument = make('<commandline xmlns="qemu"/><qemu:commandline xmlns:qemu="q"><qemu:arg value="secret,id=s,data=********"/></qemu:commandline>');
	t.false(argument.losesPasswords);
	t.true(argument.masksArguments);
});
