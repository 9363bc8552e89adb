/** A host at the other end of ssh: what must run beside the images runs there, and what virsh does goes through its URI. */
import {mkdtemp, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, start, type LabDomain} from './domains.ts';
import {expectReverted} from './expect.ts';
import {report, revert, runProgram} from './program.ts';
import {run} from './run.ts';
import {readCurrent, takeChain} from './snapshots.ts';
import {digestHeads} from './slots.ts';
import {startSshServer, withoutImageTools} from './ssh-server.ts';
import {readStrays} from './world.ts';

test.before(startLab);

async function scene(t: ExecutionContext): Promise<{domain: LabDomain; uri: string; env: Record<string, string>; digests: Awaited<ReturnType<typeof takeChain>>}> {
	const domain = await makeDomain(t, {diskCount: 1});
	await start(domain);
	const digests = await takeChain(domain, ['s1', 's2']);
	return {domain, uri: await startSshServer(t), env: await withoutImageTools(t), digests};
}

test.serial('a domain at the other end of ssh is reverted, and its left state kept and come back to', async t => {
	const {domain, uri, env, digests} = await scene(t);
	await expectReverted(t, domain, await revert(domain, 's1', {flags: ['-c', uri, '--keep', 'it\'s $(before)'], env}), {digests: digests.get('s1')!, current: 's1'});
	await expectReverted(t, domain, await revert(domain, 'it\'s $(before)', {flags: ['-c', uri], env}), {digests: digests.get('')!, current: 'it\'s $(before)'});
});

test.serial('the exported script does the same through ssh', async t => {
	const {domain, uri, env, digests} = await scene(t);
	const script = await runProgram(domain, ['-c', uri, 'revert', domain.name, 's1', '--discard', '--shutoff', '--dry-run', '--shell'], {env});
	t.is(script.exitCode, 0, report(script));
	t.regex(script.stdout, /^ssh /m);
	const folder = await mkdtemp(path.join(os.tmpdir(), 'vsnaplab-script-'));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	await writeFile(path.join(folder, 'script'), script.stdout);
	await run('sh', [path.join(folder, 'script')]);
	t.deepEqual(await digestHeads(domain), digests.get('s1')!);
	t.is(await readCurrent(domain), 's1');
	t.deepEqual(await readStrays(domain), []);
});

test.serial('a host that does not answer is said to be unreachable, with its URI', async t => {
	const domain = await makeDomain(t);
	const result = await runProgram(domain, ['-c', 'qemu+ssh://root@127.0.0.1:1/system', 'list', '--json']);
	t.is(result.exitCode, 5, report(result));
	t.regex(result.stderr, /"kind":"host-unreachable".*127\.0\.0\.1:1/);
});
