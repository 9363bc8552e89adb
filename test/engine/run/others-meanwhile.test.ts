/** What others do to the domain while an action is under way: before the switch nothing is switched, and after it their snapshots are no damage of ours. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import {executePlan} from '../../../source/engine/run/execute.ts';
import type {DomainDetails} from '../../../source/model/domain/inventory.ts';
import {pretendDone, pretendNext} from '../../helpers/fake-host.ts';
import {optionsOf, revertScene, type RevertScene} from '../../helpers/revert-scene.ts';

const named = (details: DomainDetails, name: string) => ({...details.snapshots[0]!, name});

function onDisks(details: DomainDetails, pathOf: (target: string, path: string | undefined) => string): DomainDetails {
	const {domain} = details;
	const definition = {...domain.definition, disks: domain.definition.disks.map(disk => ({...disk, sourcePath: pathOf(disk.target, disk.sourcePath)}))};
	return {...details, domain: {...domain, definition, liveDefinition: domain.liveDefinition && definition}};
}

function change({host}: RevertScene, alter: (details: DomainDetails) => DomainDetails): void {
	host.inventory = {...host.inventory, details: alter(host.inventory.details)};
}

for (const [title, changed, alter] of [
	['takes a snapshot', 'its snapshots', details => ({...details, snapshots: [...details.snapshots, named(details, 'night')]})],
	['deletes a snapshot', 'its snapshots', details => ({...details, snapshots: details.snapshots.filter(({name}) => name !== 's2')})],
	['moves a disk', 'its disks', details => onDisks(details, (target, path) => target === 'vdb' ? '/d/other' : path!)],
] as Array<[string, string, (details: DomainDetails) => DomainDetails]>) {
	test(`who ${title} while the new files are made is noticed before the switch, and these go away again`, async t => {
		const given = revertScene();
		let isDone = false;
		given.host.answers.set('file-exists', true);
		given.host.onRun = line => {
			if (line.startsWith('qemu-img create') && !isDone) {
				isDone = true;
				change(given, alter);
			}

			return 'succeed';
		};

		t.like(await executePlan(given.world, given.plan, optionsOf(given)), {kind: 'rolled-back', failure: {kind: 'host-changed', changed: [changed]}});
		t.true(isDone);
		t.false(given.host.ran.some(line => line.includes(' define ')));
		t.deepEqual(createdPaths(given.plan).filter(path => !given.host.ran.includes(`rm -- ${path}`)), []);
		t.deepEqual(unwrap(await given.world.store.readUnfinished()), []);
	});
}

for (const [title, finding, alter] of [
	['a disk above the expected image, without any snapshot', /vda should be on/, (details: DomainDetails) => {
		const images = details.domain.definition.disks.map(({sourcePath}) => ({...details.images[0]!, path: `${sourcePath!}.by-hand`, backingPath: sourcePath}));
		return onDisks({...details, images: [...details.images, ...images]}, (_target, path) => `${path!}.by-hand`);
	}],
	['a snapshot, and a disk on an image that does not have the expected one below', /vdb should be on/, (details: DomainDetails) =>
		onDisks({...details, snapshots: [...details.snapshots, named(details, 'night')]}, (target, path) => target === 'vdb' ? '/d/vdb.s3' : path!)],
	['a snapshot that comes after another one of those that were there', /"s2" should come after "s1"/, (details: DomainDetails) =>
		({...details, snapshots: details.snapshots.map(snapshot => snapshot.name === 's2' ? {...snapshot, parent: undefined} : snapshot)})],
] as Array<[string, RegExp, (details: DomainDetails) => DomainDetails]>) {
	test(`not what somebody else may have done: ${title}; nothing is removed`, async t => {
		const given = revertScene();
		given.host.answers.set('file-exists', true);
		given.host.onRun = line => {
			if (line.includes('--redefine --current') && !given.host.ran.includes(line)) {
				pretendDone(given.host, given.plan);
				change(given, alter);
			}

			return 'succeed';
		};

		const outcome = await executePlan(given.world, given.plan, optionsOf(given));
		t.like(outcome, {failure: {kind: 'not-proven'}});
		t.regex(JSON.stringify(outcome).replaceAll(String.raw`\"`, '"'), finding);
		t.deepEqual(given.host.ran.filter(line => /^rm .*\.(?:s3|qcow2)$/.test(line)), []);
	});
}

test('a snapshot that somebody takes right after it is no damage of ours, and one from elsewhere is', async t => {
	for (const [parent, kind] of [[undefined, 'done'], ['s3', 'half-way']] as const) {
		const given = revertScene();
		given.host.answers.set('file-exists', true);
		given.host.onRun = line => {
			if (line.includes('--redefine --current')) {
				pretendDone(given.host, given.plan);
				pretendNext(given.host, 'night', parent ?? given.plan.targets[0].expected.currentSnapshot);
			}

			return 'succeed';
		};

		const outcome = await executePlan(given.world, given.plan, optionsOf(given));
		t.is(outcome.kind, kind, JSON.stringify(outcome));
		t.regex(JSON.stringify(outcome), /"night.* since/);
	}
});

test('a snapshot that somebody takes just below the new one is told of, and the new one is there', async t => {
	const given = revertScene();
	given.host.answers.set('file-exists', true);
	given.host.onRun = line => {
		if (line.includes('--redefine --current')) {
			pretendDone(given.host, given.plan);
			const {details} = given.host.inventory;
			const snapshots = details.snapshots.map(snapshot => snapshot.name === 's2' ? {...snapshot, parent: 'night'} : snapshot);
			given.host.inventory = {...given.host.inventory, details: {...details, snapshots: [...snapshots, {...details.snapshots[0]!, name: 'night', parent: 's1'}]}};
		}

		return 'succeed';
	};

	t.deepEqual(await executePlan(given.world, given.plan, optionsOf(given)), {kind: 'done', remarks: ['Somebody has taken the snapshot "night" meanwhile; vsnap-tui doctor says whether its record is right.'], takenBytes: 0});
});

test('a snapshot that somebody takes in the midst of the switch leaves the disks above the expected ones, and nobody is stuck', async t => {
	const given = revertScene();
	given.host.answers.set('file-exists', true);
	given.host.onRun = line => {
		if (line.includes('--redefine --current')) {
			pretendDone(given.host, given.plan);
			pretendNext(given.host, 'night', 's3');
			const {details} = given.host.inventory;
			given.host.inventory = {...given.host.inventory, details: {...details, currentSnapshot: given.plan.targets[0].expected.currentSnapshot}};
		}

		return 'succeed';
	};

	t.like(await executePlan(given.world, given.plan, optionsOf(given)), {kind: 'done', remarks: {length: 1}});
});
