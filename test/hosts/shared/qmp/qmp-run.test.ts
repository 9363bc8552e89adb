import test, {type ExecutionContext} from 'ava';
import type {QmpCommand, QmpEnd} from '../../../../source/model/plan/plan.ts';
import {fail, succeed} from '../../../../source/model/result.ts';
import {createMonitors, type MonitorsOptions} from '../../../../source/hosts/shared/qmp/monitors.ts';
import {startFakeMonitor, type Answer, type FakeMonitor, type Received} from '../../../helpers/fake-monitor.ts';
import {readFixture} from '../../../helpers/fixtures.ts';

type Said = (received: Received, monitor: FakeMonitor) => Answer;

async function withMonitors(t: ExecutionContext, answer: Said, options: MonitorsOptions = {}) {
	const monitor = await startFakeMonitor(t, {answer});
	const monitors = createMonitors({greetingMs: 10_000, idleMs: 50, ...options});
	t.teardown(async () => monitors.close());
	const command = (execute: string, parameters: Record<string, unknown> = {}, until?: QmpEnd): QmpCommand =>
		({tool: 'qmp', socketPath: monitor.socketPath, execute, arguments: parameters, ...(until && {until}), files: []});
	return {monitor, monitors, command, executed: () => monitor.received.map(({execute}) => execute)};
}

/** Answers by the name of the command, each time with the next of what stands there; the last stays. */
function script(answers: Record<string, unknown[]>): Said {
	return ({execute}) => {
		const left = answers[execute];
		if (left === undefined) {
			return {return: {}};
		}

		const next = left.length > 1 ? left.shift() : left[0];
		return typeof next === 'object' && next !== null && 'error' in next && !('status' in next) ? next as Answer : {return: next};
	};
}

async function until(isTrue: () => boolean): Promise<void> {
	while (!isTrue()) {
		await new Promise(resolve => {
			setTimeout(resolve, 5);
		});
	}
}

const failedWith = (kind: string, words: Record<string, unknown>) => ({ok: false, failure: {kind, ...words}} as const);

test('the reply is the end of a command that says nothing else, and is the output', async t => {
	const {monitors, command} = await withMonitors(t, script({'query-status': [{status: 'running'}]}));
	t.like(await monitors.run(command('query-status')), {ok: true, value: {stdout: '{"status":"running"}\n', stderr: ''}});
});

test('a job is waited for until it has concluded, and is dismissed', async t => {
	const job = {id: 'j', type: 'snapshot-save'};
	const {monitors, command, executed} = await withMonitors(t, script({
		'query-jobs': [[], [{...job, status: 'running'}], [{id: 'other', status: 'concluded', error: 'no'}, {...job, status: 'running'}], [{...job, status: 'concluded'}]],
	}));
	t.true((await monitors.run(command('snapshot-save', {'job-id': 'j', tag: 't'}, {kind: 'job', id: 'j'}))).ok);
	t.deepEqual(executed(), ['query-jobs', 'snapshot-save', 'query-jobs', 'query-jobs', 'query-jobs', 'job-dismiss']);
});

test('a job that concludes with an error is a failure with its words, and is dismissed too', async t => {
	const {monitors, command, executed} = await withMonitors(t, script({'query-jobs': [[], [{id: 'j', status: 'concluded', error: 'No space left on device'}]]}));
	t.like(
		await monitors.run(command('snapshot-save', {'job-id': 'j'}, {kind: 'job', id: 'j'})),
		failedWith('qmp-failed', {command: 'snapshot-save', description: 'No space left on device'}),
	);
	t.is(executed().at(-1), 'job-dismiss');
});

test('a job that is to be gone is gone however it ended, and one that is not there is not spoken to', async t => {
	const cancel = {id: 'j'};
	for (const [jobs, expected] of [
		[[[]], ['query-jobs', 'query-jobs']],
		[[[{id: 'j', status: 'concluded', error: 'No space left on device'}], []], ['query-jobs', 'job-dismiss', 'query-jobs']],
		[[[{id: 'j', status: 'running'}], [{id: 'j', status: 'running'}], [{id: 'j', status: 'concluded', error: 'Operation canceled'}]], ['query-jobs', 'job-cancel', 'query-jobs', 'query-jobs', 'job-dismiss']],
	] as const) {
		const {monitors, command, executed} = await withMonitors(t, script({'query-jobs': [...jobs]}));
		t.true((await monitors.run(command('job-cancel', cancel, {kind: 'job-gone', id: 'j'}))).ok);
		t.deepEqual(executed(), [...expected]);
	}
});

