/** What others do to the domain while an action is under way: before the switch nothing is switched, and after it their snapshots are no damage of ours. */
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {createdPaths} from '../../../source/model/plan/plan.ts';
import {executePlan} from '../../../source/engine/run/execute.ts';
import type {DomainPicture} from '../../../source/model/domain/inventory.ts';
import {pretendDone, pretendNext} from '../../helpers/fake-host.ts';
import {optionsOf, revertScene, type RevertScene} from '../../helpers/revert-scene.ts';

const named = (picture: DomainPicture, name: string) => ({...picture.snapshots[0]!, name});

function onDisks(picture: DomainPicture, pathOf: (target: string, path: string | undefined) => string): DomainPicture {
	const {domain} = picture;
	const definition = {...domain.definition, disks: domain.definition.disks.map(disk => ({...disk, sourcePath: pathOf(disk.target, disk.sourcePath)}))};
	return {...picture, domain: {...domain, definition, liveDefinition: domain.liveDefinition && definition}};
}

function change({host}: RevertScene, alter: (picture: DomainPicture) => DomainPicture): void {
	host.inventory = {...host.inventory, picture: alter(host.inventory.picture)};
}

for (const [title, changed, alter] of [
	['takes a snapshot', 'its snapshots', picture => ({...picture, snapshots: [...picture.snapshots, named(picture, 'night')]})],
	['deletes a snapshot', 'its snapshots', picture => ({...picture, snapshots: picture.snapshots.filter(({name}) => name !== 's2')})],
	['moves a disk', 'its disks', picture => onDisks(picture, (target, path) => target === 'vdb' ? '/d/other' : path!)],
] as Array<[string, string, (picture: DomainPicture) => DomainPicture]>) {
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
	['a disk above the expected image, without any snapshot', /vda should be on/, (picture: DomainPicture) => {
		const images = picture.domain.definition.disks.map(({sourcePath}) => ({...picture.images[0]!, path: `${sourcePath!}.by-hand`, backingPath: sourcePath}));
		return onDisks({...picture, images: [...picture.images, ...images]}, (_target, path) => `${path!}.by-hand`);
	}],
	['a snapshot, and a disk on an image that does not have the expected one below', /vdb should be on/, (picture: DomainPicture) =>
		onDisks({...picture, snapshots: [...picture.snapshots, named(picture, 'night')]}, (target, path) => target === 'vdb' ? '/d/vdb.s3' : path!)],
	['a snapshot that comes after another one of those that were there', /"s2" should come after "s1"/, (picture: DomainPicture) =>
		({...picture, snapshots: picture.snapshots.map(snapshot => snapshot.name === 's2' ? {...snapshot, parent: undefined} : snapshot)})],
] as Array<[string, RegExp, (picture: DomainPicture) => DomainPicture]>) {
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
			const {picture} = given.host.inventory;
			const snapshots = picture.snapshots.map(snapshot => snapshot.name === 's2' ? {...snapshot, parent: 'night'} : snapshot);
			given.host.inventory = {...given.host.inventory, picture: {...picture, snapshots: [...snapshots, {...picture.snapshots[0]!, name: 'night', parent: 's1'}]}};
		}

		return 'succeed';
	};

	t.deepEqual(await executePlan(given.world, given.plan, optionsOf(given)), {kind: 'done', remarks: ['Somebody has made the snapshot "night" meanwhile; vsnap-tui doctor tells whether it is recorded where it belongs.']});
});

test('a snapshot that somebody takes in the midst of the switch leaves the disks above the expected ones, and nobody is stuck', async t => {
	const given = revertScene();
	given.host.answers.set('file-exists', true);
	given.host.onRun = line => {
		if (line.includes('--redefine --current')) {
			pretendDone(given.host, given.plan);
			pretendNext(given.host, 'night', 's3');
			const {picture} = given.host.inventory;
			given.host.inventory = {...given.host.inventory, picture: {...picture, currentSnapshot: given.plan.targets[0].expected.currentSnapshot}};
		}

		return 'succeed';
	};

	t.like(await executePlan(given.world, given.plan, optionsOf(given)), {kind: 'done', remarks: {length: 1}});
});
