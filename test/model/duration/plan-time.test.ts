import test from 'ava';
import {expectedMs, kindOfCommand, type Sample} from '../../../source/model/duration/measured.ts';
import {describeTime, formatAbout, timeOf} from '../../../source/model/duration/plan-time.ts';
import type {Command, Plan, Step} from '../../../source/model/plan/plan.ts';

const virsh = (...words: string[]): Command => ({tool: 'virsh', argv: ['virsh', '-q', '-c', 'qemu:///system', ...words], files: []});
const destroy = virsh('destroy', '--domain', 'u');
const start = virsh('start', '--domain', 'u');
const commit: Command = {tool: 'qemu-img', argv: ['qemu-img', 'commit', '-q', '-d', '/a'], files: []};

const step = (command: Command, more: Partial<Step> = {}) => ({id: 'x', title: 'X', phase: 'switch', command, undo: [], doneWhen: {kind: 'never'}, whenStopped: '', ...more} satisfies Step);
const sample = (command: Command, durationMs: number, more: Partial<Sample> = {}): Sample => ({kind: kindOfCommand(command), domain: 'u', durationMs, ...more});

function planOf(steps: Step[], state: 'running' | 'shutoff' = 'running', endState?: 'running' | 'shutoff'): Plan {
	return {steps, consequences: [], action: {kind: 'revert', domain: {uuid: 'u', name: 'web'}}, targets: [{domain: {uuid: 'u', name: 'web'}, before: {state}, expected: {endState}}]} as unknown as Plan;
}

const measured = (...samples: Sample[]) => ({samples, around: [{action: 'revert', durationMs: 100}]});
const mib = 1024 * 1024;

test('commands of one kind have the same verb and the same options, whatever they name', t => {
	t.is(kindOfCommand(virsh('snapshot-create', '--domain', 'u', '--xmlfile', '/x', '--redefine')), kindOfCommand(virsh('snapshot-create', '--xmlfile', '/y', '--domain', 'v', '--redefine')));
	t.not(kindOfCommand(virsh('snapshot-create', '--domain', 'u', '--disk-only')), kindOfCommand(virsh('snapshot-create', '--domain', 'u', '--redefine')));
	t.is(kindOfCommand(virsh('suspend --domain u; resume --domain u')), 'virsh suspend');
	t.is(kindOfCommand({tool: 'qemu-img', argv: ['qemu-img', 'rebase', '-u', '/a'], files: []}), 'qemu-img rebase -u');
	t.is(kindOfCommand({tool: 'qmp', socketPath: '/s', execute: 'block-commit', arguments: {}, files: []}), 'qmp block-commit');
	t.is(kindOfCommand({tool: 'file', argv: ['/bin/rm', '--', '/a'], files: []}), 'rm');
});

test('a copy takes as long as its bytes at the measured speed, and at least as long as the shortest one', t => {
	const speed = measured(sample(commit, 10_000, {bytes: 1000 * mib}), sample(commit, 500, {bytes: mib}));
	t.is(expectedMs(step(commit, {copyBytes: 3000 * mib}), 'u', speed), 30_000);
	t.is(expectedMs(step(commit, {copyBytes: 10}), 'u', speed), 500);
});

test('small copies say nothing of a large one', t => {
	const small = measured(sample(commit, 500, {bytes: mib}), sample(commit, 700, {bytes: 2 * mib}));
	t.is(expectedMs(step(commit, {copyBytes: 2 * mib}), 'u', small), 700);
	t.is(expectedMs(step(commit, {copyBytes: 3 * mib}), 'u', small), undefined);
	t.is(expectedMs(step(commit, {copyBytes: 3 * mib}), 'u', measured()), undefined);
});

test('what depends on the size of a domain is expected of that domain alone', t => {
	const resume = virsh('restore', '--file', '/m');
	t.is(expectedMs(step(resume, {countsOnlyIfLogged: true}), 'u', measured(sample(resume, 9000, {domain: 'other'}))), undefined);
	t.is(expectedMs(step(resume, {countsOnlyIfLogged: true}), 'u', measured(sample(resume, 9000))), 9000);
	t.is(expectedMs(step(start), 'u', measured(sample(start, 900, {domain: 'other'}))), 900);
	t.is(expectedMs(step(start), 'u', measured(sample(start, 900, {domain: 'other'}), sample(start, 400))), 400);
});

const revert = planOf([step(commit), step(destroy, {doneWhen: {kind: 'domain-off', uuid: 'u'}}), step(start, {startsDomain: true})], 'running', 'running');
const all = measured(sample(commit, 5000), sample(destroy, 300), sample(start, 2500));

test('the time of a plan is that of its steps, with what goes by around them, and the guest is away from its end to its start', t => {
	t.deepEqual(timeOf(revert, all), {aboutMs: 8100, awayMs: 3000});
	t.is(describeTime({...revert, time: timeOf(revert, all)!}), 'about 8 s; the guest is off about 3 s of it, from step 2 to 3 of 3');
});

test('around the commands goes by what went by in actions of the same kind, else in any', t => {
	const around = [{action: 'create', durationMs: 900}, {action: 'revert', durationMs: 100}];
	t.is(timeOf(revert, {...all, around})?.aboutMs, 8100);
	t.is(timeOf(revert, {...all, around: around.slice(0, 1)})?.aboutMs, 10_500);
});

test('where one step was never measured nothing is said but what follows from the steps', t => {
	t.is(timeOf(revert, measured(sample(commit, 5000), sample(destroy, 300))), undefined);
	t.is(timeOf(revert, {...all, around: []}), undefined);
	t.is(describeTime(revert), 'seconds: no data is copied; the guest is off from step 2 to 3 of 3');
	t.is(describeTime(planOf([step(commit, {copyBytes: mib})])), 'the guest keeps running');
	t.is(describeTime(planOf([step(commit, {copyBytes: mib})], 'shutoff')), undefined);
	t.is(describeTime({...planOf([step(commit, {copyBytes: mib})]), consequences: [{severity: 'info', about: 'guest', saysItGoesOn: true, text: 'The guest keeps running.'}]}), undefined);
});

test('a pause in which nothing is copied is a moment, another has its place', t => {
	const flush = step(virsh('suspend --domain u; resume --domain u'), {guest: 'paused-meanwhile'});
	t.is(describeTime(planOf([step(commit, {copyBytes: mib}), flush])), 'the guest is paused for a moment');
	t.is(describeTime(planOf([step(commit), step(commit, {copyBytes: mib, guest: 'paused-meanwhile'})])), 'the guest is paused in step 2 of 2');
	t.is(describeTime(planOf([step(destroy, {doneWhen: {kind: 'domain-off', uuid: 'u'}})], 'running', 'shutoff')), 'seconds: no data is copied; the guest is off from step 1 on');
});

test('about how long is said with no more than two figures', t => {
	t.deepEqual([400, 1400, 61_000, 125_000, 7_000_000].map(ms => formatAbout(ms)), ['less than 1 s', 'about 1 s', 'about 61 s', 'about 2 min', 'about 2 h']);
});
