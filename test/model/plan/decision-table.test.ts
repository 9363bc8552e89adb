/** The table of how a snapshot is made, row by row, and where libvirt goes another way. */
import test from 'ava';
import {capabilitiesOf} from '../../../source/planner/hypervisor/capabilities.ts';
import {
	decide, decideOn, type Answers, type Decision, type DiskAnswer, type MemoryAnswer,
} from '../../../source/model/plan/decision-table.ts';

function ask(state: 'offline' | 'online', memory: MemoryAnswer, disk: DiskAnswer, isDiskOnly = false): Decision {
	return decide({isActive: state === 'online', memory, disk, isDiskOnly});
}

function says(decision: Decision): string {
	return decision.kind === 'way' ? `${decision.row}: ${decision.way.memory}, ${decision.way.disk}, ${decision.way.by}` : `${decision.row ?? 'no row'}: refused`;
}

const both = [false, true];
const anyDisk = ['-', 'no', 'internal', 'external'] as const;

test('row 1: offline, nothing said: inside the images', t => {
	for (const flag of both) {
		t.is(says(ask('offline', '-', '-', flag)), '1: no, internal, qemu-img');
	}
});

test('row 2: offline, without memory: inside the images', t => {
	for (const flag of both) {
		t.is(says(ask('offline', 'no', '-', flag)), '2: no, internal, qemu-img');
	}
});

test('row 3: offline, without disks: nothing to snapshot', t => {
	for (const flag of both) {
		t.is(says(ask('offline', '-', 'no', flag)), '3: refused');
		t.is(says(ask('offline', 'no', 'no', flag)), '3: refused');
	}
});

test('row 4: offline, internal disks: inside the images', t => {
	for (const flag of both) {
		t.is(says(ask('offline', '-', 'internal', flag)), '4: no, internal, qemu-img');
		t.is(says(ask('offline', 'no', 'internal', flag)), '4: no, internal, qemu-img');
	}
});

test('row 5: offline, external disks: overlays by qemu-img', t => {
	for (const flag of both) {
		t.is(says(ask('offline', '-', 'external', flag)), '5: no, external, qemu-img');
		t.is(says(ask('offline', 'no', 'external', flag)), '5: no, external, qemu-img');
	}
});

test('row 6: offline, with memory: there is none', t => {
	for (const flag of both) {
		for (const disk of [...anyDisk, 'mixed'] as const) {
			t.is(says(ask('offline', 'internal', disk, flag)), '6: refused');
			t.is(says(ask('offline', 'external', disk, flag)), '6: refused');
		}
	}
});

test('row 7: online, nothing said: memory and disks inside the images', t => {
	t.is(says(ask('online', '-', '-')), '7: internal, internal, savevm');
});

test('row 8: online, disks only: one transaction', t => {
	t.is(says(ask('online', '-', '-', true)), '8: no, default, transaction');
});

test('row 9: online, no or external disks without a word on memory: refused', t => {
	t.is(says(ask('online', '-', 'no')), '9: refused');
	t.is(says(ask('online', '-', 'external')), '9: refused');
});

test('row 10: online, disks only and no disk: nothing to snapshot', t => {
	t.is(says(ask('online', '-', 'no', true)), '10: refused');
});

test('row 11: online, disks only, external: one transaction', t => {
	t.is(says(ask('online', '-', 'external', true)), '11: no, external, transaction');
});

test('row 12: online, internal disks: memory goes with them', t => {
	t.is(says(ask('online', '-', 'internal')), '12: internal, internal, savevm');
});

test('row 13: online, disks only and internal: refused', t => {
	t.is(says(ask('online', '-', 'internal', true)), '13: refused');
});

test('row 14: online, without memory: one transaction', t => {
	for (const flag of both) {
		t.is(says(ask('online', 'no', '-', flag)), '14: no, default, transaction');
	}
});

test('row 15: online, without memory and disks: nothing to snapshot', t => {
	for (const flag of both) {
		t.is(says(ask('online', 'no', 'no', flag)), '15: refused');
	}
});

test('row 16: online, without memory, internal disks: refused', t => {
	for (const flag of both) {
		t.is(says(ask('online', 'no', 'internal', flag)), '16: refused');
	}
});

test('row 17: online, without memory, external disks: one transaction', t => {
	for (const flag of both) {
		t.is(says(ask('online', 'no', 'external', flag)), '17: no, external, transaction');
	}
});

