/** Others work on the same domain at the same time: another run of this program, and plain virsh. */
import {existsSync} from 'node:fs';
import {writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {
	readError, report, revert, runProgram,
} from './program.ts';
import {waitFor} from './run.ts';
import {labUri} from './settings.ts';
import {makeShims, readPlan} from './shims.ts';
import {digestImage, readHeads} from './slots.ts';
import {markOffline, readParents, takeDiskSnapshot} from './snapshots.ts';
import {readWorld} from './world.ts';

test.before(startLab);

const waitForGo = ': > "$here/waiting"; until [ -e "$here/go" ]; do sleep 0.02; done';

test.serial('a second run on the same domain ends with exit code 6, and the first goes on undisturbed', async t => {
	const domain = await makeDomain(t);
	const digests = await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	await markOffline(domain, 2);
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === 'create-vda'), script: waitForGo});
	const first = revert(domain, 's1', shims.options);
	await waitFor('the first run is in the middle', () => existsSync(path.join(shims.folder, 'waiting')));
	const second = await revert(domain, 's1');
	t.is(second.exitCode, 6, report(second));
	t.is(readError(second).kind, 'busy');
	const tree = await runProgram(domain, ['tree', '--json', '--', domain.name]);
	t.is(tree.exitCode, 0, 'looking is possible all the time');
	await writeFile(path.join(shims.folder, 'go'), '');
	await expectReverted(t, domain, await first, {digests, current: 's1'});
});

test.serial('a run on another domain is not held up', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const other = await makeDomain(t);
	await takeDiskSnapshot(other, 's1');
	const plan = await readPlan(domain, 's1');
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === 'create-vda'), script: waitForGo});
	const first = revert(domain, 's1', shims.options);
	await waitFor('the first run is in the middle', () => existsSync(path.join(shims.folder, 'waiting')));
	const second = await revert({...other, statePath: domain.statePath}, 's1');
	t.is(second.exitCode, 0, report(second));
	await writeFile(path.join(shims.folder, 'go'), '');
	const result = await first;
	t.is(result.exitCode, 0, report(result));
});

test.serial('a snapshot that virsh makes in the middle of the run loses no byte', async t => {
	const domain = await makeDomain(t);
	await markOffline(domain, 1);
	await takeDiskSnapshot(domain, 's1');
	const left = await markOffline(domain, 2);
	const heads = await readHeads(domain);
	const plan = await readPlan(domain, 's1');
	const script = `virsh -q -c '${labUri}' snapshot-create-as --domain ${domain.uuid} --name between --disk-only >/dev/null || exit 9`;
	const shims = await makeShims(t, plan, {at: plan.steps.findIndex(step => step.id === 'define'), script});
	const result = await revert(domain, 's1', shims.options);
	t.not(result.exitCode, 0, report(result));
	t.is(await digestImage(heads.get('vda')!), left.vda!);
	t.is(await digestImage(heads.get('vdb')!), left.vdb!);
	t.true('between' in await readParents(domain), 'the snapshot of the other is still there');
});

test.serial('--dry-run leaves no trace in the private folder and none on the host', async t => {
	const domain = await makeDomain(t);
	await takeDiskSnapshot(domain, 's1');
	const before = await readWorld(domain);
	const plan = await readPlan(domain, 's1');
	t.true(plan.steps.length > 5);
	const order = plan.steps.map(step => ['check', 'create', 'switch', 'remove'].indexOf(step.phase));
	t.deepEqual(order, [...order].sort((a, b) => a - b));
	t.deepEqual(await readWorld(domain), before);
});
