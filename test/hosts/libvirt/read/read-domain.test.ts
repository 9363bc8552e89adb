import test from 'ava';
import {openDemo} from '../../../helpers/demo.ts';
import {unwrap} from '../../../helpers/unwrap.ts';
import {readDomainRecords} from '../../../../source/hosts/libvirt/read/read-domain.ts';
import {createVirsh} from '../../../../source/hosts/libvirt/virsh.ts';
import type {Runner} from '../../../../source/tools/run/run.ts';

/** What is asked of virsh when the records of a domain of the demo are read. */
async function questionsFor(name: string, options: {withoutSizes?: boolean} = {}): Promise<string> {
	const demo = openDemo();
	const asked: string[] = [];
	const runner: Runner = async request => {
		asked.push(request.argv.join(' '));
		return demo.runner(request);
	};

	unwrap(await readDomainRecords(createVirsh({runner, uri: 'demo:///system', isReadOnly: false}), demo.named(name).uuid, {secrets: [], listedBefore: new Map(), ...options}));
	return asked.join('\n');
}

test('the current snapshot is asked for where there are snapshots: elsewhere virsh complains, and every question is asked once more', async t => {
	t.regex(await questionsFor('web'), /snapshot-current/);
	const demo = openDemo();
	const bare = [...demo.world.domains.values()].find(({snapshots}) => snapshots.size === 0)!;
	t.notRegex(await questionsFor(bare.name), /snapshot-current/);
});

test('snapshots that were listed before are asked for together with the list, and no more than those that are listed count', async t => {
	const demo = openDemo();
	const {uuid} = demo.named('web');
	const asked: string[] = [];
	const runner: Runner = async request => {
		asked.push(request.argv.join(' '));
		return demo.runner(request);
	};

	const virsh = createVirsh({runner, uri: 'demo:///system', isReadOnly: false});
	const listedBefore = new Map<string, readonly string[]>();
	const read = async () => {
		asked.length = 0;
		return unwrap(await readDomainRecords(virsh, uuid, {secrets: [], listedBefore}));
	};

	const first = await read();
	const firstAsked = asked.length;
	t.deepEqual(await read(), first);
	t.true(asked.length < firstAsked, asked.join('\n'));
	t.false(asked.slice(1).some(words => /snapshot-(?:dumpxml|current)/.test(words)));
	// One has gone since, and one that was there is not in the list of before.
	listedBefore.set(uuid, ['gone', first.snapshots[0]!.name]);
	t.deepEqual(await read(), first);
});

test('how much each checkpoint records is left out where it is not wanted', async t => {
	const demo = openDemo();
	const {name} = [...demo.world.domains.values()].find(({checkpoints, definition}) => checkpoints.size > 0 && definition !== undefined)!;
	t.regex(await questionsFor(name), /--size/);
	t.notRegex(await questionsFor(name, {withoutSizes: true}), /--size/);
});