test('a bitmap that its node does not have is not removed once more', async t => {
	const nodes = (...names: string[]) => [{'node-name': 'other', 'dirty-bitmaps': [{name: 'c1'}]}, {'node-name': 'n', 'dirty-bitmaps': names.map(name => ({name}))}];
	for (const [answers, expected] of [
		[[nodes('c2')], ['query-named-block-nodes', 'query-named-block-nodes']],
		[[nodes('c1', 'c2'), nodes('c2')], ['query-named-block-nodes', 'block-dirty-bitmap-remove', 'query-named-block-nodes']],
	] as const) {
		const {monitors, command, executed} = await withMonitors(t, script({'query-named-block-nodes': [...answers]}));
		t.true((await monitors.run(command('block-dirty-bitmap-remove', {node: 'n', name: 'c1'}, {kind: 'bitmap-gone', id: 'c1'}))).ok);
		t.deepEqual(executed(), [...expected]);
	}
});

test('a job that dismisses itself is known by its events', async t => {
	for (const [name, data, expected] of [
		['BLOCK_JOB_COMPLETED', {device: 'j'}, {ok: true}],
		['BLOCK_JOB_COMPLETED', {device: 'j', error: 'Input/output error'}, {ok: false, failure: {description: 'Input/output error'}}],
		['BLOCK_JOB_CANCELLED', {device: 'j'}, {ok: false, failure: {class: 'Cancelled'}}],
		['JOB_STATUS_CHANGE', {id: 'j', status: 'aborting'}, {ok: false, failure: {class: 'GenericError'}}],
		['BLOCK_JOB_COMPLETED', {device: 'another'}, {ok: false, failure: {description: 'there is no job "j", and it is not known how it ended'}}],
	] as const) {
		let isCompleting = false;
		const {monitors, command} = await withMonitors(t, ({execute}, monitor) => {
			if (execute === 'query-jobs' && isCompleting) {
				monitor.event(name, data);
			}

			isCompleting ||= execute === 'job-complete';
			return {return: execute === 'query-jobs' ? [] : {}};
		});
		t.like(await monitors.run(command('job-complete', {id: 'j'}, {kind: 'job', id: 'j'})), expected, name);
	}
});

test('a copy that the guest goes over to is noted when it is ready and before it is completed; without the note it is not', async t => {
	for (const noted of [succeed(undefined), fail({kind: 'state-folder', path: '/state', reason: 'full'})]) {
		let status: string | undefined;
		const {monitors, command, executed} = await withMonitors(t, ({execute}) => {
			status = new Map([['block-commit', 'running'], ['job-complete', 'concluded']]).get(execute) ?? status;
			const jobs = status === undefined ? [] : [{id: 'j', status}];
			status = status === 'running' && execute === 'query-jobs' ? 'ready' : status;
			return {return: execute === 'query-jobs' ? jobs : {}};
		});
		const notedAfter: string[][] = [];
		const result = await monitors.run(command('block-commit', {'job-id': 'j'}, {kind: 'job-pivot', id: 'j'}), {
			async onPivot() {
				t.is(status, 'ready');
				notedAfter.push(executed());
				return noted;
			},
		});
		t.is(result.ok, noted.ok);
		t.is(notedAfter.length, 1);
		t.false(notedAfter[0]!.includes('job-complete'));
		t.is(executed().includes('job-complete'), noted.ok);
	}
});

