/** What both hypervisors are asked for, in each one's own words: virsh is never asked about a standalone QEMU, and no monitor about a domain of libvirt. */
import test from 'ava';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import type {Command} from '../../../source/model/plan/plan.ts';
import type {PlanContext} from '../../../source/planner/context.ts';
import {planContext} from '../../../source/planner/plan-context.ts';
import {bareQemu} from '../../helpers/bare-inventory.ts';
import {now, threeSnapshots} from '../../helpers/inventory.ts';

const contextOf = (world: Inventory): PlanContext => planContext(world, {id: 'p1', now, workPath: '/w'});
const merge = {
	method: 'commit', top: '/d/vda.s3', into: '/d/vda.s2', below: undefined, layers: ['/d/vda.s2', '/d/vda.s3'], gone: ['/d/vda.s3'], rebased: [], cost: {copyBytes: 0, growth: {atLeast: 0, atMost: 0}, freedBytes: 0, isMeasured: true},
} as const;

/** All but the starts: those of a standalone QEMU need its command line. */
function commandsOf({hypervisor: {domain, records, blocks}, inventory: {details, definitionXml}}: PlanContext): Command[] {
	const open = {
		id: '1', title: 't', whenStopped: 'i', merge: {...merge, layers: [...merge.layers], gone: [...merge.gone], rebased: []}, target: 'vda', backingName: undefined, growth: {},
	};
	const steps = [
		...blocks.pull({...open, undo: []}),
		...blocks.commit({...open, head: '/d/vda.s3', doneWhen: {kind: 'never'}, instead: {onlyIf: {kind: 'never'}, commands: []}}),
	];
	return [
		domain.stop(true),
		domain.define('d', definitionXml),
		records.replace({fileName: 'r', xml: details.snapshots[0]!.xml, makeCurrent: true}),
		records.makeCurrent('s1'),
		records.deleteMetadata('s1'),
		blocks.flush('/d/vda.s3'),
		...blocks.untag({target: 'vda', path: '/d/vda.s3', tag: 's1', definitionXml, recordXml: details.snapshots[0]!.xml}),
		...steps.flatMap(step => [step.command, ...step.undo ?? [], ...step.cancel ?? []]),
	];
}

test('libvirt is asked by virsh alone', t => {
	const commands = commandsOf(contextOf(threeSnapshots({state: 'running'})));
	t.deepEqual([...new Set(commands.map(({tool}) => tool))], ['virsh']);
});

test('a standalone QEMU is asked by its monitor, and its records are files', t => {
	const commands = commandsOf(contextOf(bareQemu()));
	t.deepEqual(new Set(commands.map(({tool}) => tool)), new Set(['qmp', 'file']));
});

test('what only libvirt can do is missing for a standalone QEMU', t => {
	const has = ({hypervisor: {records, blocks}}: PlanContext) => [records.deleteWithState, blocks.commitOnceStarted, blocks.mergeBack].map(method => method !== undefined);
	t.deepEqual(has(contextOf(threeSnapshots())), [true, true, true]);
	t.deepEqual(has(contextOf(bareQemu())), [false, false, false]);
});

test('libvirt starts any domain; a standalone QEMU whose command line is not known says so, and is never started', t => {
	const [libvirt, qmp] = [contextOf(threeSnapshots()).hypervisor.domain, contextOf(bareQemu()).hypervisor.domain];
	t.deepEqual(libvirt.startProblems('<domain/>'), []);
	t.deepEqual(qmp.startProblems('<domain/>'), ['the command line that QEMU was started with was not recorded']);
	t.throws(() => qmp.start(false, '<domain/>'), {message: /not understood/});
});
