/** Since which version each fact holds, tried on both sides of every border. */
import test from 'ava';
import {memoryFormatOf} from '../../../source/model/domain/memory-format.ts';
import {capabilitiesOf, type Capabilities} from '../../../source/planner/hypervisor/capabilities.ts';

const onLibvirt = (libvirtVersion: number, hypervisorVersion = 7_002_000) => capabilitiesOf({hypervisor: 'libvirt', libvirtVersion, hypervisorVersion});
const standalone = capabilitiesOf({hypervisor: 'qemu', libvirtVersion: 0, hypervisorVersion: 11_001_000});

const sinceLibvirt: Array<[keyof Capabilities, number]> = [
	['revertUnlinksRecordedOverlays', 9_009_000],
	['currentNamesHeads', 9_009_000],
	['externalOfflineSnapshots', 9_009_000],
	['savesNvramInside', 10_009_000],
	['takesNvramAlong', 10_010_000],
	['redefinesBesideCheckpoints', 11_003_000],
	['manualAlone', 11_009_000],
];

for (const [fact, version] of sinceLibvirt) {
	test(`${fact} holds from libvirt ${version} on`, t => {
		t.false(onLibvirt(version - 1)[fact]);
		t.true(onLibvirt(version)[fact]);
	});
}

test('what is QEMU\'s own goes by its version, whoever runs it', t => {
	t.deepEqual([8_001_999, 8_002_000].map(version => onLibvirt(9_000_000, version).migratesToFile), [false, true]);
	t.deepEqual([9_002_999, 10_000_000].map(version => onLibvirt(9_000_000, version).activatesLate), [false, true]);
	t.true(standalone.migratesToFile && standalone.activatesLate);
});

test('libvirt 10.8 to 11.10 starts no domain on more than 25 images', t => {
	t.deepEqual([10_007_000, 10_008_000, 11_010_000, 11_011_000].map(version => onLibvirt(version).deepestChain), [200, 25, 25, 200]);
	t.is(standalone.deepestChain, 200);
});

test('a standalone QEMU keeps records as the newest libvirt, and has none of its habits', t => {
	t.true(standalone.currentNamesHeads && standalone.redefinesBesideCheckpoints);
	t.false(standalone.revertUnlinksRecordedOverlays || standalone.takesNvramAlong || standalone.savesNvramInside);
});

test('memory of a newer libvirt is refused, that of all versions never', t => {
	const [raw, zstd] = [memoryFormatOf(0)!, memoryFormatOf(5)!];
	t.is(onLibvirt(9_000_000).refusesMemory(raw), undefined);
	t.is(onLibvirt(9_000_000).refusesMemory(zstd), 'its memory is zstd, which needs libvirt 10.4 or newer, and this is 9.0');
	t.is(onLibvirt(10_004_000).refusesMemory(zstd), undefined);
});
