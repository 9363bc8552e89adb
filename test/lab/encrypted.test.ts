/**
Encrypted disks, qcow2 with LUKS inside and raw images that are LUKS as a whole: every action keeps the bytes, overlays are encrypted with the same secret, and neither what the
guest writes nor the passphrase is ever found in a file.
*/
import {Buffer} from 'node:buffer';
import test, {type ExecutionContext} from 'ava';
import type {Plan} from '../../source/model/plan/plan.ts';
import {startLab} from './daemons.ts';
import {
	defineXml, start, stop,
} from './domains.ts';
import {
	defineSecret, digestFrozen, digestHeadsOf, filesWith, makeEncryptedDomain, markEncrypted, setSecret, type EncryptedDomain,
} from './encrypted.ts';
import {expectRefused, expectStarts} from './expect.ts';
import {recover, report, runProgram} from './program.ts';
import {attempt, attemptVirsh, virsh} from './run.ts';
import {killMoments, makeShims} from './shims.ts';
import {readParents, takeDiskSnapshot} from './snapshots.ts';
import {makeTemplate} from './template.ts';

test.before(startLab);

/** Nothing of what the guest wrote is in clear text in any file, and the passphrase is nowhere. */
async function expectSecret(t: ExecutionContext, {domain, passphrase}: EncryptedDomain, patterns: number[], where: string): Promise<void> {
	for (const pattern of patterns) {
		t.deepEqual(await filesWith([domain.folder], Buffer.alloc(512, pattern)), [], where);
	}

	for (const text of [passphrase, Buffer.from(passphrase).toString('base64')]) {
		t.deepEqual(await filesWith([domain.folder, domain.statePath], Buffer.from(text)), [], where);
	}
}

for (const isRunning of [false, true]) {
	test.serial(`${isRunning ? 'running' : 'off'}: created, reverted, kept, branched and deleted`, async t => {
		const on = await makeEncryptedDomain(t);
		const {domain} = on;
		const patterns: number[] = [];
		const mark = async (pattern: number) => {
			patterns.push(pattern);
			return markEncrypted(on, pattern);
		};

		const good = async (verb: string, ...words: string[]) => {
			const result = await runProgram(domain, [verb, ...words.filter(word => word.startsWith('-')), '--yes', '--', domain.name, ...words.filter(word => !word.startsWith('-'))]);
			t.is(result.exitCode, 0, `${verb} ${words.join(' ')}\n${report(result)}`);
			t.false(`${result.stdout}${result.stderr}`.includes(on.passphrase));
			await expectSecret(t, on, patterns, `${verb} ${words.join(' ')}`);
		};

		if (isRunning) {
			await start(domain);
		}

		const held: Record<string, Record<string, string>> = {s1: await mark(0xA1)};
		await good('create', 's1', '--disk-only');
		held.s2 = await mark(0xA2);
		await good('create', 's2', '--disk-only');
		held.k1 = await mark(0xA3);
		await good('revert', 's1', '--keep=k1');
		t.deepEqual(await digestHeadsOf(on), held.s1);
		await mark(0xA4);
		await good('branch', 's2', 'b1', '--discard');
		t.deepEqual(await digestHeadsOf(on), held.s2);
		for (const name of ['k1', 's1', 's2']) {
			await good('revert', name, '--discard');
			t.deepEqual(await digestHeadsOf(on), held[name], name);
			const checked = await runProgram(domain, ['doctor', domain.name]);
			t.is(checked.exitCode, 0, report(checked));
		}

		const last = await mark(0xA5);
		for (const gone of ['b1', 'k1', 's1', 's2']) {
			await good('delete', gone);
			t.deepEqual(await digestHeadsOf(on), last, gone);
		}

		t.deepEqual(await readParents(domain), {});
		await stop(domain);
		await start(domain);
		t.deepEqual(await digestHeadsOf(on), last);
	});
}

/** As `virsh dumpxml` has it, for the next start. */
const definitionOf = async ({domain}: EncryptedDomain) => virsh('dumpxml', '--inactive', '--domain', domain.uuid);

