import {performance} from 'node:perf_hooks';
import test from 'ava';
import {rowFacts, totalOf} from '../../source/app/browse/row-facts.ts';
import {snapshotTable} from '../../source/ui/content/browse/snapshot-columns.ts';
import {linearPage, linearText} from '../../source/ui/content/linear.ts';
import {currentRows} from '../../source/app/browse/rows.ts';
import type {DomainDetails} from '../../source/model/domain/inventory.ts';
import {formatShortAge, formatShortBytes} from '../../source/model/text/format.ts';
import {fakeServices, uuidOf} from '../helpers/fake-services.ts';
import {press} from '../helpers/press.ts';
import {
	atWeb, frameOf, framesOf, plainTheme,
} from '../helpers/screen-harness.ts';

const mebibyte = 2 ** 20;

function web(): DomainDetails {
	return fakeServices().world.allDetails.find(({domain}) => domain.uuid === uuidOf(1))!;
}

test('each snapshot takes what the images take that it keeps, and the current state what it has written', t => {
	const details = web();
	const facts = rowFacts(details);
	t.deepEqual(details.snapshots.map(snapshot => totalOf(facts.sizesOf(snapshot))! / mebibyte), [4300, 812, 96, 402]);
	t.is(totalOf(facts.heads), 31 * mebibyte);
	t.is(facts.totalBytes, (4300 + 812 + 96 + 31 + 402) * mebibyte);
	t.deepEqual([...facts.wayToNow], ['s3', 's2', 's1']);
});

test('an image that is not there, or could not be read, has no size anywhere', async t => {
	for (const problem of [{kind: 'missing'}, {kind: 'unreadable', reason: 'not permitted'}] as const) {
		const brain = await atWeb();
		const details = brain.world.allDetails.find(({domain}) => domain.uuid === uuidOf(1))!;
		for (const image of details.images) {
			Object.assign(image, {allocatedBytes: 0, virtualSizeBytes: 0, format: undefined, problems: [problem]});
		}

		const facts = rowFacts({...details});
		t.deepEqual([...facts.heads, ...details.snapshots.flatMap(snapshot => [...facts.sizesOf(snapshot)])], []);
		t.deepEqual(details.snapshots.map(snapshot => facts.freesOf(snapshot)).filter(frees => frees !== undefined), []);
		await press(brain, 'R');
		for (const keys of [[], ['3'], ['i']]) {
			await press(brain, ...keys);
			for (const frame of [await frameOf(brain.state), linearText(linearPage(brain.state, plainTheme()), undefined, plainTheme())]) {
				t.notRegex(frame, /\b0 B\b|\b0 used| 0 {2}\S*\.qcow2/, frame);
			}
		}
	}
});

test('a delete frees at most what two images hold alike, all where nothing goes on from it, and nothing where several do', t => {
	const details = web();
	const frees = (name: string, given = details) => rowFacts(given).freesOf(given.snapshots.find(snapshot => snapshot.name === name)!);
	t.deepEqual(frees('s1'), {lines: 2});
	t.deepEqual(frees('s2'), {atLeast: 0, atMost: 96 * mebibyte});
	t.deepEqual(frees('s3'), {atLeast: 0, atMost: 31 * mebibyte});
	t.deepEqual(frees('try-php8'), {atLeast: 402 * mebibyte, atMost: 402 * mebibyte});
	// Of what others need, or two snapshots share, the images alone do not tell.
	t.is(frees('s2', {...details, foreignPins: [{
		path: '/var/lib/libvirt/images/web01.s1', label: 'other', hold: 'content', domainUuid: uuidOf(9), isIdle: true,
	} as unknown as DomainDetails['foreignPins'][number]]}), undefined);
	t.is(frees('s2', {...details, snapshots: [...details.snapshots, {...details.snapshots[1]!, name: 'twin'}]}), undefined);
});

test('sizes and ages in short', t => {
	t.deepEqual([0, 512, 819 * mebibyte, 1.04 * 1024 * mebibyte, 6.24 * 1024 * mebibyte, 9.99 * 1024 * mebibyte, 98 * 1024 * mebibyte, 1023.99 * mebibyte].map(bytes => formatShortBytes(bytes)), ['0', '512B', '819M', '1.0G', '6.2G', '10G', '98G', '1.0G']);
	t.deepEqual([0, 59, 60, 3599, 3600, 172_799, 172_800, 400 * 86_400, 1200 * 86_400].map(age => formatShortAge(0, age)), ['now', 'now', '1min', '59min', '1h', '47h', '2d', '400d', '3y']);
});

test('of a thousand domains with a thousand snapshots a key draws no more than is in sight', async t => {
	const brain = await atWeb({columns: 120, rows: 40});
	const details = web();
	const snapshots = Array.from({length: 1000}, (_, index) => ({...details.snapshots[0]!, name: `snapshot-${index}`, parent: index === 0 ? undefined : `snapshot-${index - 1}`, description: 'a night'}));
	const domains = Array.from({length: 1000}, (_, index) => ({uuid: uuidOf(index + 1000), name: `domain-${index}`, state: 'running' as const}));
	const uuid = uuidOf(1);
	brain.state = {
		...brain.state,
		domains: {...brain.state.domains, value: [...brain.state.domains.value!, ...domains]},
		allDetails: {[uuid]: {value: {...details, snapshots, currentSnapshot: 'snapshot-999'}, failure: undefined, waiting: undefined}},
	};
	t.is(currentRows(brain.state).length, 1001);
	const states = [brain.state];
	for (let key = 0; key < 20; key++) {
		brain.type('k');
		states.push(brain.state);
	}

	const table = () => snapshotTable({
		details: brain.state.allDetails[uuid]!.value!, rows: currentRows(brain.state), columns: 91, theme: plainTheme(), nowMs: 0, frees: () => undefined,
	});
	t.is(table().nameColumns, 'O snapshot-999'.length);
	// The first frame finds out how wide the columns are, the others know.
	const [first] = await framesOf(states.slice(0, 1));
	t.regex(first!, /\d+-\d+ of 1001/);
	const measure = () => {
		const startedMs = performance.now();
		for (let round = 0; round < 100; round++) {
			table();
		}

		return performance.now() - startedMs;
	};

	t.true(Math.min(measure(), measure(), measure()) < 50, 'a hundred tables take less than 50 ms');
});