test('bitmaps that the guest takes along are made before it goes over; those of a run that was cut off are made anew, and where they cannot be made the guest stays', async t => {
	for (const isMade of [true, false]) {
		let status: string | undefined;
		const {monitors, command, executed} = await withMonitors(t, ({execute}) => {
			status = new Map([['block-commit', 'running'], ['job-complete', 'concluded']]).get(execute) ?? status;
			const jobs = status === undefined ? [] : [{id: 'j', status}];
			status = status === 'running' && execute === 'query-jobs' ? 'ready' : status;
			const answers: Record<string, unknown> = {'query-jobs': jobs, 'query-named-block-nodes': [{'node-name': 'base', 'dirty-bitmaps': [{name: 'c1'}]}, {'node-name': 'head', 'dirty-bitmaps': [{name: 'c2'}]}]};
			return execute === 'transaction' && !isMade ? {error: {class: 'GenericError', desc: 'no'}} : {return: answers[execute] ?? {}};
		});
		const bitmaps = ['c1', 'c2'].map(name => ({name, granularityBytes: 65_536, isNew: true, from: ['from-0']}));
		const nodes = {into: 'base', 'from-0': 'head'};
		const result = await monitors.run(command('block-commit', {'job-id': 'j', device: 'head', 'base-node': 'base'}, {kind: 'job-pivot', id: 'j', moved: {bitmaps, nodes, paths: {}}}));
		t.is(result.ok, isMade);
		const asked = executed().filter(execute => execute !== 'query-jobs');
		t.deepEqual(asked.slice(0, 5), ['block-commit', 'query-named-block-nodes', 'block-dirty-bitmap-remove', 'transaction', isMade ? 'job-complete' : 'job-cancel']);
	}
});

test('a job at work from a run that was cut off is waited for, not begun once more', async t => {
	const {monitors, command, executed} = await withMonitors(t, script({'query-jobs': [[{id: 'j', status: 'running'}], [{id: 'j', status: 'concluded'}]]}));
	t.true((await monitors.run(command('blockdev-create', {'job-id': 'j'}, {kind: 'job', id: 'j'}))).ok);
	t.deepEqual(executed(), ['query-jobs', 'query-jobs', 'job-dismiss']);
});

test('a job of this name that has concluded before is cleared away and proves nothing', async t => {
	const {monitors, command, executed} = await withMonitors(t, script({'query-jobs': [[{id: 'j', status: 'concluded'}], [{id: 'j', status: 'concluded'}]]}));
	t.true((await monitors.run(command('snapshot-save', {'job-id': 'j'}, {kind: 'job', id: 'j'}))).ok);
	t.deepEqual(executed(), ['query-jobs', 'job-dismiss', 'snapshot-save', 'query-jobs', 'job-dismiss']);
});

test('completing a job that has concluded already takes its end as it is', async t => {
	const {monitors, command, executed} = await withMonitors(t, script({'query-jobs': [[{id: 'j', status: 'concluded'}]]}));
	t.true((await monitors.run(command('job-complete', {id: 'j'}, {kind: 'job', id: 'j'}))).ok);
	t.deepEqual(executed(), ['query-jobs', 'query-jobs', 'job-dismiss']);
});

test('a copying job is done when it is ready, and an end before that is a failure', async t => {
	const running = {id: 'j', status: 'running'};
	const ready = await withMonitors(t, script({'query-jobs': [[], [running], [{id: 'j', status: 'ready'}]]}));
	t.true((await ready.monitors.run(ready.command('block-commit', {'job-id': 'j'}, {kind: 'job-ready', id: 'j'}))).ok);
	const broken = await withMonitors(t, script({'query-jobs': [[], [running], [{id: 'j', status: 'concluded', error: 'Input/output error'}]]}));
	t.like(
		await broken.monitors.run(broken.command('block-commit', {'job-id': 'j'}, {kind: 'job-ready', id: 'j'})),
		failedWith('qmp-failed', {description: 'Input/output error'}),
	);
	const gone = await withMonitors(t, script({'query-jobs': [[]]}));
	t.like(await gone.monitors.run(gone.command('block-commit', {'job-id': 'j'}, {kind: 'job-ready', id: 'j'})), failedWith('qmp-failed', {}));
});

test('a migration is done when it is completed and the domain has left finish-migrate', async t => {
	const {monitors, command, executed} = await withMonitors(t, script({
		'query-migrate': [{status: 'setup'}, {status: 'active'}, {status: 'completed'}],
		'query-status': [{status: 'finish-migrate'}, {status: 'postmigrate'}],
	}));
	t.true((await monitors.run(command('migrate', {uri: 'exec:cat'}, {kind: 'migration'}))).ok);
	t.is(executed().filter(name => name === 'query-migrate').length, 4);
});