test.serial('what libvirt\'s own snapshots left is gone on from: plain overlays get encrypted ones on them, and a domain that cannot start is repaired', async t => {
	const on = await makeEncryptedDomain(t);
	const {domain} = on;
	const good = async (...words: string[]) => {
		const result = await runProgram(domain, words);
		t.is(result.exitCode, 0, `${words.join(' ')}\n${report(result)}`);
		return result;
	};

	// L21: libvirt's own snapshot of a domain that is off, and whose definition records no chain yet.
	const first = await markEncrypted(on, 0xA0);
	await takeDiskSnapshot(domain, 'l21', ['--diskspec', 'vdb,snapshot=no']);
	t.regex((await attemptVirsh('start', '--domain', domain.uuid)).stderr, /virStorageEncryptionEngine/);
	t.deepEqual(await digestHeadsOf(on), first);
	const found = await runProgram(domain, ['doctor', '--', domain.name]);
	t.regex(found.stdout, /cannot be started: vda is backed by [^ ]*vda\.[^ ]*, which is encrypted/, report(found));
	await good('doctor', '--repair', 'cannot-start', '--yes', '--', domain.name);
	t.deepEqual(await digestHeadsOf(on), first);
	await expectStarts(t, domain, ['vda']);
	await good('delete', '--yes', '--', domain.name, 'l21');
	t.deepEqual(await digestHeadsOf(on), first);

	await start(domain);
	await markEncrypted(on, 0xA1);
	await takeDiskSnapshot(domain, 's0');
	await markEncrypted(on, 0xA2, 4);
	await takeDiskSnapshot(domain, 's1');
	await stop(domain);
	const atS2 = await digestHeadsOf(on);
	await good('create', '--disk-only', '--yes', '--', domain.name, 's2');
	t.deepEqual(await digestHeadsOf(on), atS2);
	const now = await markEncrypted(on, 0xB7);
	t.deepEqual(await filesWith([domain.folder], Buffer.alloc(512, 0xB7)), [], 'the overlay on a plain one is encrypted');
	await expectStarts(t, domain, ['vda']);
	await good('revert', '--keep=k', '--yes', '--', domain.name, 's1');
	await good('revert', '--discard', '--yes', '--', domain.name, 'k');
	t.deepEqual(await digestHeadsOf(on), now);

	// Nothing names the secret: it has to be told.
	for (const name of ['k', 's2', 's1', 's0']) {
		await good('delete', '--metadata', '--yes', '--', domain.name, name);
	}

	const named = await definitionOf(on);
	await defineXml(named.replaceAll(/<encryption [\s\S]*?<\/encryption>|<backingStore [\s\S]*?<\/backingStore>\s*(?=<target)/g, ''));
	t.notRegex(await definitionOf(on), /<encryption|<backingStore/);
	await expectRefused(t, domain, async () => runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's3']), /is encrypted: the new definition would name no secret.*<backingStore> for each layer/s);
	const lost = await runProgram(domain, ['doctor', '--json', '--', domain.name]);
	t.regex(lost.stdout, /Record the chain below vda in the definition/, report(lost));
	await defineXml(named);
	await good('create', '--disk-only', '--yes', '--', domain.name, 's3');
	t.deepEqual(await digestHeadsOf(on), now);
	await expectStarts(t, domain);
});

test.serial('a secret that libvirt does not tell, does not know, or that is another one is told before anything is changed', async t => {
	const on = await makeEncryptedDomain(t, {isNamedByUsage: true});
	const {domain, passphrase, secret} = on;
	const create = async () => runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's1']);
	const held = await markEncrypted(on, 0xA1);
	await virsh('secret-undefine', secret);
	await expectRefused(t, domain, create, /libvirt has no secret usage volume [^ ]*\. *.*secret-define/s);
	await defineSecret(secret, domain.name);
	await expectRefused(t, domain, create, /has no value.*secret-set-value/s);
	await setSecret(secret, 'another');
	await expectRefused(t, domain, create, /The secret does not open the image.*secret-set-value/s, 1);
	await virsh('secret-undefine', secret);
	await defineSecret(secret, domain.name, {isPrivate: true});
	await setSecret(secret, passphrase);
	await expectRefused(t, domain, create, /is private.*without private='yes'.*secret-set-value/s);
	await virsh('secret-undefine', secret);
	await defineSecret(secret, domain.name);
	await setSecret(secret, passphrase);
	const done = await create();
	t.is(done.exitCode, 0, report(done));
	t.deepEqual(await digestHeadsOf(on), held);
	await expectStarts(t, domain);
});

type States = Record<string, Record<string, string>>;

/** What each snapshot froze, and as '' what the disks hold. */
async function readStates(on: EncryptedDomain): Promise<States> {
	const states: States = {'': await digestHeadsOf(on)};
	for (const name of Object.keys(await readParents(on.domain))) {
		states[name] = await digestFrozen(on, name);
	}

	return states;
}

const killed: Array<{words: string[]; at: (before: States) => Record<string, string>; without?: string[]}> = [
	{words: ['delete', '--also', 's2', 's1'], at: before => before['']!, without: ['s1', 's2']},
	{words: ['revert', '--keep=k', 's1'], at: before => before.s1!},
];

