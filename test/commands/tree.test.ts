import test from 'ava';
import {commandContext, openDemo} from '../helpers/demo.ts';
import {showTree} from '../../source/commands/tree.ts';
import type {Host} from '../../source/engine/ports.ts';
import {fail, succeed} from '../../source/model/result.ts';

async function run(domain: string, {isJson = false, change = (host: Host) => host} = {}): Promise<{exitCode: number; out: string; error: string}> {
	const {context, said} = commandContext(change(openDemo().host), {isJson, isReadOnly: true});
	const exitCode = await showTree(context, domain);
	return {exitCode, ...said};
}

/** Another domain of the host has a record that cannot be read. */
const besideTornRecord = (host: Host): Host => ({
	...host,
	async readDetails(uuid, options) {
		const details = await host.readDetails(uuid, options);
		return details.ok ? succeed({...details.value, unreadableOthers: [{name: 'torn of mail', reason: 'it is cut off', remedy: 'look'}]}) : fail(details.failure);
	},
});

test('what cannot be read of other domains stands apart from the snapshots of this one', async t => {
	const {exitCode, out} = await run('web', {change: besideTornRecord});
	t.is(exitCode, 0);
	const [snapshots, rest] = out.split('\n\nImages (') as [string, string];
	t.true(snapshots.includes('Snapshots (6), times in UTC\n'), out);
	t.false(snapshots.includes('torn'));
	t.true(rest.endsWith('Not known to this program, because it cannot be read, is which of these images is also needed by:\n torn of mail: it is cut off\n'), out);
	const json = JSON.parse((await run('web', {change: besideTornRecord, isJson: true})).out) as {unreadable: unknown; unreadableOthers: unknown};
	t.deepEqual(json.unreadable, []);
	t.deepEqual(json.unreadableOthers, [{name: 'torn of mail', reason: 'it is cut off', remedy: 'look'}]);
});

test('a name that is nearly right leads to the domain', async t => {
	const {exitCode, error} = await run('we');
	t.is(exitCode, 3);
	t.is(error, 'There is no domain "we" on this host.\nDid you mean "web"?\n');
});

test('the state of a domain is told in the word of the screen, in JSON in that of libvirt', async t => {
	t.true((await run('mail')).out.startsWith('mail  off  '));
	t.is((JSON.parse((await run('mail', {isJson: true})).out) as {domain: {state: string}}).domain.state, 'shutoff');
});
