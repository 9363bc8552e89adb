/**
The soak: hundreds of random actions on real libvirt, each disturbed by something, and the bytes compared after each. Not a test of ava: it runs as long as it is told.

Usage: npm run soak -- [--rounds N] [--seed N] [--user]. Needs root (it mounts a small file system, and with `--user` it goes on as the user nobody with a libvirt
of its own). Prints each round, and fails when a byte was lost, an action was stuck or a file was left.
*/
import {spawnSync} from 'node:child_process';
import {
	chmod, chown, mkdir, mkdtemp, rm,
} from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';
import {randomFrom} from '../helpers/random.ts';

const {values} = parseArgs({options: {
	rounds: {type: 'string', default: '300'},
	seed: {type: 'string', default: String(Date.now() % 1_000_000)},
	user: {type: 'boolean', default: false},
	inside: {type: 'boolean', default: false},
}});
const rounds = Number(values.rounds);
const seed = Number(values.seed);
const roundsPerDomain = 10;
/** The user nobody. */
const userId = 65_534;

/**
A parent that collects dead processes at once, those of daemons as well: libvirt waits for a stopped QEMU until it is collected, and the first process of a
container may let that take a minute. 157 and 36: prctl and PR_SET_CHILD_SUBREAPER on x86-64.
*/
const reaper = 'syscall(157, 36, 1, 0, 0, 0); my $child = fork(); if ($child == 0) { exec(@ARGV) or exit 1 } while ((my $pid = wait()) > 0) { exit($? >> 8) if $pid == $child }';

/** A file system for the images that can be full and become read-only, and the user to work as. */
async function prepare(): Promise<number> {
	if (process.getuid?.() !== 0) {
		console.error('The soak needs root: it mounts a file system, and kills libvirtd.');
		return 2;
	}

	const folder = await mkdtemp('/var/tmp/vsnaplab-soak-');
	const images = path.join(folder, 'images');
	const home = path.join(folder, 'home');
	await chmod(folder, 0o755);
	for (const each of [images, home]) {
		await mkdir(each);
	}

	const owner = values.user ? userId : 0;
	await chown(home, owner, owner);
	spawnSync('mount', ['-t', 'tmpfs', '-o', `size=320m,mode=755,uid=${owner},gid=${owner}`, 'tmpfs', images], {stdio: 'inherit'});
	const argv = [process.execPath, '--import=tsx', fileURLToPath(import.meta.url), '--inside', '--rounds', String(rounds), '--seed', String(seed)];
	const asUser = ['setpriv', '--reuid', String(userId), '--regid', String(userId), '--clear-groups', '--'];
	const [program, ...rest] = [...(values.user ? asUser : []), ...argv];
	const env = {
		...process.env, VSNAP_LAB_IMAGES: images, TMPDIR: home,
		...(values.user ? {HOME: home, XDG_RUNTIME_DIR: home, VSNAP_LAB_URI: 'qemu:///session'} : {}),
	};
	const ended = spawnSync('perl', ['-e', reaper, program!, ...rest], {stdio: 'inherit', env});
	spawnSync('umount', ['-l', images]);
	await rm(folder, {recursive: true, force: true});
	return ended.status ?? 1;
}

async function soak(): Promise<number> {
	const {startLab} = await import('../lab/daemons.ts');
	const {makeDomain} = await import('../lab/domains.ts');
	const {playRound} = await import('./round.ts');
	const {attempt} = await import('../lab/run.ts');
	const {labUri} = await import('../lab/settings.ts');
	await startLab();
	// A new libvirt asks QEMU for its abilities once, which takes a minute where much goes on beside it.
	await attempt('virsh', ['-q', '-c', labUri, 'domcapabilities'], {timeoutMs: 300_000});
	console.log(`seed ${seed}, ${rounds} rounds, ${process.getuid?.() === 0 ? 'as root' : 'as a user'}`);
	const counts = {lost: 0, stuck: 0, stray: 0, untrue: 0};
	const ends: Record<string, number> = {};
	for (let round = 0; round < rounds;) {
		const random = randomFrom(seed * 7919 + round);
		const teardowns: Array<() => unknown> = [];
		const domain = await makeDomain({teardown: (work: () => unknown) => teardowns.push(work)}, {sizeMiB: 8});
		for (let turn = 0; turn < roundsPerDomain && round < rounds; turn++, round++) {
			const {what, exitCode, faults} = await playRound(domain, random, {name: `n${round}`, durationMs: 4000});
			ends[String(exitCode)] = (ends[String(exitCode)] ?? 0) + 1;
			console.log(`${round}: ${what}: ${exitCode}${faults.map(({kind, text}) => `\n  ${kind.toUpperCase()} ${text}`).join('')}`);
			for (const {kind} of faults) {
				counts[kind]++;
			}

			if (faults.length > 0) {
				round++;
				break;
			}
		}

		for (const work of teardowns.reverse()) {
			await work();
		}
	}

	console.log(`${rounds} rounds: ${counts.lost} lost, ${counts.stuck} stuck, ${counts.stray} stray files, ${counts.untrue} untrue; exit codes ${JSON.stringify(ends)}`);
	return Object.values(counts).some(count => count > 0) ? 1 : 0;
}

const work = values.inside ? soak : prepare;
process.exitCode = await work();
