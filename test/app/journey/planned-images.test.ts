import test from 'ava';
import {plannedImages, type PlannedImage} from '../../../source/app/journey/planned-images.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {fakePlan} from '../../helpers/fake-plans.ts';
import {fakeServices, uuidOf} from '../../helpers/fake-services.ts';
import {openEngine} from '../../hosts/demo/engine.ts';

const {world} = fakeServices();
const folder = '/var/lib/libvirt/images/';
const web = world.allDetails[0]!;

function describe(items: PlannedImage[]): string[] {
	return items.map(({name, parent, mark}) => `${name.replace(folder, '')} ${mark}${parent === undefined ? '' : ` on ${parent.replace(folder, '')}`}`);
}

test('a new overlay stands on the image that its command names', t => {
	const plan = fakePlan(world.allDetails, {kind: 'revert', uuid: uuidOf(1), snapshot: 's2', currentState: {kind: 'discard'}, endState: undefined});
	const {rows, othersCount} = plannedImages(plan, web);
	t.deepEqual(describe(rows.map(({item}) => item)), [
		'web01.qcow2 untouched', 'web01.s1 untouched on web01.qcow2', 'web01.s2 untouched on web01.s1', 'web01.s3 removed on web01.s2', 'web01.new created on web01.s1',
	]);
	t.is(othersCount, 1);
});

test('the overlay of a new snapshot stands on the head of before', t => {
	const plan = fakePlan(world.allDetails, {
		kind: 'create', uuid: uuidOf(1), snapshot: 'x', description: undefined, memory: undefined, disks: [], isDiskOnly: true, isQuiesced: false, isLive: false, isHalted: false, hasNoMetadata: false,
	});
	t.is(describe(plannedImages(plan, web).rows.map(({item}) => item)).at(-1), 'web01.x created on web01.s3');
});

test('images that are only kept are counted, not drawn', t => {
	const plan = fakePlan(world.allDetails, {kind: 'merge', uuid: uuidOf(1), snapshot: 's2'});
	const kept = {...plan, images: {created: [], removed: [], kept: web.images.map(({path}) => path)}};
	t.deepEqual(plannedImages(kept, web), {rows: [], othersCount: 5});
});

test('an image that is linked anew is drawn on the file that it will stand on, and a missing one as missing', t => {
	const broken = world.allDetails[2]!;
	const plan = fakePlan(world.allDetails, {
		kind: 'rebase', uuid: uuidOf(3), links: [{path: `${folder}broken.a`, backingPath: '/old/gone.qcow2', backingFormat: 'qcow2'}], moved: [],
	});
	const written = {created: [], removed: [], written: [`${folder}broken.a`], kept: []};
	const rebase = {...plan, images: {...written, rebased: [{path: `${folder}broken.a`, backingPath: '/old/gone.qcow2'}]}};
	t.deepEqual(describe(plannedImages(rebase, broken).rows.map(({item}) => item)), ['/old/gone.qcow2 untouched', 'broken.a written on /old/gone.qcow2']);

	const gone = {...broken.images[0]!, path: `${folder}gone.qcow2`, backingPath: undefined, problems: [{kind: 'missing' as const}]};
	const touching = {...plan, images: written};
	t.deepEqual(describe(plannedImages(touching, {...broken, images: [...broken.images, gone]}).rows.map(({item}) => item)), ['gone.qcow2 missing', 'broken.a written on gone.qcow2']);
});

test('without a picture what the plan names is still drawn', t => {
	const plan = fakePlan(world.allDetails, {kind: 'merge', uuid: uuidOf(1), snapshot: 's2'});
	t.deepEqual(plannedImages(plan, undefined).rows.map(({item}) => item.mark).sort(), ['merged', 'staying', 'written']);
});

/** What the picture says of each image that is marked, on the demo host: its mark, and what is beside it. */
async function pictureOf(request: Parameters<ReturnType<typeof openEngine>['plan']>[1]): Promise<string[]> {
	const engine = openEngine();
	const plan = unwrap(await engine.plan('web', request));
	const details = unwrap(await engine.host.readDetails(engine.named('web').uuid, {withForeignPins: true}));
	const short = (file: string) => file.slice(file.lastIndexOf('/') + 1);
	return plannedImages(plan, details).rows.filter(({item}) => short(item.name).startsWith('web-vda')).map(({item}) =>
		`${item.mark}: ${item.into === undefined ? item.labels.join(', ') : `into ${short(item.into)}`}`);
}

test('what is merged is told from what is thrown away, and labels are those of afterwards', async t => {
	const merged = await pictureOf({kind: 'merge', snapshot: 's2'});
	t.true(merged.includes('merged: into web-vda.s1'));
	t.true(merged.includes('written: s3'));
	const thrownAway = await pictureOf({kind: 'delete', snapshot: 'hotfix', scope: 'one', isMetadataOnly: false});
	t.true(thrownAway.includes('removed: '));
	t.false(thrownAway.some(text => text.includes('hotfix')));
});

test('a revert shows the state that is kept, under its name, and the disk where it is then', async t => {
	const kept = await pictureOf({
		kind: 'revert', snapshot: 's1', currentState: {kind: 'keep', name: 'kept-1'}, endState: undefined,
	});
	t.deepEqual(kept.filter(text => text.startsWith('kept')), ['kept: kept-1']);
	t.deepEqual(kept.filter(text => text.startsWith('created')), ['created: head vda']);
	t.is(kept.filter(text => text.includes('head vda')).length, 1);
});

test('a new snapshot holds what the disk was on before', async t => {
	const made = await pictureOf({
		kind: 'create', snapshot: 's4', description: undefined, memory: undefined, disks: [], isDiskOnly: true, isQuiesced: false, isLive: false, isHalted: false, hasNoMetadata: false,
	});
	t.true(made.includes('created: head vda'));
	t.true(made.includes('untouched: s4'));
});
