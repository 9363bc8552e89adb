/**
What the doctor offers, carried out on the demo host.
*/
import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {repairRequest} from '../../../source/engine/doctor/repair-request.ts';
import type {FindingKind} from '../../../source/model/domain/finding.ts';
import {openDemo} from '../../helpers/demo.ts';
import {blockersOf, openEngine, readStates} from './engine.ts';

const images = '/var/lib/libvirt/images';

for (const [domain, kind] of [
	['test-fedora', 'backing-missing'],
	['wiki', 'orphan'],
	['print', 'current-record'],
	['win-term', 'backing-format'],
] as Array<[string, FindingKind]>) {
	test(`the doctor's ${kind} of ${domain} is mended, and found no more`, async t => {
		const engine = openEngine();
		const found = await engine.findings(domain);
		const {uuid: _, ...request} = repairRequest(found, kind)!;
		const planned = unwrap(await engine.plan(domain, request));
		t.like((await engine.execute(planned)).outcome, {kind: 'done', remarks: undefined});
		const after = await engine.findings(domain);
		t.deepEqual(after.filter(({severity}) => severity !== 'info').map(({kind, text}) => `${kind}: ${text}`), []);
	});
}

test('what the doctor finds in ruins is not offered a plan', async t => {
	const {findings} = openEngine();
	for (const domain of ['mail', 'ldap', 'jira']) {
		const found = await findings(domain);
		t.true(found.length > 0);
		t.deepEqual(found.filter(({request}) => request !== undefined), []);
	}
});

test('a base that was moved is read again by what stands on it, and the domain starts', async t => {
	const engine = openEngine();
	const {demo, named} = engine;
	t.is(readStates(demo.world, named('test-fedora')).get('before-43/vda'), undefined);
	const {uuid: _, ...request} = repairRequest(await engine.findings('test-fedora'), 'backing-missing')!;
	await engine.execute(unwrap(await engine.plan('test-fedora', request)));
	const states = readStates(demo.world, named('test-fedora'));
	t.is(states.get('before-43/vda')?.length, 1);
	t.is(states.get('/vda')?.length, 2);
	const started = await demo.runner({argv: ['virsh', '-q', 'start', 'test-fedora'], where: 'here'});
	t.true(started.ok);
});

test('a leftover that came into use meanwhile is not removed', async t => {
	const engine = openEngine();
	const {demo} = engine;
	const {uuid: _, ...request} = repairRequest(await engine.findings('wiki'), 'orphan')!;
	const planned = unwrap(await engine.plan('wiki', request));
	await demo.runner({argv: ['qemu-img', 'create', '-q', '-f', 'qcow2', '-F', 'qcow2', '-b', `${images}/wiki-vda.try-2`, `${images}/clone.qcow2`], where: 'host'});
	const {outcome} = await engine.execute(planned);
	t.not(outcome.kind, 'done');
	t.true(demo.world.files.has(`${images}/wiki-vda.try-2`));
	t.true(blockersOf(await engine.plan('wiki', request)).length > 0);
});

test('a link without its format is refused as QEMU refuses it, and a header alone may name what is not there', async t => {
	const demo = openDemo();
	const overlay = `${images}/win-term-vda.before-patches`;
	t.is(
		await demo.failure(['qemu-img', 'rebase', '-u', '-f', 'qcow2', '-b', `${images}/x`, overlay]),
		`qemu-img: Could not change the backing file to '${images}/x': backing format must be specified\n`,
	);
	await demo.run(['qemu-img', 'rebase', '-u', '-f', 'qcow2', '-F', 'raw', '-b', '../it\'s.img', overlay]);
	t.deepEqual(demo.world.files.get(overlay)!.backing, {name: '../it\'s.img', format: 'raw'});
	t.is(
		await demo.failure(['qemu-img', 'rebase', '-f', 'qcow2', '-F', 'raw', '-b', `${images}/x`, overlay]),
		`qemu-img: Could not open '${overlay}': Could not open backing file: Could not open '/var/lib/libvirt/it's.img': No such file or directory\n`,
	);
});