test('a migration that fails or is cancelled is a failure with the reason', async t => {
	const failed = await withMonitors(t, script({'query-migrate': [{status: 'active'}, {status: 'failed', 'error-desc': 'Unable to write'}]}));
	t.like(await failed.monitors.run(failed.command('migrate', {}, {kind: 'migration'})), failedWith('qmp-failed', {description: 'Unable to write'}));
	const cancelled = await withMonitors(t, script({'query-migrate': [{status: 'cancelling'}, {status: 'cancelled'}]}));
	t.like(await cancelled.monitors.run(cancelled.command('migrate', {}, {kind: 'migration'})), failedWith('qmp-failed', {class: 'Cancelled'}));
});

test('cancelling goes over the connection of the migration that waits, and ends when that has', async t => {
	let status = 'active';
	const {monitors, command, monitor} = await withMonitors(t, ({execute}) => {
		if (execute === 'migrate_cancel') {
			status = 'cancelling';
			setTimeout(() => {
				status = 'cancelled';
			}, 60);
		}

		return {return: execute === 'query-migrate' ? {status, ram: {total: 100, remaining: 40}} : {}};
	});
	const running = monitors.run(command('migrate', {}, {kind: 'migration'}));
	await until(() => monitor.received.some(({execute}) => execute === 'query-migrate'));
	t.deepEqual(await monitors.readProgress({kind: 'qmp-migration', socketPath: monitor.socketPath}), {doneBytes: 60, totalBytes: 100});
	t.true((await monitors.run(command('migrate_cancel'))).ok);
	t.is(status, 'cancelled');
	t.like(await running, failedWith('qmp-failed', {class: 'Cancelled'}));
	t.is(monitor.connections(), 1);
});

test('work that takes longer than it may is stopped, and is a failure', async t => {
	let status = 'active';
	const {monitors, command, executed} = await withMonitors(t, ({execute}) => {
		if (execute === 'migrate_cancel') {
			status = 'cancelled';
		}

		return {return: execute === 'query-migrate' ? {status} : {}};
	});
	t.like(await monitors.run(command('migrate', {}, {kind: 'migration'}), {timeoutMs: 1000}), failedWith('qmp-failed', {class: 'TimedOut'}));
	t.is(executed().filter(name => name === 'migrate_cancel').length, 1);
});

test('reading memory ends when the domain leaves inmigrate, or fails when QEMU gives up', async t => {
	const good = await withMonitors(t, script({
		'query-status': [{status: 'inmigrate'}, {status: 'inmigrate'}, {status: 'paused'}], 'query-migrate': [{}, {status: 'active'}, {status: 'completed'}],
	}));
	t.true((await good.monitors.run(good.command('migrate-incoming', {uri: 'exec:cat'}, {kind: 'incoming'}))).ok);
	t.is(good.executed().filter(name => name === 'migrate-incoming').length, 1);
	const bad = await withMonitors(t, ({execute}, monitor) => {
		if (execute === 'migrate-incoming') {
			setImmediate(() => {
				void monitor.stop();
			});
		}

		return {return: execute === 'query-status' ? {status: 'inmigrate'} : {}};
	});
	t.like(await bad.monitors.run(bad.command('migrate-incoming', {}, {kind: 'incoming'})), failedWith('monitor-failed', {reason: 'closed'}));
});

test('quitting ends when the socket is served no more, and is done where it was not served before', async t => {
	const {monitors, command, monitor} = await withMonitors(t, ({execute}) => {
		if (execute === 'quit') {
			setTimeout(() => {
				void monitor.stop();
			}, 30);
		}

		return {return: {}};
	});
	t.true((await monitors.run(command('quit', {}, {kind: 'gone'}))).ok);
	t.true((await monitors.run(command('quit', {}, {kind: 'gone'}))).ok);
	t.like(await monitors.ask(monitor.socketPath, 'query-status'), failedWith('monitor-failed', {reason: 'not-listening'}));
});

