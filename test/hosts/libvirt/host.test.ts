import test from 'ava';
import {openDemo} from '../../helpers/demo.ts';
import {unwrap} from '../../helpers/unwrap.ts';
import type {Host} from '../../../source/engine/ports.ts';
import {createLibvirtHost} from '../../../source/hosts/libvirt/host.ts';
import {createMonitors} from '../../../source/hosts/shared/qmp/monitors.ts';
import {pinsOfDomain} from '../../../source/model/images/pins.ts';
import {hasProcess} from '../../../source/model/domain/domain.ts';
import type {Command} from '../../../source/model/plan/plan.ts';
import {succeed} from '../../../source/model/result.ts';
import {fakeRunner} from './fixture.ts';

async function uuidOf(host: Host, name: string): Promise<string> {
	return unwrap(await host.readDomains()).find(domain => domain.name === name)!.uuid;
}

test('a picture holds the tree, the current snapshot, and every image that a pin leads to', async t => {
	const {host} = openDemo();
	const details = unwrap(await host.readDetails(await uuidOf(host, 'web'), {withForeignPins: false}));
	t.true(details.snapshots.some(snapshot => snapshot.name === details.currentSnapshot && snapshot.isCurrent));
	const known = new Set(details.images.map(image => image.path));
	t.deepEqual(pinsOfDomain(details.domain, details.snapshots).filter(pin => pin.target !== undefined && !known.has(pin.path)), []);
	t.deepEqual(details.foreignPins, []);
});

test('an inventory holds what the other domains hold, the folders of the images, and the definition as it is', async t => {
	const {host} = openDemo();
	const uuid = await uuidOf(host, 'web');
	const inventory = unwrap(await host.readInventory(uuid));
	t.true(inventory.details.foreignPins.length > 0);
	t.true(inventory.details.foreignPins.every(pin => pin.domainUuid !== uuid));
	t.true(inventory.folders.size > 0);
	t.true(inventory.definitionXml.includes(uuid));
	t.true(inventory.details.images.every(image => image.file !== undefined || image.problems.length > 0));
});

test('a broken chain of one domain does not keep another from being read', async t => {
	const {host} = openDemo();
	for (const domain of unwrap(await host.readDomains())) {
		t.true((await host.readInventory(domain.uuid)).ok, domain.name);
	}
});

test('a domain that went away is not found, and those that are there are named', async t => {
	const {host} = openDemo();
	const result = await host.readDetails('00000000-0000-0000-0000-000000000000', {withForeignPins: false});
	t.true(!result.ok && result.failure.kind === 'domain-not-found' && result.failure.known.includes('web'));
});

test('the users of a frozen image are its snapshot and the overlay above it', async t => {
	const {host} = openDemo();
	const details = unwrap(await host.readDetails(await uuidOf(host, 'web'), {withForeignPins: false}));
	const pin = pinsOfDomain(details.domain, details.snapshots).find(candidate => candidate.snapshot === 's2')!;
	const users = unwrap(await host.readImageUsers(pin.path));
	t.true(users.some(({label}) => label === pin.label));
	t.true(users.some(({label}) => label.includes('is backed by it')));
});

test('probes are answered by the host as it is', async t => {
	const {host} = openDemo();
	const uuid = await uuidOf(host, 'web');
	const {currentSnapshot, images} = unwrap(await host.readDetails(uuid, {withForeignPins: false}));
	const ask = async (probe: Parameters<typeof host.observe>[0]) => unwrap(await host.observe(probe));
	t.true(await ask({kind: 'domain-active', uuid}));
	t.false(await ask({kind: 'domain-off', uuid}));
	t.true(await ask({kind: 'snapshot-exists', uuid, name: currentSnapshot!}));
	t.true(await ask({kind: 'snapshot-missing', uuid, name: 'never'}));
	t.true(await ask({kind: 'file-exists', path: images[0]!.path}));
	t.true(await ask({kind: 'file-missing', path: '/never'}));
	t.false(await ask({kind: 'file-empty', path: images[0]!.path}));
	t.false(await ask({kind: 'image-has-tag', path: images[0]!.path, tag: 'never'}));
	t.false(await ask({kind: 'never'}));
});

test('a domain that crashed and kept its process is active, and what it runs on is read', async t => {
	const {host: crashed} = openDemo({through: runner => async request => {
		const answer = await runner(request);
		return answer.ok ? succeed({...answer.value, stdout: answer.value.stdout.replaceAll(/^State: .*$/gm, 'State:          crashed')}) : answer;
	}});
	const uuid = await uuidOf(crashed, 'web');
	const {domain} = unwrap(await crashed.readDetails(uuid, {withForeignPins: false}));
	t.is(domain.state, 'crashed');
	t.true(hasProcess(domain));
	t.true(unwrap(await crashed.observe({kind: 'domain-active', uuid})));
	t.false(unwrap(await crashed.observe({kind: 'domain-off', uuid})));
});

const command: Command = {tool: 'virsh', argv: ['virsh', '-q', '-c', 'x', 'start', '--domain', 'u'], files: []};

test('commands run as they stand in the plan: virsh here, everything else on the host', async t => {
	const runner = fakeRunner(() => ({}));
	const host = createLibvirtHost({runner, lines: () => () => undefined, uri: 'x', isReadOnly: false, hypervisor: 'libvirt', monitors: createMonitors()});
	await host.run(command, {timeoutMs: 7});
	await host.run({tool: 'file', argv: ['rm', '--', '/x'], files: []});
	t.like(runner.requests[0], {argv: command.argv, where: 'here', isMutating: true, timeoutMs: 7});
	t.like(runner.requests[1], {argv: ['rm', '--', '/x'], where: 'host', isMutating: true});
});

test('read-only runs nothing, asks for no secrets, and opens libvirt with -r', async t => {
	const asked: string[][] = [];
	const {host} = openDemo({isReadOnly: true, through: runner => async request => {
		asked.push(request.argv);
		return runner(request);
	}});
	t.like(await host.run(command), {ok: false, failure: {kind: 'read-only'}});
	t.deepEqual(asked, []);
	t.true((await host.readInventory(await uuidOf(host, 'web'))).ok);
	const virsh = asked.filter(argv => argv[0] === 'virsh');
	t.true(virsh.every(argv => argv.includes('-r')));
	t.false(virsh.some(argv => argv.join(' ').includes('security-info')));
});

test('what speaks to the job of a disk may come too late: that the job is over is no failure, anything else is', async t => {
	const command: Command = {tool: 'virsh', argv: ['virsh', '-q', '-c', 'x:///', 'blockjob', '--domain', 'u', '--path', 'vda', '--bandwidth', '5', '--bytes'], files: [], until: {kind: 'disk-job'}};
	const hostThatSays = (stderr: string) => createLibvirtHost({uri: 'x:///', runner: fakeRunner(() => ({stderr, exitCode: stderr === '' ? 0 : 1})), lines: () => () => undefined, isReadOnly: false, hypervisor: 'libvirt', monitors: createMonitors()});
	t.true((await hostThatSays('').run(command)).ok);
	t.true((await hostThatSays('error: invalid argument: disk vda does not have an active block job\n').run(command)).ok);
	t.false((await hostThatSays('error: invalid argument: disk vda not found in domain\n').run(command)).ok);
	t.false((await hostThatSays('error: invalid argument: disk vda does not have an active block job\n').run({tool: 'virsh', argv: command.argv, files: []})).ok);
});
