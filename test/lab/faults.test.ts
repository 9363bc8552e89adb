/** Errors in the middle of a plan: it ends with exit code 1, and everything is as it was before. */
import {unlink} from 'node:fs/promises';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, stop} from './domains.ts';
import {expectReverted} from './expect.ts';
import {makeWritable, mountSmall} from './file-systems.ts';
import {
	readEvents, recover, report, revert,
} from './program.ts';
import {makeShims, readPlan} from './shims.ts';
import {digestHeads} from './slots.ts';
import {
	markOffline, readParents, takeChain, takeDiskSnapshot,
} from './snapshots.ts';
import {readStrays, readWorld, type World} from './world.ts';

test.before(startLab);

/** Somebody makes a file of 9 bytes with the name that is about to be reserved. */
const takeTheName = 'for word; do case $word in of=*) echo precious > "$(echo "$word" | cut -c4-)" ;; esac; done';

function takenName(after: World, before: World): string {
	return Object.keys(after.files).find(name => !(name in before.files)) ?? 'none';
}

test.serial('the name of the second overlay is taken just before it is made: the first one goes away again', async t => {
	const domain = await makeDomain(t);
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const plan = await readPlan(domain, 's1');
	const at = plan.steps.findIndex(step => step.id === 'reserve-vdb');
	const before = await readWorld(domain);
	const shims = await makeShims(t, plan, {at, script: takeTheName});
	const result = await revert(domain, 's1', shims.options);
	t.is(result.exitCode, 1, report(result));
	const after = await readWorld(domain);
	const {[takenName(after, before)]: taken, ...files} = after.files;
	t.regex(taken!, /^9 /, 'the file of the other is still there, whole');
	t.deepEqual({...after, files}, before);
});

test.serial('the file system is full when the second overlay is made', async t => {
	const folder = await mountSmall(t, 16);
	const domain = await makeDomain(t, {folder});
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const plan = await readPlan(domain, 's1');
	const at = plan.steps.findIndex(step => step.id === 'create-vdb');
	const before = await readWorld(domain);
	const shims = await makeShims(t, plan, {at, script: `dd if=/dev/zero of='${folder}/filler' bs=4k status=none 2>/dev/null`});
	const result = await revert(domain, 's1', shims.options);
	t.is(result.exitCode, 1, report(result));
	t.regex(result.stderr + result.stdout, /No space left/);
	await unlink(`${folder}/filler`);
	t.deepEqual(await readWorld(domain), before);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
});

test.serial('the file system becomes read-only when the second overlay is made: nothing refers to what could not be removed', async t => {
	const folder = await mountSmall(t, 16);
	const domain = await makeDomain(t, {folder});
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const plan = await readPlan(domain, 's1');
	const at = plan.steps.findIndex(step => step.id === 'reserve-vdb');
	const before = await readWorld(domain);
	const shims = await makeShims(t, plan, {at, script: `mount -o remount,ro '${folder}'`});
	const result = await revert(domain, 's1', shims.options);
	// The first overlay cannot be removed while nothing can be written: that is half-way, and is told so.
	t.is(result.exitCode, 4, report(result));
	await makeWritable(folder);
	const recovered = await recover(domain, '--roll-back');
	t.is(recovered.exitCode, 0, report(recovered));
	t.deepEqual(await readWorld(domain), before);
	await expectReverted(t, domain, await revert(domain, 's1'), {digests, current: 's1'});
});

test.serial('whichever step fails, without an effect or with one, everything is as before: every other step', async t => {
	const domain = await makeDomain(t);
	await start(domain);
	await takeChain(domain, ['s1', 's2']);
	await stop(domain);
	const plan = await readPlan(domain, 's1', ['--keep', 'left', '--running']);
	const left = await digestHeads(domain);
	t.true(plan.steps.length > 8);
	for (let at = 0; at < plan.steps.length; at += 2) {
		const script = at % 4 === 0 ? 'exit 1' : '"$name" "$@"; kill -9 $$';
		const before = await readWorld(domain);
		const step = plan.steps[at]!;
		const shims = await makeShims(t, plan, {at, script});
		const result = await revert(domain, 's1', {...shims.options, flags: ['--keep', 'left', '--running']});
		const message = `${step.id}: ${script}\n${report(result)}`;
		t.is(result.exitCode, 1, message);
		t.is(readEvents(result).filter(event => event.kind === 'step-started').length, at + 1, message);
		t.deepEqual(await digestHeads(domain), left, message);
		t.deepEqual(await readParents(domain), {s1: undefined, s2: 's1'}, message);
		const after = await readWorld(domain);
		t.is(after.definitionXml, before.definitionXml, message);
		t.deepEqual(after.snapshots, before.snapshots, message);
		t.is(after.current, before.current, message);
		t.is(after.state, before.state, message);
		t.deepEqual(await readStrays(domain), [], message);
		t.truthy(readEvents(result).some(event => event.kind === 'rolling-back'), message);
	}
});
