import test from 'ava';
import {conditionOf, type Snapshot} from '../../../source/model/domain/snapshot.ts';
import {changeDomainXml} from '../../../source/model/xml/change-domain.ts';
import {parseSnapshotXml} from '../../../source/model/xml/parse-snapshot.ts';
import {domainXml, uuid} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const of = (state: string, mode: 'no' | 'internal' | 'external' = 'no', isFrozen?: true) => conditionOf({state, memory: {mode}, isFrozen} as Snapshot);

test('a record tells how good its state is: off, crash-consistent, file systems frozen, or with memory', t => {
	t.deepEqual(['shutoff', 'shutdown', 'disk-snapshot', 'running', 'paused', 'crashed', 'pmsuspended'].map(state => of(state)), ['off', 'off', ...Array.from({length: 5}, () => 'crash-consistent')] as never);
	t.is(of('running', 'external'), 'memory');
	t.is(of('paused', 'internal'), 'memory');
	t.is(of('disk-snapshot', 'no', true), 'frozen');
	t.is(of('shutoff', 'no', true), 'off');
	t.is(of('nostate'), 'unknown');
});

test('the note of frozen file systems counts for the snapshot and the domain that it names, and goes from every definition that is put in place', t => {
	const bare = domainXml({vda: '/d/vda.qcow2'});
	const note = (given: {snapshot: string; uuid: string}) => unwrap(changeDomainXml(bare, {sources: new Map(), frozenNote: given}));
	const record = (domain: string) => `<domainsnapshot><name>a&lt;'"b</name><state>disk-snapshot</state><creationTime>1</creationTime><memory snapshot='no'/><disks/>${domain}</domainsnapshot>`;
	const name = 'a<\'"b';
	t.is(conditionOf(unwrap(parseSnapshotXml(record(note({snapshot: name, uuid}))))), 'frozen');
	t.is(conditionOf(unwrap(parseSnapshotXml(record(bare)))), 'crash-consistent');
	t.is(conditionOf(unwrap(parseSnapshotXml(record(note({snapshot: 'another', uuid}))))), 'crash-consistent');
	t.is(conditionOf(unwrap(parseSnapshotXml(record(note({snapshot: name, uuid: 'of-a-clone'}))))), 'crash-consistent');
	t.is(unwrap(changeDomainXml(note({snapshot: name, uuid}), {sources: new Map()})), unwrap(changeDomainXml(bare, {sources: new Map()})));
});
