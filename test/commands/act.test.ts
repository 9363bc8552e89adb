/** What an action on the command line says when it is done. */
import test from 'ava';
import {commandContext, openDemo} from '../helpers/demo.ts';
import {actOnDomain, type ActOptions} from '../../source/commands/act.ts';

async function act(given: ActOptions['given']): Promise<string[]> {
	const {context, said} = commandContext(openDemo().host, {isJson: false});
	const exitCode = await actOnDomain(context, {domain: 'web', mode: 'run', given, documentPath: undefined});
	return [...said.out.trim().split('\n'), `exit code ${exitCode}${said.error}`];
}

test('each snapshot that is gone is named with its age and description, after what was done', async t => {
	const out = await act({kind: 'delete', snapshot: 'before-upgrade', scope: 'with-children', isMetadataOnly: false});
	t.deepEqual(out.slice(out.findIndex(line => line.startsWith('Done: '))), [
		'Done: "before-upgrade" of "web" and its descendants are deleted.',
		'Deleted: "after-upgrade" of 2026-11-15 06:00 UTC (6 days ago): PHP 8.4: checkout is slow, see ticket 4711',
		'Deleted: "before-upgrade" of 2026-11-14 22:00 UTC (6 days ago): PHP 8.2 still in place. Do NOT delete before the audit',
		'6.2 GiB freed on the host.',
		'exit code 0',
	]);
});

test('where no snapshot goes, none is said to be deleted', async t => {
	const out = await act({kind: 'revert', snapshot: 's1', currentState: {kind: 'keep', name: 'k'}, endState: 'shutoff'});
	t.is(out.at(-1), 'exit code 0');
	t.false(out.some(line => line.startsWith('Deleted: ')));
});

test('the events of a run, as JSON, tell of steps, and leave the output of commands to the log', async t => {
	const {context, said} = commandContext(openDemo().host, {isJson: true});
	await actOnDomain(context, {domain: 'web', mode: 'run', given: {kind: 'rename', snapshot: 's1', name: 'n'}});
	const kinds = new Set(said.out.trim().split('\n').map(line => (JSON.parse(line) as {kind: string}).kind));
	t.true(kinds.has('step-done') && kinds.has('finished'));
	t.false(kinds.has('command-ran'));
});
