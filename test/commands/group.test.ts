/** One action on several domains without a screen, on the demo host: all refusals at once, plans, script, and the table. */
import test from 'ava';
import {actOnDomains} from '../../source/commands/group.ts';
import type {Plan} from '../../source/model/plan/plan.ts';
import {commandContext, openDemo} from '../helpers/demo.ts';

const create = (snapshot: string) => ({kind: 'create', snapshot, isDiskOnly: true} as const);

function scene(isJson = false) {
	const demo = openDemo();
	const {context, said} = commandContext(demo.host, {isJson});
	const act = async (mode: 'run' | 'show' | 'shell', others: string[], given: Parameters<typeof actOnDomains>[1]['given'] = create('grp')) => actOnDomains(context, {domain: 'web', given, mode, group: {others, ifOneFails: 'roll-back'}});
	return {demo, said, act};
}

test('all are done, and the table says so', async t => {
	const {said, act} = scene();
	t.is(await act('run', ['db', 'wiki']), 0);
	t.deepEqual(said.out.trim().split('\n').slice(-4).map(line => line.split(/ {2,}/).slice(0, 2)), [['DOMAIN', 'OUTCOME'], ['web', 'done'], ['db', 'done'], ['wiki', 'done']]);
});

test('each domain once, however often it is named', async t => {
	const {said, act} = scene(true);
	t.is(await act('show', ['db', 'web', 'db']), 0);
	const plans = JSON.parse(said.out) as Plan[];
	t.deepEqual(plans.map(({action: {domain}, others}) => [domain.name, others?.map(({name}) => name)]), [['web', ['db']], ['db', ['web']]]);
});

test('every domain that is refused says why, and nothing begins', async t => {
	const {said, act} = scene();
	t.is(await act('run', ['db', 'wiki'], {kind: 'revert', snapshot: 'tuning', currentState: {kind: 'discard'}, endState: 'shutoff'}), 3);
	t.regex(said.error, /^web: The domain "web" has no snapshot "tuning"/m);
	t.regex(said.error, /^wiki: The domain "wiki" has no snapshot "tuning"/m);
	t.notRegex(said.error, /^db:/m);
	t.is(said.out, '');
});

test('two that would work on the same file are refused', async t => {
	const {said, act} = scene();
	t.is(await act('run', ['wiki'], {...create('grp'), disks: [{target: 'vda', mode: 'external', path: '/var/lib/libvirt/images/same'}]}), 3);
	t.regex(said.error, /^web: .*\n- "wiki" works on \/var\/lib\/libvirt\/images\/same as well/m);
	t.regex(said.error, /^wiki: .*\n- "web" works on/m);
});

test('the script takes one after the other, each in a shell of its own', async t => {
	const {said, act} = scene();
	t.is(await act('shell', ['db']), 0);
	t.is(said.out.match(/^\) \|\| exit \$\?$/gm)?.length, 2);
	t.true(said.out.startsWith('#!/bin/sh\n# vsnap-tui: 2 domains'));
});
