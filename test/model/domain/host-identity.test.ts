import test from 'ava';
import {differenceOf, type LibvirtIdentity, type MachineIdentity} from '../../../source/model/domain/host-identity.ts';

const [a, b, c] = ['11111111-2222-3333-4444-555555555555', 'aaaaaaaa-2222-3333-4444-555555555555', 'cccccccc22223333444455555555cccc'] as const;
const libvirt = (hostname: string | undefined, uuid?: string): LibvirtIdentity => ({hostname, uuid});
const machine = (hostnames: string[], productUuid?: string, ...otherUuids: string[]): MachineIdentity => ({hostnames, productUuid, otherUuids});

const same: Array<[string, LibvirtIdentity, MachineIdentity]> = [
	['one UUID, whatever the names', libvirt('a', a), machine(['b'], a.toUpperCase())],
	['the UUID is the machine-id or a configured one', libvirt('a', 'CCCCCCCC-2222-3333-4444-55555555cccc'), machine(['b'], b, c)],
	['an ordinary user, who may not read the UUID', libvirt('vm.example.org', a), machine(['vm'])],
	['a random UUID, on a machine without one', libvirt('vm', a), machine(['vm'], undefined, c)],
	['the firmware\'s UUID is none', libvirt('vm', a), machine(['vm'], '00000000-0000-0000-0000-000000000000')],
	['the name that the resolver makes of it', libvirt('real.example.org', a), machine(['vm', 'real.example.org'])],
	['nothing is told', libvirt(undefined), machine(['vm'], a)],
	['the machine tells no name', libvirt('vm', a), machine([''])],
];
for (const [title, ...identities] of same) {
	test(`one machine: ${title}`, t => {
		t.is(differenceOf(...identities), undefined);
	});
}

test('another name, or a UUID that can be none of this machine\'s, tells two machines apart', t => {
	t.regex(differenceOf(libvirt('far', a), machine(['near']))!, /"far".*"near"/);
	t.regex(differenceOf(libvirt('vm', a), machine(['vm'], b, c))!, new RegExp(`${a}.*${b}`));
});
