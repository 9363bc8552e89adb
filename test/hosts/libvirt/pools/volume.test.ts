/** What libvirt 9.0 says of a pool and its volumes. */
import test from 'ava';
import {parseNames, parsePool, parseVolume} from '../../../../source/hosts/libvirt/pools/volume.ts';

const pool = {name: 'p1', folder: '/pool1', freeBytes: 1};

const xml = `<volume type='file'>
  <name>a b  c.s1</name>
  <key>/pool1/a b  c.s1</key>
  <capacity unit='bytes'>8388608</capacity>
  <allocation unit='bytes'>200704</allocation>
  <physical unit='bytes'>196616</physical>
  <target>
    <path>/pool1/a b  c.s1</path>
    <format type='qcow2'/>
    <permissions>
      <mode>0600</mode>
      <owner>64055</owner>
      <group>108</group>
    </permissions>
    <timestamps>
      <atime>1795903429.344330596</atime>
      <mtime>1795903429.262447421</mtime>
      <ctime>1795903430</ctime>
      <btime>0</btime>
    </timestamps>
    <compat>1.1</compat>
    <clusterSize unit='B'>65536</clusterSize>
    <features/>
  </target>
  <backingStore>
    <path>/pool1/a.qcow2</path>
    <format type='qcow2'/>
  </backingStore>
</volume>`;

test('a volume: sizes, times, rights, and what it is backed by', t => {
	t.deepEqual(parseVolume(xml, pool), {
		pool,
		path: '/pool1/a b  c.s1',
		isRegular: true,
		format: 'qcow2',
		virtualSizeBytes: 8_388_608,
		allocatedBytes: 200_704,
		sizeBytes: 196_616,
		modifiedAt: '1795903429.262447421',
		changedAt: '1795903430.000000000',
		mode: 0o600,
		uid: 64_055,
		gid: 108,
		clusterSizeBytes: 65_536,
		isVersion2: false,
		hasSubclusters: false,
		isEncrypted: false,
		backing: {path: '/pool1/a.qcow2', format: 'qcow2'},
	});
	t.is(parseVolume('<volume type=\'file\'><name>x</name></volume>', pool), undefined);
	t.is(parseVolume('nonsense', pool), undefined);
});

test('a pool counts where its volumes are the files of a folder', t => {
	const told = (type: string, path: string) => `<pool type='${type}'><name>p1</name><available unit='bytes'>42</available><target><path>${path}</path></target></pool>`;
	t.deepEqual(parsePool(told('dir', '/pool1/')), {name: 'p1', folder: '/pool1', freeBytes: 42});
	t.deepEqual(parsePool(told('netfs', '/')), {name: 'p1', folder: '/', freeBytes: 42});
	t.is(parsePool(told('logical', '/dev/vg')), undefined);
	t.is(parsePool('<pool type=\'rbd\'><name>p1</name></pool>'), undefined);
});

test('names are read from a list whatever blanks they hold; a list with a line end in a name tells nothing', t => {
	t.deepEqual(parseNames(' a b  c.s1   /pool1/a b  c.s1\n a.qcow2     /pool1/a.qcow2\n\n', pool), new Set(['a b  c.s1', 'a.qcow2']));
	t.deepEqual(parseNames(' /pool1/x   /pool1//pool1/x\n', pool), new Set(['/pool1/x']));
	t.is(parseNames(' a\nb   /pool1/a\nb\n', pool), undefined);
	t.deepEqual(parseNames('', pool), new Set());
});
