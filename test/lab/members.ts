/**
A member of the group libvirt who may do everything by libvirt and nothing with files: the domain's folder belongs to the user that QEMU runs as, and is closed to everybody
else. It is the folder of a pool.
*/
import {chmod, mkdir, readdir, writeFile} from 'node:fs/promises';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import {
	makeDomain, readState, type DomainOptions, type LabDomain,
} from './domains.ts';
import {makeOtherUser, type OtherUser} from './other-user.ts';
import {
	attemptVirsh, lines, run, virsh, type Ran,
} from './run.ts';
import {labEnvironment, labUri} from './settings.ts';
import {digestHeads, writeLive, writeOffline, readHeads} from './slots.ts';

export type MemberScene = {
	domain: LabDomain;
	pool: string;
	member: OtherUser;
	act: (...args: string[]) => Promise<Ran>;
	/** Does it, and fails the test where it does not end with 0. */
	good: (verb: string, ...words: string[]) => Promise<Ran>;
};

export const tell = ({exitCode, stdout, stderr}: Ran) => `exit ${exitCode}\n${stdout}\n${stderr}`;

/** Puts the folder out of everybody's reach. */
export async function closeFolder(folder: string): Promise<void> {
	await run('chown', ['-R', '--reference=/var/lib/libvirt/qemu', folder]);
	await run('chmod', ['-R', 'u=rwX,go=', folder]);
}

export async function makeMemberScene(t: ExecutionContext, options: DomainOptions & {uri?: string} = {}): Promise<MemberScene> {
	const domain = await makeDomain(t, {sizeMiB: 8, ...options});
	const pool = `${domain.name} pool`;
	await closeFolder(domain.folder);
	await virsh('pool-create-as', pool, 'dir', '--target', domain.folder);
	t.teardown(async () => attemptVirsh('pool-destroy', pool));
	const member = await makeOtherUser(t, {groups: ['libvirt']});
	const act = async (...args: string[]) => member.runProgram(['-c', options.uri ?? labUri, ...args]);
	return {
		domain, pool, member, act,
		async good(verb, ...words) {
			const ran = await act(verb, ...words.filter(word => word.startsWith('-')), '--yes', '--', domain.name, ...words.filter(word => !word.startsWith('-')));
			t.is(ran.exitCode, 0, `${verb} ${words.join(' ')}\n${tell(ran)}`);
			await expectListed(t, {domain, pool});
			return ran;
		},
	};
}

/** What the pool lists is what is in its folder. */
export async function expectListed(t: ExecutionContext, {domain, pool}: Pick<MemberScene, 'domain' | 'pool'>): Promise<void> {
	const listed = lines(await virsh('vol-list', '--pool', pool)).map(line => line.trim().split(/\s+/)[0]!).sort();
	t.deepEqual(listed, (await readdir(domain.folder)).sort());
}

/** Something new on each disk; gives what they hold then. */
export async function mark({domain}: Pick<MemberScene, 'domain'>, pattern: number): Promise<Record<string, string>> {
	if (await readState(domain) === 'shut off') {
		for (const [, head] of await readHeads(domain)) {
			await writeOffline(head, pattern, 3);
		}
	} else {
		await writeLive(domain, domain.disks.map(({target}) => ({target, pattern, slot: 3})));
	}

	return digestHeads(domain);
}

/** A PATH with a virsh that does what it is told, and after the command of that number that makes or switches something ends the program, at once. Its commands may be run by a shell of its own. */
export async function killingPath(member: OtherUser, at: number): Promise<string> {
	const folder = path.join(member.home, `shim-${at}`);
	const real = labEnvironment().PATH!;
	await mkdir(folder, {recursive: true});
	await chmod(folder, 0o777);
	await writeFile(path.join(folder, 'virsh'), `#!/bin/sh
PATH='${real}'; export PATH
case " $* " in
*" vol-create "*|*" snapshot-create "*|*" define "*)
	echo >> '${folder}/count'; virsh "$@"; code=$?
	program=$PPID
	[ "$(cat /proc/$program/comm)" != sh ] || program=$(ps -o ppid= -p $program)
	[ "$(wc -l < '${folder}/count')" = ${at} ] && kill -9 $program
	exit $code ;;
esac
exec virsh "$@"
`, {mode: 0o755});
	await chmod(path.join(folder, 'virsh'), 0o755);
	await writeFile(path.join(folder, 'count'), '');
	await chmod(path.join(folder, 'count'), 0o666);
	return `${folder}:${real}`;
}
