/**
Recorded answers, and a runner that gives them to exactly the commands that it was told of.
*/
import {fail, succeed} from '../../../source/model/result.ts';
import type {Failure} from '../../../source/model/failure.ts';
import type {Runner, RunRequest} from '../../../source/tools/run/run.ts';

export {readFixture as fixture} from '../../helpers/fixtures.ts';

/** A failure as the runner gives it for a program that said this on stderr. */
export function toolFailure(stderr: string, more: {exitCode?: number; timedOut?: boolean} = {}): Failure {
	return {kind: 'tool-failed', cause: {argv: ['virsh'], exitCode: more.exitCode ?? 1, timedOut: more.timedOut ?? false, stderr, durationMs: 1}};
}

type Said = {stdout?: string; stderr?: string; exitCode?: number};

/** `answer` is asked for each command; undefined fails the test. All requests are kept. */
export function fakeRunner(answer: (argv: string[], request: RunRequest) => Said | undefined): Runner & {requests: RunRequest[]} {
	const requests: RunRequest[] = [];
	const runner: Runner = async request => {
		requests.push(request);
		const said = answer(request.argv, request);
		if (said === undefined) {
			throw new Error(`Not expected: ${JSON.stringify(request.argv)}`);
		}

		const {stdout = '', stderr = '', exitCode = 0} = said;
		return exitCode === 0 || request.acceptedExitCodes?.includes(exitCode)
			? succeed({stdout, stderr, durationMs: 1})
			: fail({kind: 'tool-failed', cause: {argv: request.argv, exitCode, timedOut: false, stderr, durationMs: 1}});
	};

	return Object.assign(runner, {requests});
}
