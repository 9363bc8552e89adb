import test from 'ava';
import {describeSnapshot, descriptionOf, nameWithAge} from '../../../source/model/text/describe-snapshot.ts';

const snapshot = {name: 's1', createdAt: Date.UTC(2026, 10, 20, 22, 15) / 1000, description: ' before the\nupgrade  of PHP '};
const now = Date.UTC(2026, 10, 27, 12) / 1000;

test('a snapshot is told by its name, its age and its description on one line', t => {
	t.is(descriptionOf(snapshot), 'before the upgrade of PHP');
	t.is(nameWithAge(snapshot, now), '"s1" of 2026-11-20 22:15 UTC (6 days ago)');
	t.is(describeSnapshot(snapshot, now), '"s1" of 2026-11-20 22:15 UTC (6 days ago): before the upgrade of PHP');
	t.is(describeSnapshot({...snapshot, description: ' \n'}, now), '"s1" of 2026-11-20 22:15 UTC (6 days ago)');
});