test('a guest that does not switch itself off is a failure after the time given', async t => {
	const {monitors, command} = await withMonitors(t, () => ({return: {}}));
	t.like(await monitors.run(command('system_powerdown', {}, {kind: 'gone'}), {timeoutMs: 150}), failedWith('qmp-failed', {class: 'TimedOut'}));
});

test('the human monitor\'s complaint about savevm is a failure, what it says to others is not', async t => {
	const {monitors, command} = await withMonitors(t, () => ({return: 'Error: Device \'ide0\' is writable but does not support snapshots\r\n'}));
	t.like(
		await monitors.run(command('human-monitor-command', {'command-line': 'savevm "s1"'})),
		failedWith('qmp-failed', {description: 'Error: Device \'ide0\' is writable but does not support snapshots'}),
	);
	t.true((await monitors.run(command('human-monitor-command', {'command-line': 'info status'}))).ok);
});

test('QEMU that ends while work is waited for is a failure, never a hang', async t => {
	for (const [execute, end] of [['migrate', {kind: 'migration'}], ['snapshot-save', {kind: 'job', id: 'j'}], ['blockdev-mirror', {kind: 'job-ready', id: 'j'}]] as const) {
		let looks = 0;
		const {monitors, command} = await withMonitors(t, (received, monitor) => {
			if (received.execute === 'query-migrate' || received.execute === 'query-jobs') {
				looks++;
				if (looks === 4) {
					monitor.drop();
					return undefined;
				}
			}

			return {return: received.execute === 'query-jobs' ? (looks === 1 ? [] : [{id: 'j', status: 'running'}]) : {status: 'active'}};
		});
		t.like(await monitors.run(command(execute, {'job-id': 'j'}, end)), failedWith('monitor-failed', {reason: 'closed'}), execute);
	}
});

test('a connection is shared while it is used and let go soon after', async t => {
	const {monitors, monitor} = await withMonitors(t, () => ({return: {}}));
	await Promise.all(['a', 'b', 'c'].map(async name => monitors.ask(monitor.socketPath, name)));
	t.is(monitor.connections(), 1);
	// Another program gets the monitor once it is idle.
	const others = createMonitors({greetingMs: 10_000});
	t.true((await others.ask(monitor.socketPath, 'query-status')).ok);
	await others.close();
	t.true((await monitors.ask(monitor.socketPath, 'd')).ok);
	t.is(monitor.connections(), 3);
});

test('a QEMU that was started again is reached by the next question', async t => {
	const {monitors, monitor} = await withMonitors(t, () => ({return: {}}), {idleMs: 5000});
	t.true((await monitors.ask(monitor.socketPath, 'a')).ok);
	monitor.drop();
	await until(() => monitor.connections() === 1);
	// Until our side has noticed it too, a question may still go to the old connection.
	const deadline = Date.now() + 10_000;
	let isReached = false;
	while (!isReached && Date.now() < deadline) {
		isReached = (await monitors.ask(monitor.socketPath, 'b')).ok;
	}

	t.true(isReached);
	t.is(monitor.connections(), 2);
});

test('the progress of a copying job is told in bytes, of others not at all', async t => {
	const jobs = [
		{id: 'm', type: 'mirror', status: 'running', 'current-progress': 5, 'total-progress': 9},
		{id: 's', type: 'snapshot-save', status: 'running', 'current-progress': 0, 'total-progress': 1},
	];
	const {monitors, monitor} = await withMonitors(t, () => ({return: jobs}));
	const {socketPath} = monitor;
	t.deepEqual(await monitors.readProgress({kind: 'qmp-job', socketPath, id: 'm'}), {doneBytes: 5, totalBytes: 9});
	t.is(await monitors.readProgress({kind: 'qmp-job', socketPath, id: 's'}), undefined);
	t.is(await monitors.readProgress({kind: 'qmp-job', socketPath, id: 'none'}), undefined);
	t.is(await monitors.readProgress({kind: 'file-size', path: '/x', totalBytes: 1}), undefined);
});

test('a silent QEMU is asked for progress once, however often it is wanted', async t => {
	const {monitors, monitor} = await withMonitors(t, () => undefined);
	void monitors.readProgress({kind: 'qmp-migration', socketPath: monitor.socketPath});
	await until(() => monitor.received.length === 1);
	t.is(await monitors.readProgress({kind: 'qmp-migration', socketPath: monitor.socketPath}), undefined);
	t.is(monitor.received.length, 1);
});

