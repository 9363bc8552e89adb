/**
Plans of the right form for the screen, one for each kind of action; not made by the planner.
*/
import type {Request} from '../../source/model/plan/request.ts';
import type {DomainDetails} from '../../source/model/domain/inventory.ts';
import type {Expected, Plan, Step} from '../../source/model/plan/plan.ts';

const folder = '/var/lib/libvirt/images';

type Revert = Extract<Request, {kind: 'revert'}>;

function step(id: string, phase: Step['phase'], title: string, {argv, whenStopped}: {argv: string[]; whenStopped: string}): Step {
	return {
		id, phase, title, command: {tool: argv[0] as 'virsh', argv, files: []}, undo: [], doneWhen: {kind: 'never'}, whenStopped,
	};
}

const putBack = 'Recover would undo it; the domain is as it was.';

/** The plan with something else to be true afterwards. */
export function withExpected(plan: Plan, more: Partial<Expected>): Plan {
	const [target] = plan.targets;
	return {...plan, targets: [{...target, expected: {...target.expected, ...more}}]};
}

/** What plans of all kinds have in common. */
function basePlan(world: DomainDetails[], request: Request): Plan {
	const {domain, currentSnapshot, snapshots} = world.find(each => each.domain.uuid === request.uuid)!;
	const {uuid, ...rest} = request;
	const heads = domain.definition.disks.map(({target, sourcePath}) => ({target, path: sourcePath!}));
	return {
		version: 2,
		id: 'plan-1',
		plannedAt: '2026-11-21T02:00:00.000Z',
		uri: 'qemu:///system',
		action: {...rest, domain: {uuid, name: domain.name}},
		consequences: [],
		images: {created: [], removed: [], kept: []},
		steps: [],
		targets: [{
			domain: {uuid, name: domain.name},
			hypervisor: 'libvirt',
			expected: {
				heads, chains: [], currentSnapshot, snapshots: snapshots.map(({name, parent}) => ({name, parent})), endState: undefined,
			},
			fingerprint: {},
			before: {
				heads, definitionXml: '<domain/>', currentSnapshot, snapshotNames: [], snapshotXmls: [],
			},
		}],
	};
}

function fakeRevert(base: Plan, request: Revert): Plan {
	const {domain} = base.action;
	const overlay = `${folder}/${domain.name}.new`;
	const {snapshots: before, currentSnapshot} = base.targets[0].expected;
	const {currentState} = request;
	const kept = currentState.kind === 'keep' ? [{name: currentState.name, parent: currentSnapshot}] : [];
	return {
		...withExpected(base, {heads: [{target: 'vda', path: overlay}], currentSnapshot: request.snapshot, endState: request.endState ?? 'shutoff', snapshots: [...before, ...kept]}),
		consequences: [
			{severity: 'info', text: `The disks go back to "${request.snapshot}".`},
			{severity: 'loss', text: 'The memory of the guest: it is cut off without a shutdown.', what: 'the guest\'s memory'},
			...(currentState.kind === 'keep' ? [{severity: 'info', about: 'kept', text: `The current state, as "${currentState.name}": you can revert to it.`} as const] : []),
			{severity: 'warning', about: 'guest', text: 'The guest boots as after a power failure, without memory.'},
		],
		images: {created: [{path: overlay, backingPath: `${folder}/web01.s1`, format: 'qcow2'}], removed: request.currentState.kind === 'discard' ? [`${folder}/${domain.name}.s3`] : [], kept: []},
		steps: [
			step('stop', 'check', 'Power off the domain', {argv: ['virsh', '-c', 'qemu:///system', 'destroy', '--domain', domain.uuid], whenStopped: 'The domain is off; its disks are as they were.'}),
			step('overlay-vda', 'create', 'Create the new overlay of vda', {
				argv: ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', `${folder}/web01.s1`, '--', overlay],
				whenStopped: putBack,
			}),
			{
				...step('define', 'switch', 'Point the domain to the new overlay', {argv: ['virsh', '-c', 'qemu:///system', 'define', '--file', '/var/lib/vsnap-tui/plan-1/domain.xml'], whenStopped: 'Recover would finish the rest; the domain is on its new overlay.'}),
				command: {
					tool: 'virsh',
					argv: ['virsh', '-c', 'qemu:///system', 'define', '--file', '/var/lib/vsnap-tui/plan-1/domain.xml'],
					files: [{path: '/var/lib/vsnap-tui/plan-1/domain.xml', text: '<domain>\n  <graphics type=\'vnc\' passwd=\'secret\'/>\n</domain>\n'}],
				},
			},
			step('current', 'switch', 'Record the current snapshot', {argv: ['virsh', '-c', 'qemu:///system', 'snapshot-current', '--domain', domain.uuid, '--snapshotname', request.snapshot], whenStopped: 'Recover would finish the rest.'}),
		],
	};
}

