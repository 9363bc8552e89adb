/** Who is at hand and who is not: the host, the monitor, and the machine that an interrupted action, a domain or an image needs. What is advised is done. */
import path from 'node:path';
import process from 'node:process';
import test from 'ava';
import {doBare, readBareTree, runBare, startBare} from './bare-domain.ts';
import {startLab} from './daemons.ts';
import {makeDomain} from './domains.ts';
import {refused, succeeds} from './remedies.ts';
import {report, runProgram} from './program.ts';
import {attempt} from './run.ts';
import {labEnvironment, labUri, programPath} from './settings.ts';
import {startSecondHost} from './second-host.ts';
import {readParents, takeDiskSnapshot} from './snapshots.ts';

test.before(startLab);

const flat = (text: string) => text.replaceAll(/\s+/g, ' ');

test.serial('a domain that is reached by TCP from its own machine is acted on by the URI of this machine', async t => {
	const domain = await makeDomain(t, {diskCount: 1});
	await takeDiskSnapshot(domain, 's1');
	const {tcpUri} = await startSecondHost(t);
	const del = ['delete', '--yes', '--json', '--', domain.name, 's1'];
	const advice = await refused(t, domain, ['-c', tcpUri, ...del], 'files are then accessed by ssh.');
	t.is(advice, 'Use qemu+ssh://127.0.0.1/system: files are then accessed by ssh. If that is this machine, use qemu:///system.');
	await succeeds(t, domain, ['-c', 'qemu:///system', ...del]);
	t.deepEqual(await readParents(domain), {});
});

test.serial('a running QEMU that is known by its image alone is left alone, and acted on by its monitor', async t => {
	const bare = await startBare(t);
	const byImage = async (...words: string[]) => attempt('env', [
		...Object.entries(labEnvironment({VSNAP_TUI_STATE: bare.statePath})).map(([name, value]) => `${name}=${value}`), process.execPath, programPath, '--image', `${bare.name}=${path.join(bare.folder, 'data.qcow2')}`, ...words,
	]);
	const result = await byImage('create', bare.name, 's1', '--disk-only', '--yes');
	t.is(result.exitCode, 3, result.stderr);
	t.true(result.stderr.includes('is open in another process'), result.stderr);
	await doBare(bare, 'create', bare.name, 's1', '--disk-only', '--yes');
	t.is((await readBareTree(bare)).snapshots.length, 1);
});

test.serial('an interrupted action of a standalone QEMU and one of libvirt, asked for at the other one: each is recovered where it is', async t => {
	const bare = await startBare(t);
	const domain = {...await makeDomain(t, {diskCount: 1}), statePath: bare.statePath};
	await runBare(bare, ['create', bare.name, 's1', '--disk-only', '--yes', '--json'], (line, kill) => {
		if (line.includes('step-started')) {
			kill();
		}
	});
	const told = await runProgram(domain, ['recover', '--roll-back', '--yes']);
	t.true(flat(told.stdout + told.stderr).includes('Recover it by its monitor: vsnap-tui recover --qmp NAME=SOCKET.'), report(told));
	await doBare(bare, 'recover', '--roll-back', '--yes');
	await doBare(bare, 'create', bare.name, 's1', '--disk-only', '--yes');

	const killed = await runProgram(domain, ['create', '--disk-only', '--yes', '--json', '--', domain.name, 's1'], {
		onOutput(text, kill) {
			if (text.includes('step-started')) {
				kill();
			}
		},
	});
	t.is(killed.signal, 'SIGKILL');
	const there = await runBare(bare, ['recover', '--roll-back', '--yes']);
	t.true(flat(there.stdout + there.stderr).includes('Recover it there: vsnap-tui recover --connect URI.'), there.stdout + there.stderr);
	await succeeds(t, domain, ['recover', '--connect', labUri, '--roll-back', '--yes']);
	await succeeds(t, domain, ['create', '--disk-only', '--yes', '--', domain.name, 's1']);
});
