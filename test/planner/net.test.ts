/**
Every plan for seeded hosts is what it was: `fixtures/plan-net.txt` holds a digest of the commands and one of the texts for each row. The fast tests plan the
first ten hosts, `npm run net` all three hundred. A change that is meant is written with `VSNAP_WRITE_NET=1 npm run net`, and the rows that differ are explained
in its commit.
*/
import {readFileSync, writeFileSync} from 'node:fs';
import process from 'node:process';
import test from 'ava';
import {fixturePath} from '../helpers/fixtures.ts';
import {netRows, type NetRow} from '../helpers/plan-net.ts';

const path = fixturePath('plan-net.txt');
const blocks = process.env.VSNAP_NET === undefined ? 1 : 30;

const format = ({name, commands, texts}: NetRow) => `${name}: ${commands} ${texts}`;

test('the commands and the texts of every plan are those that were written down', async t => {
	t.timeout(600_000);
	const rows: NetRow[] = [];
	for (let block = 0; block < blocks; block++) {
		rows.push(...await netRows(block));
	}

	if (process.env.VSNAP_WRITE_NET !== undefined) {
		writeFileSync(path, `${rows.map(row => format(row)).join('\n')}\n`);
	}

	const written = readFileSync(path, 'utf8').trimEnd().split('\n').filter(line => Number.parseInt(line, 10) < blocks);
	const digests = new Map(written.map(line => line.split(': ') as [string, string]));
	const changed = (part: 0 | 1) => rows.filter(({name, commands, texts}) => digests.get(name)?.split(' ')[part] !== [commands, texts][part]).map(({name}) => name);
	t.deepEqual(changed(0), [], 'rows whose commands changed');
	t.deepEqual(changed(1), [], 'rows whose texts changed');
	t.is(digests.size, rows.length);
});
