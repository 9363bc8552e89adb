/**
Backups of the demo estate are restored by the real planner and executor: onto their domain, as a new one, and to a folder.
*/
import test, {type ExecutionContext} from 'ava';
import type {RestoreAction} from '../../../source/model/plan/request.ts';
import {writesOf} from '../../../source/hosts/demo/simulator/images.ts';
import {readChain} from '../../../source/hosts/demo/simulator/world.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import {headsOf, openEngine, readStates, type Engine} from './engine.ts';

const folder = '/backup/db';

const asked = (given: Partial<RestoreAction>) => ({
	kind: 'restore' as const, from: folder, at: undefined, isVerified: true, currentState: {kind: 'keep' as const, name: 'kept', hasMemory: false}, endState: 'running' as const, ...given,
});

const contentOf = ({demo: {world}}: Engine, path: string) => writesOf(readChain(world, path).files);

/** Of each disk, the file of the point and what is read from it. */
async function pointOf(engine: Engine, index: number) {
	const {point, disks} = unwrap(await engine.host.readBackups(folder)).points.at(index)!;
	return {point, contents: disks.map(({file}) => contentOf(engine, `${folder}/${file}`))};
}

async function restore(t: ExecutionContext, engine: Engine, given: Partial<RestoreAction>): Promise<void> {
	const {outcome} = await engine.execute(unwrap(await engine.plan('db', asked(given))));
	t.like(outcome, {kind: 'done'}, JSON.stringify(outcome));
}

test('onto its domain: the disks hold what they held then, and the state that is left is kept', async t => {
	const engine = openEngine();
	const before = headsOf(engine.named('db')).map(path => contentOf(engine, path));
	const {point, contents} = await pointOf(engine, 1);
	await restore(t, engine, {at: point});
	const db = engine.named('db');
	t.deepEqual(headsOf(db).map(path => contentOf(engine, path).slice(0, contents[0]!.length)), contents);
	t.is(db.state, 'running');
	const states = readStates(engine.demo.world, db);
	t.deepEqual(['vda', 'vdb'].map(disk => states.get(`kept/${disk}`)), before);
});

test('as a new domain, which is off, and with images of its own', async t => {
	const engine = openEngine();
	const {contents} = await pointOf(engine, -1);
	const left = headsOf(engine.named('db'));
	await restore(t, engine, {elsewhere: {kind: 'new', name: 'db-restored', path: undefined}});
	const made = engine.named('db-restored');
	t.is(made.state, 'shutoff');
	t.deepEqual(headsOf(made).map(path => contentOf(engine, path)), contents);
	t.deepEqual(headsOf(engine.named('db')), left);
});

test('to a folder that is not there yet, and not over what is there', async t => {
	const engine = openEngine();
	const {contents} = await pointOf(engine, 0);
	const to = {elsewhere: {kind: 'folder', path: '/backup/restored'}} as const;
	await restore(t, engine, {...to, at: (await pointOf(engine, 0)).point});
	t.deepEqual(['vda', 'vdb'].map(disk => contentOf(engine, `/backup/restored/${disk}.qcow2`)), contents);
	t.true(engine.demo.world.files.has('/backup/restored/domain.xml'));
	const again = await engine.plan('db', asked(to));
	t.like(again, {ok: false, failure: {kind: 'refused', blockers: [{kind: 'name-taken'}]}});
});

test('interrupted while it copies, nothing of it is left', async t => {
	for (const elsewhere of [undefined, {kind: 'new', name: 'db-restored', path: undefined}, {kind: 'folder', path: '/backup/restored'}] as const) {
		const engine = openEngine({changeMs: 5});
		const before = [...engine.demo.world.files.keys()].sort();
		const {outcome} = await engine.execute(unwrap(await engine.plan('db', asked(elsewhere === undefined ? {} : {elsewhere}))), 'step-progress');
		t.is(outcome.kind, 'rolled-back');
		t.deepEqual([...engine.demo.world.files.keys()].sort(), before);
		t.false(engine.demo.world.folders.has('/backup/restored'));
	}
});

test('a file of the backup that was changed since is found before anything is done', async t => {
	const engine = openEngine();
	const {point} = await pointOf(engine, -1);
	engine.demo.world.files.get(`${folder}/${point}.vda.qcow2`)!.writes.push(1);
	const {outcome} = await engine.execute(unwrap(await engine.plan('db', asked({}))));
	t.not(outcome.kind, 'done');
	t.regex(JSON.stringify(outcome), /checksum|sha-256/i);
});