/** The overlay that stands on each head after a new snapshot. */
function fakeCreate(base: Plan, name: string): Plan {
	const overlays = base.targets[0].before.heads.map(({target, path}) => ({target, path: path.replace(/\.[^./]*$/, `.${name}`)}));
	return {
		...withExpected(base, {heads: overlays, currentSnapshot: name, snapshots: [...base.targets[0].expected.snapshots, {name, parent: base.targets[0].expected.currentSnapshot}]}),
		consequences: [
			{severity: 'info', about: 'guest', saysItGoesOn: true, text: 'The guest keeps running.'},
			{severity: 'warning', about: 'guest', text: 'Crash-consistent: a revert boots as after a power failure.'},
		],
		images: {
			created: overlays.map(({path}, index) => ({path, backingPath: base.targets[0].before.heads[index]!.path, format: 'qcow2'})),
			removed: [],
			frozen: base.targets[0].before.heads.map(({path}) => ({path, snapshot: name})),
			kept: base.targets[0].before.heads.map(({path}) => path),
		},
		steps: [{
			...step('create', 'switch', 'Take the snapshot', {
				argv: ['virsh', '-c', 'qemu:///system', 'snapshot-create', '--domain', base.action.domain.uuid, '--xmlfile', '/var/lib/vsnap-tui/plan-1/snapshot.xml', '--disk-only', '--atomic'],
				whenStopped: 'The snapshot is complete.',
			}),
			qmpPreview: ['transaction: blockdev-snapshot of vda'],
		}],
	};
}

function fakeMerge(base: Plan): Plan {
	const committed = `${folder}/web01.s1`;
	return {
		...withExpected(base, {goneSnapshots: ['s2'], snapshots: base.targets[0].expected.snapshots.filter(({name}) => name !== 's2').map(({name, parent}) => ({name, parent: parent === 's2' ? 's1' : parent}))}),
		consequences: [{severity: 'info', text: 'What was written since is committed into the image that the snapshot froze.'}, {severity: 'loss', text: 'You can no longer revert to the snapshot.', what: 'the snapshot'}],
		images: {
			created: [], removed: [`${folder}/web01.s2`], merged: [{path: `${folder}/web01.s2`, into: committed}], written: [committed], staying: [{path: `${folder}/web01.qcow2`, reason: 'web01.try is backed by it: delete try-php8 to release it.'}], kept: [],
		},
		steps: [
			{
				...step('commit-vda', 'create', 'Merge web01.s2 into web01.s1', {
					argv: ['virsh', '-c', 'qemu:///system', 'blockcommit', base.action.domain.uuid, 'vda', '--wait'], whenStopped: putBack,
				}),
				copyBytes: 406 * (2 ** 20),
				progress: {kind: 'block-job', uuid: base.action.domain.uuid, target: 'vda'},
				cancel: [{tool: 'virsh', argv: ['virsh', 'blockjob', base.action.domain.uuid, 'vda', '--abort'], files: []}],
			},
			step('delete-record', 'switch', 'Delete the record of the snapshot', {
				argv: ['virsh', '-c', 'qemu:///system', 'snapshot-delete', base.action.domain.uuid, 's2', '--metadata'], whenStopped: 'Recover would finish the rest.',
			}),
			step('remove', 'remove', 'Remove web01.s2', {argv: ['file', 'remove', `${folder}/web01.s2`], whenStopped: 'Recover would finish the rest.'}),
		],
	};
}

/** A plan of the right form for a wish; not made by the planner. */
export function fakePlan(world: DomainDetails[], request: Request): Plan {
	const base = basePlan(world, request);
	switch (request.kind) {
		case 'revert': {
			return fakeRevert(base, request);
		}

		case 'create': {
			return fakeCreate(base, request.snapshot);
		}

		case 'branch': {
			return fakeRevert(base, {kind: 'revert', uuid: request.uuid, snapshot: request.snapshot, currentState: request.currentState, endState: undefined});
		}

		case 'delete': {
			const mebibytes = request.isMetadataOnly ? 0 : {one: 96, 'children-only': 1024, 'with-children': 5120}[request.scope];
			return {...fakeMerge(base), space: {freed: {atLeast: mebibytes * (2 ** 20), atMost: mebibytes * (2 ** 20)}, meanwhileBytes: 0}};
		}

		default: {
			return fakeMerge(base);
		}
	}
}
