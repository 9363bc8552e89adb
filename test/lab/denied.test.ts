/** A user whom libvirt does not let in, or does not let do everything: what says no is told, and each way on that is named leads on. */
import {chmod} from 'node:fs/promises';
import process from 'node:process';
import test, {type ExecutionContext} from 'ava';
import {startLab} from './daemons.ts';
import {makeOtherUser, type OtherUser} from './other-user.ts';
import {type Ran} from './run.ts';
import {makeSecondDomain, startSecondLibvirt, type SecondLibvirt} from './second-libvirt.ts';
import {programPath} from './settings.ts';

test.before(startLab);

const tell = ({exitCode, stdout, stderr}: Ran) => `exit ${exitCode}\n${stdout}\n${stderr}`;

/** The program as that user, in that libvirt. */
function actsAs(second: SecondLibvirt, {uid, home}: OtherUser, groups: string[] = []) {
	const asUser = [`--reuid=${uid}`, '--regid=nogroup', ...(groups.length === 0 ? ['--clear-groups'] : [`--groups=${groups.join(',')}`]), '--'];
	const program = ['env', `HOME=${home}`, `VSNAP_TUI_STATE=${home}/state`, process.execPath, `${home}/program/vsnap-tui.mjs`, '-c', 'qemu:///system'];
	return async (...args: string[]) => second.attempt('setpriv', ...asUser, ...program, ...args);
}

async function scene(t: ExecutionContext, daemonConf: string, {hasPolkit = false} = {}) {
	const second = await startSecondLibvirt(t, {daemonConf, hasPolkit});
	const domain = await makeSecondDomain(t, second);
	await chmod(domain.folder, 0o755);
	const user = await makeOtherUser(t);
	return {second, domain, user};
}

async function expectLook(t: ExecutionContext, act: (...args: string[]) => Promise<Ran>, name: string): Promise<void> {
	const looked = await act('--read-only', 'list');
	t.is(looked.exitCode, 0, tell(looked));
	t.true(looked.stdout.includes(name), tell(looked));
}

test.serial('whom the socket does not let in is told so, and reads with --read-only; a member of its group is let in', async t => {
	const {second, domain, user} = await scene(t, 'unix_sock_group = "libvirt"\nunix_sock_rw_perms = "0770"\nauth_unix_rw = "none"\nauth_unix_ro = "none"');
	const act = actsAs(second, user);
	const refused = await act('list');
	t.is(refused.exitCode, 5, tell(refused));
	t.regex(refused.stderr, /This user may not open \S+libvirt-sock\. Run it as root \(sudo\), or as a member of the socket's group/, tell(refused));
	await expectLook(t, act, domain.name);
	const member = await actsAs(second, user, ['libvirt'])('list');
	t.is(member.exitCode, 0, tell(member));
});

test.serial('where polkit would ask for a password that is told, and --read-only reads', async t => {
	const {second, domain, user} = await scene(t, 'unix_sock_rw_perms = "0777"\nauth_unix_rw = "polkit"\nauth_unix_ro = "none"', {hasPolkit: true});
	const act = actsAs(second, user);
	const refused = await act('list');
	t.is(refused.exitCode, 5, tell(refused));
	t.regex(refused.stderr, /polkit asks for a password before it lets this user connect[^]*a rule in \/etc\/polkit-1\/rules\.d allows org\.libvirt\.unix\.manage/, tell(refused));
	await expectLook(t, act, domain.name);
	const root = await domain.act('list');
	t.true(root.stdout.includes(domain.name), tell(root));
});

test.serial('what libvirt\'s access control denies is told as that, and nothing is touched', async t => {
	const {second, domain, user} = await scene(t, 'unix_sock_rw_perms = "0777"\nauth_unix_rw = "none"\nauth_unix_ro = "none"\naccess_drivers = [ "polkit" ]', {hasPolkit: true});
	const act = actsAs(second, user);
	const list = await act('list');
	t.is(list.exitCode, 0, tell(list));
	const before = await domain.virsh('dumpxml', domain.name);
	const denied = await act('create', domain.name, 's1', '--disk-only', '--yes');
	t.is(denied.exitCode, 1, tell(denied));
	t.regex(denied.stderr, /access denied[^]*libvirt is set up \(access_drivers\) to allow each user certain calls alone/, tell(denied));
	t.is(await domain.virsh('dumpxml', domain.name), before);
	t.is((await domain.virsh('snapshot-list', '--name', domain.name)).trim(), '');
	const root = await domain.act('create', domain.name, 's1', '--disk-only', '--yes');
	t.is(root.exitCode, 0, tell(root));
});

test.serial('a host without domains says so', async t => {
	const second = await startSecondLibvirt(t, {});
	const asked = await second.attempt(process.execPath, programPath, 'tree', 'web');
	t.is(asked.exitCode, 3, tell(asked));
	t.regex(asked.stderr, /The host has no domains\./);
	t.is((await second.run('virsh', '-q', 'list', '--all', '--name')).trim(), '');
});