test('row 18: online, memory and disks only: they contradict each other', t => {
	for (const disk of anyDisk) {
		t.is(says(ask('online', 'internal', disk, true)), '18: refused');
		t.is(says(ask('online', 'external', disk, true)), '18: refused');
	}
});

test('row 19: online, internal memory: disks go with it', t => {
	t.is(says(ask('online', 'internal', '-')), '19: internal, internal, savevm');
});

test('row 20: online, internal memory with no or external disks: refused', t => {
	t.is(says(ask('online', 'internal', 'no')), '20: refused');
	t.is(says(ask('online', 'internal', 'external')), '20: refused');
});

test('row 21: online, internal memory and disks', t => {
	t.is(says(ask('online', 'internal', 'internal')), '21: internal, internal, savevm');
});

test('row 22: online, memory in a file: the disks as they are by themselves', t => {
	t.is(says(ask('online', 'external', '-')), '22: external, default, migrate and transaction');
});

test('row 23: online, memory in a file and no disk', t => {
	t.is(says(ask('online', 'external', 'no')), '23: external, no, migrate');
});

test('row 24: online, memory in a file and internal disks: refused', t => {
	t.is(says(ask('online', 'external', 'internal')), '24: refused');
});

test('row 25: online, memory in a file and external disks', t => {
	t.is(says(ask('online', 'external', 'external')), '25: external, external, migrate and transaction');
});

test('every answer but mixed disks has its row, and every refusal says why and what to ask for', t => {
	for (const state of ['offline', 'online'] as const) {
		for (const memory of ['-', 'no', 'internal', 'external'] as const) {
			for (const disk of anyDisk) {
				for (const flag of both) {
					const decision = ask(state, memory, disk, flag);
					t.not(decision.row, undefined);
					t.regex(decision.reason, /\.$/);
					t.true(decision.kind === 'way' || decision.instead.length > 10);
				}
			}
		}
	}
});

test('internal and external disks in one snapshot are refused, by no row', t => {
	t.is(says(ask('offline', '-', 'mixed')), 'no row: refused');
	t.is(says(ask('online', 'no', 'mixed', true)), 'no row: refused');
	t.is(says(ask('online', 'external', 'mixed')), 'no row: refused');
});

function askLibvirt(answers: Partial<Answers>, libvirtVersion: number) {
	const {decision, differences} = decideOn({isActive: false, memory: '-', disk: '-', isDiskOnly: false, ...answers}, capabilitiesOf({owner: 'libvirt', libvirtVersion, hypervisorVersion: 0}));
	return [says(decision), differences.length];
}

test('rows 1 and 2 with --disk-only are external on every libvirt, which is told', t => {
	for (const memory of ['-', 'no'] as const) {
		const row = memory === '-' ? 1 : 2;
		t.deepEqual(askLibvirt({memory, isDiskOnly: true}, 9_000_000), [`${row}: no, default, qemu-img`, 1]);
		t.deepEqual(askLibvirt({memory, isDiskOnly: true}, 11_003_000), [`${row}: no, default, qemu-img`, 1]);
		t.deepEqual(askLibvirt({memory}, 9_000_000), [`${row}: no, internal, qemu-img`, 0]);
	}
});

test('row 5 without --disk-only is made although libvirt before 9.9 would not, which is told', t => {
	t.deepEqual(askLibvirt({disk: 'external'}, 9_000_000), ['5: no, external, qemu-img', 1]);
	t.deepEqual(askLibvirt({disk: 'external'}, 11_003_000), ['5: no, external, qemu-img', 0]);
	t.deepEqual(askLibvirt({disk: 'external', isDiskOnly: true}, 9_000_000), ['5: no, external, qemu-img', 0]);
});

test('rows 14 and 17 without --disk-only need libvirt to be told so, which is told', t => {
	t.deepEqual(askLibvirt({isActive: true, memory: 'no'}, 11_003_000), ['14: no, default, transaction', 1]);
	t.deepEqual(askLibvirt({isActive: true, memory: 'no', disk: 'external'}, 9_000_000), ['17: no, external, transaction', 1]);
	t.deepEqual(askLibvirt({isActive: true, memory: 'no', isDiskOnly: true}, 9_000_000), ['14: no, default, transaction', 0]);
});
