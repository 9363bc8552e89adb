import test from 'ava';
import {readDisks} from '../../../source/hosts/demo/simulator/domain-xml.ts';
import {readChain} from '../../../source/hosts/demo/simulator/world.ts';
import {child, children, textAt} from '../../../source/hosts/demo/simulator/xml-node.ts';
import {openDemo} from '../../helpers/demo.ts';

const {world} = openDemo();
const domains = [...world.domains.values()];
const trouble = new Set(['mail', 'ldap', 'test-fedora']);

test('the estate has the size of a real shop, in all states', t => {
	t.true(domains.length >= 33 && domains.length <= 40);
	t.deepEqual(new Set(domains.map(({state}) => state)), new Set(['running', 'paused', 'shutoff']));
});

for (const domain of domains) {
	test(`the records of ${JSON.stringify(domain.name)} agree with its files`, t => {
		const missing: string[] = [];
		const look = (place: string | undefined) => {
			const found = place === undefined ? undefined : readChain(world, place).missing;
			if (found !== undefined) {
				missing.push(found);
			}
		};

		for (const disk of readDisks(domain.definition)) {
			look(disk.path);
		}

		for (const record of domain.snapshots.values()) {
			const parent = textAt(record, 'parent', 'name');
			t.true(parent === undefined || domain.snapshots.has(parent));
			for (const disk of readDisks(child(record, 'domain'))) {
				look(disk.path);
			}

			look(child(record, 'memory')?.attributes.file);
		}

		t.is(missing.length > 0, trouble.has(domain.name), `missing: ${missing.join(', ')}`);
		t.true(domain.snapshots.size === 0 || domain.snapshots.has(domain.currentSnapshot!));
	});
}

test('no two snapshots freeze one image, and none freezes a head', t => {
	const frozen = domains.flatMap(domain => [...domain.snapshots.values()]
		.filter(record => children(child(record, 'disks'), 'disk').some(disk => disk.attributes.snapshot === 'external'))
		.flatMap(record => {
			const taking = new Set(children(child(record, 'disks'), 'disk').filter(disk => disk.attributes.snapshot === 'external').map(disk => disk.attributes.name));
			return readDisks(child(record, 'domain')).filter(disk => taking.has(disk.target)).map(disk => disk.path!);
		}));
	const heads = domains.flatMap(domain => readDisks(domain.definition).filter(disk => disk.isWritable).map(disk => disk.path!));
	t.is(new Set(frozen).size, frozen.length);
	t.deepEqual(heads.filter(head => frozen.includes(head)), []);
	t.is(new Set(heads).size, heads.length);
});

test('the current snapshot of web names the images that web writes to', t => {
	const web = domains.find(({name}) => name === 'web')!;
	const overlays = children(child(web.snapshots.get(web.currentSnapshot!), 'disks'), 'disk').map(disk => child(disk, 'source')?.attributes.file);
	t.deepEqual(overlays, readDisks(web.definition).map(disk => disk.path));
});

test('web has a fork, db memory and checkpoints, legacy internal snapshots, ci-golden sixty', t => {
	const named = (name: string) => domains.find(domain => domain.name === name)!;
	const parents = [...named('web').snapshots.values()].map(record => `${textAt(record, 'parent', 'name') ?? ''}→${textAt(record, 'name')}`);
	t.deepEqual(parents, ['→s1', 's1→s2', 's2→s3', 's1→before-upgrade', 'before-upgrade→after-upgrade', 's1→hotfix']);
	t.deepEqual([...named('db').checkpoints.keys()], ['daily-1', 'daily-2', 'daily-3']);
	t.is([...world.files.values()].filter(file => file.kind === 'memory' && file.path.startsWith('/data/vm/db/')).length, 2);
	t.is(named('legacy').snapshots.size, 4);
	t.is(named('ci-golden').snapshots.size, 60);
});

test('two hosts share nothing', async t => {
	const first = openDemo();
	const second = openDemo();
	await first.virsh('destroy', 'web');
	t.is(await second.virsh('domstate', 'web'), 'running\n');
});