/** What QEMU answered once, byte for byte but for the id. */
const recorded = (name: string) => readFixture(`qmp/${name}`);

async function withRecorded(t: ExecutionContext, names: Record<string, string[]>) {
	const monitor = await startFakeMonitor(t, {
		greeting: recorded('greeting.json'),
		answer(received, fake) {
			const left = names[received.execute];
			if (left === undefined) {
				return {return: {}};
			}

			fake.say(recorded((left.length > 1 ? left.shift() : left[0])!).replace('vsnap-1', received.id));
			return undefined;
		},
	});
	const monitors = createMonitors({idleMs: 50});
	t.teardown(async () => monitors.close());
	const command = (execute: string, parameters: Record<string, unknown> = {}, until?: QmpEnd): QmpCommand =>
		({tool: 'qmp', socketPath: monitor.socketPath, execute, arguments: parameters, ...(until && {until}), files: []});
	return {monitors, command, socketPath: monitor.socketPath};
}

test('recorded refusals of QEMU 7.2 keep their class and words', async t => {
	const {monitors, command} = await withRecorded(t, {'no-such-command': ['unknown-command.json'], 'blockdev-del': ['no-such-node.json'], broken: ['not-json.json']});
	t.like(await monitors.run(command('no-such-command')), failedWith('qmp-failed', {class: 'CommandNotFound', description: 'The command no-such-command has not been found'}));
	t.like(await monitors.run(command('blockdev-del')), failedWith('qmp-failed', {class: 'GenericError', description: 'Failed to find node with node-name=\'none\''}));
	t.like(await monitors.run(command('broken')), failedWith('monitor-failed', {reason: 'not-qmp'}));
});

test('recorded migrations of QEMU 7.2 end as they did', async t => {
	const migrate = async (last: string) => {
		const {monitors, command, socketPath} = await withRecorded(t, {
			'query-migrate': ['query-migrate-active.json', 'query-migrate-active.json', last],
			'query-status': ['query-status-postmigrate.json'],
		});
		const progress = await monitors.readProgress({kind: 'qmp-migration', socketPath});
		return {progress, result: await monitors.run(command('migrate', {}, {kind: 'migration'}))};
	};

	const {progress, result} = await migrate('query-migrate-completed.json');
	t.true(result.ok);
	t.deepEqual(progress, {doneBytes: 34_086_912 - 33_398_784, totalBytes: 34_086_912});
	t.like((await migrate('query-migrate-cancelled.json')).result, failedWith('qmp-failed', {class: 'Cancelled'}));
	t.like((await migrate('query-migrate-failed.json')).result, failedWith('qmp-failed', {description: 'Unable to write to command: Broken pipe'}));
});

test('a recorded job of QEMU 7.2 that failed tells why, and a recorded commit is ready', async t => {
	const job = await withRecorded(t, {'query-jobs': ['query-jobs-ready.json', 'query-jobs-failed.json']});
	t.like(
		await job.monitors.run(job.command('snapshot-save', {'job-id': 'vsnap-j'}, {kind: 'job', id: 'vsnap-j'})),
		failedWith('qmp-failed', {description: 'vmstate block device \'none\' does not exist'}),
	);
	const commit = await withRecorded(t, {'query-jobs': ['query-jobs-ready.json']});
	t.true((await commit.monitors.run(commit.command('block-commit', {'job-id': 'vsnap-c'}, {kind: 'job-ready', id: 'vsnap-c'}))).ok);
});

test('the recorded events of a commit that dismisses itself are its good end', async t => {
	let isCompleting = false;
	const {monitors, command} = await withMonitors(t, ({execute}, monitor) => {
		if (execute === 'query-jobs' && isCompleting) {
			monitor.say(recorded('commit-events.txt'));
		}

		isCompleting ||= execute === 'job-complete';
		return {return: execute === 'query-jobs' ? [] : {}};
	});
	t.true((await monitors.run(command('job-complete', {id: 'vsnap-c'}, {kind: 'job', id: 'vsnap-c'}))).ok);
});