for (const {words, at: wanted, without = []} of killed) {
	test.serial(`killed after each step that uses the passphrase, and recovered: ${words.join(' ')}`, async t => {
		const on = await makeEncryptedDomain(t);
		const {domain} = on;
		for (const [index, name] of ['s1', 's2'].entries()) {
			await markEncrypted(on, 0xA1 + index, 3 + index);
			const made = await runProgram(domain, ['create', '--disk-only', '--yes', '--', domain.name, name]);
			t.is(made.exitCode, 0, report(made));
		}

		await markEncrypted(on, 0xA3, 5);
		const before = await readStates(on);
		const {'': now, ...frozen} = before;
		const template = await makeTemplate(t, domain);
		const act = (...flags: string[]) => [...words.slice(0, -1), ...flags, '--json', '--', domain.name, words.at(-1)!];
		const planned = await runProgram(domain, act('--dry-run'));
		t.is(planned.exitCode, 0, report(planned));
		const plan = JSON.parse(planned.stdout) as Plan;
		const steps = [...plan.steps.entries()].filter(([, {phase, command}]) => phase !== 'check' && command.tool !== 'qmp' && command.inputFrom !== undefined);
		t.true(steps.length >= 2);
		for (const [turn, [at, {id}]] of steps.entries()) {
			const shims = await makeShims(t, plan, {at, script: killMoments.after});
			const ended = await runProgram(domain, act('--yes'), shims.options);
			t.is(ended.signal, 'SIGKILL', id + report(ended));
			await shims.settle();
			const first = await recover(domain, turn % 2 === 0 ? '--roll-back' : '--roll-forward');
			const recovered = first.exitCode === 3 ? await recover(domain, '--roll-forward') : first;
			t.is(recovered.exitCode, 0, id + report(recovered));
			const {'': heads, ...after} = await readStates(on);
			const isDone = without.length > 0 ? !('s1' in after) : 'k' in after;
			t.deepEqual(heads, isDone ? wanted(before) : now, id);
			for (const [name, digests] of Object.entries(frozen)) {
				t.deepEqual(after[name], isDone && without.includes(name) ? undefined : digests, `${id}: ${name}`);
			}

			await expectSecret(t, on, [0xA1, 0xA2, 0xA3], id);
			await expectStarts(t, domain);
			await template.restore();
		}
	});
}

test.serial('by script, and with memory', async t => {
	const on = await makeEncryptedDomain(t);
	const {domain} = on;
	const states: Array<Record<string, string>> = [];
	for (const [verb, ...words] of [['create', '--disk-only'], ['revert', '--discard'], ['delete']]) {
		const held = await markEncrypted(on, 0xA1 + states.length);
		const script = await runProgram(domain, [verb!, ...words, '--dry-run', '--shell', '--', domain.name, 's1']);
		t.is(script.exitCode, 0, report(script));
		t.false(script.stdout.includes(on.passphrase) || script.stdout.includes(Buffer.from(on.passphrase).toString('base64')));
		const ran = await attempt('sh', ['-s'], {input: script.stdout});
		t.is(ran.exitCode, 0, `${ran.stdout}${ran.stderr}`);
		t.deepEqual(await digestHeadsOf(on), verb === 'revert' ? states[0] : held, verb);
		states.push(held);
	}

	await start(domain);
	const then = await markEncrypted(on, 0xB1);
	const created = await runProgram(domain, ['create', '--memory', 'external', '--yes', '--', domain.name, 'm1']);
	t.is(created.exitCode, 0, report(created));
	const now = await markEncrypted(on, 0xB2);
	const back = await runProgram(domain, ['revert', '--keep=k', '--paused', '--yes', '--', domain.name, 'm1']);
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeadsOf(on), then);
	await virsh('resume', '--domain', domain.uuid);
	const again = await runProgram(domain, ['revert', '--discard', '--yes', '--', domain.name, 'k']);
	t.is(again.exitCode, 0, report(again));
	t.deepEqual(await digestHeadsOf(on), now);
	await expectSecret(t, on, [0xA1, 0xA2, 0xA3, 0xB1, 0xB2], 'memory');
});

test.serial('an overlay of libvirt\'s that takes an encrypted image for a raw one is told, and gone back from', async t => {
	const on = await makeEncryptedDomain(t);
	const {domain} = on;
	const held = await markEncrypted(on, 0xA1);
	await takeDiskSnapshot(domain, 'raw', ['--diskspec', 'vda,snapshot=no']);
	await expectRefused(t, domain, async () => runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's1']), /vdb\.raw reads [^ ]*vdb\.qcow2 as raw, but that image is encrypted.*revert --discard/s);
	await expectRefused(t, domain, async () => runProgram(domain, ['delete', '--yes', '--json', '--', domain.name, 'raw']), /as raw, but that image is encrypted/);
	const back = await runProgram(domain, ['revert', '--discard', '--yes', '--', domain.name, 'raw']);
	t.is(back.exitCode, 0, report(back));
	t.deepEqual(await digestHeadsOf(on), held);
	await expectStarts(t, domain);
});
