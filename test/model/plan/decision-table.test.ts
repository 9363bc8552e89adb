/** The table of how a snapshot is made, row by row, and where libvirt goes another way. */
import test from 'ava';
import {capabilitiesOf} from '../../../source/planner/hypervisor/capabilities.ts';
import {
	decide, decideOn, type Answers, type Decision,
} from '../../../source/model/plan/decision-table.ts';

const answers = {domain: ['off', 'on'], memory: ['-', 'no', 'internal', 'external'], disk: ['-', 'no', 'internal', 'external', 'mixed'], diskOnly: ['yes', 'no']} as const;

/** Domain, memory, disk, disk-only, and what comes of it: memory, disks, by what. "any": whatever is said. Together they are every question, each once. */
const rows = `
 1: off  -                  -            any  no, internal, qemu-img
 2: off  no                 -            any  no, internal, qemu-img
 3: off  -/no               no           any  refused
 4: off  -/no               internal     any  no, internal, qemu-img
 5: off  -/no               external     any  no, external, qemu-img
 6: off  internal/external  any          any  refused
 7: on   -                  -            no   internal, internal, savevm
 8: on   -                  -            yes  no, default, transaction
 9: on   -                  no/external  no   refused
10: on   -                  no           yes  refused
11: on   -                  external     yes  no, external, transaction
12: on   -                  internal     no   internal, internal, savevm
13: on   -                  internal     yes  refused
14: on   no                 -            any  no, default, transaction
15: on   no                 no           any  refused
16: on   no                 internal     any  refused
17: on   no                 external     any  no, external, transaction
18: on   internal/external  any          yes  refused
19: on   internal           -            no   internal, internal, savevm
20: on   internal           no/external  no   refused
21: on   internal           internal     no   internal, internal, savevm
22: on   external           -            no   external, default, migrate and transaction
23: on   external           no           no   external, no, migrate
24: on   external           internal     no   refused
25: on   external           external     no   external, external, migrate and transaction
no row: off  -/no               mixed  any  refused
no row: on   -/no               mixed  any  refused
no row: on   internal/external  mixed  no   refused
`.trim().split('\n').map(line => /^ *(?<row>.*?): (?<domain>\S+) +(?<memory>\S+) +(?<disk>\S+) +(?<diskOnly>\S+) +(?<result>.*)$/.exec(line)!.groups as Record<'row' | 'result' | keyof typeof answers, string>);

function questionsOf(row: typeof rows[number]): Answers[] {
	const named = <K extends keyof typeof answers>(key: K) => answers[key].filter(answer => row[key] === 'any' || row[key].split('/').includes(answer)) as Array<typeof answers[K][number]>;
	return named('domain').flatMap(domain => named('memory').flatMap(memory => named('disk').flatMap(disk =>
		named('diskOnly').map(diskOnly => ({isActive: domain === 'on', memory, disk, isDiskOnly: diskOnly === 'yes'})))));
}

function says(decision: Decision): string {
	return decision.kind === 'method' ? `${decision.row}: ${decision.method.memory}, ${decision.method.disk}, ${decision.method.by}` : `${decision.row ?? 'no row'}: refused`;
}

for (const row of rows) {
	test(`${row.row}: ${row.domain}, memory ${row.memory}, disks ${row.disk}, disk-only ${row.diskOnly}: ${row.result}`, t => {
		for (const question of questionsOf(row)) {
			const decision = decide(question);
			t.is(says(decision), `${row.row}: ${row.result}`);
			t.regex(decision.reason, /\.$/);
			t.true(decision.kind === 'method' || decision.instead.length > 10);
		}
	});
}

test('every question is asked by one row of these', t => {
	const all = rows.flatMap(row => questionsOf(row)).map(question => JSON.stringify(question));
	t.is(all.length, 2 * 4 * 5 * 2);
	t.is(new Set(all).size, all.length);
});

function askLibvirt(answers: Partial<Answers>, libvirtVersion: number) {
	const {decision, differences} = decideOn({isActive: false, memory: '-', disk: '-', isDiskOnly: false, ...answers}, capabilitiesOf({hypervisor: 'libvirt', libvirtVersion, hypervisorVersion: 0}));
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
