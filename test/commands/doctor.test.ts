import test from 'ava';
import {commandContext, openDemo} from '../helpers/demo.ts';
import {unwrap} from '../helpers/unwrap.ts';
import {seeDoctor, type DoctorOptions} from '../../source/commands/doctor.ts';
import {parseArguments} from '../../source/arguments.ts';
import {addFile} from '../../source/hosts/demo/simulator/world.ts';

async function run(options: Partial<DoctorOptions>, {isJson = false, leftover = false} = {}): Promise<{exitCode: number; out: string; error: string; files: Set<string>}> {
	const {host, world} = openDemo();
	if (leftover) {
		addFile(world, {path: '/var/lib/libvirt/images/web-vda.1790000000', backing: {name: '/var/lib/libvirt/images/web-vda.qcow2', format: 'qcow2'}});
	}

	const {context, said} = commandContext(host, {isJson});
	const exitCode = await seeDoctor(context, {domain: undefined, repair: undefined, ...options});
	return {exitCode, ...said, files: new Set(world.files.keys())};
}

test('a healthy domain ends with 0, also where there is something to note', async t => {
	const {exitCode, out} = await run({domain: 'clone-b'});
	t.is(exitCode, 0, out);
	const noted = await run({domain: 'web'});
	t.is(noted.exitCode, 0);
	t.true(noted.out.includes('Info (native-delete)'));
});

test('findings end with 10, say what they mean, and name the command that mends them', async t => {
	const {exitCode, out} = await run({domain: 'web'}, {leftover: true});
	t.is(exitCode, 10);
	t.true(out.startsWith('web\n  Warning (orphan): Nothing needs /var/lib/libvirt/images/web-vda.1790000000 ('), out);
	t.true(out.includes('vsnap-tui doctor --repair orphan --dry-run web'));
});

test('as JSON it is a list of findings', async t => {
	const {exitCode, out} = await run({}, {isJson: true});
	t.is(exitCode, 10);
	const findings = JSON.parse(out) as Array<{kind: string; domain?: {name: string}}>;
	t.true(findings.some(({kind, domain}) => kind === 'backing-missing' && domain?.name === 'mail'));
});

test('the worst comes first: of all findings in the list, and as the first domain in the text, which names each domain once', async t => {
	const findings = JSON.parse((await run({}, {isJson: true})).out) as Array<{severity: 'problem' | 'warning' | 'info'}>;
	const places = findings.map(({severity}) => ['problem', 'warning', 'info'].indexOf(severity));
	t.deepEqual(places, places.toSorted((a, b) => a - b));
	t.is(new Set(places).size, 3);
	const headings = (await run({})).out.split('\n').filter(line => /^\S/.test(line));
	t.is(headings[0], 'mail');
	t.is(new Set(headings).size, headings.length, headings.join('\n'));
});

test('with a kind, the plan of its findings is shown, and run with --yes', async t => {
	const shown = await run({domain: 'web', repair: {kind: 'orphan', mode: 'show'}}, {leftover: true});
	t.is(shown.exitCode, 0, shown.error);
	t.true(shown.out.includes('rm -- /var/lib/libvirt/images/web-vda.1790000000'));
	t.true(shown.files.has('/var/lib/libvirt/images/web-vda.1790000000'));
	const done = await run({domain: 'web', repair: {kind: 'orphan', mode: 'run'}}, {leftover: true});
	t.is(done.exitCode, 0, done.error);
	t.false(done.files.has('/var/lib/libvirt/images/web-vda.1790000000'));
	t.is(shown.files.size - done.files.size, 1);
});

test('what no plan can mend is refused with the way by hand, and what is not found is no failure', async t => {
	const refused = await run({domain: 'mail', repair: {kind: 'backing-missing', mode: 'run'}});
	t.is(refused.exitCode, 3);
	t.true(refused.error.includes('qemu-img rebase -u'), refused.error);
	t.is((await run({domain: 'web', repair: {kind: 'orphan', mode: 'run'}})).exitCode, 0);
	t.is((await run({domain: 'nobody'})).exitCode, 3);
});

test('the command line knows the verb, and no other kinds than there are', t => {
	const parsed = unwrap(parseArguments(['doctor', '--repair', 'orphan', '--', '-x'], '1'));
	t.deepEqual(parsed.kind === 'invocation' && parsed.invocation, {verb: 'doctor', domain: '-x', repair: 'orphan'});
	t.deepEqual(unwrap(parseArguments(['doctor', '--mend', 'orphan', '--', '-x'], '1')), parsed, 'the name that it had before');
	t.false(parseArguments(['doctor', 'web', '--repair', 'everything'], '1').ok);
});
