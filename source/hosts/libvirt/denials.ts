/**
Whether libvirt failed because this user may not do it: such a host is not down, and the way on is another one. Seen with libvirt 9.0 and polkit 122.
*/
import type {Denial} from '../../model/failure.ts';
import type {Runner} from '../../tools/run/run.ts';

/** By what virsh said. */
export function denialIn(stderr: string): Denial | undefined {
	const [, path] = /Failed to connect socket to '([^']+)': Permission denied/.exec(stderr) ?? [];
	if (path !== undefined) {
		return {by: 'socket', path};
	}

	const [, action] = /no polkit agent available to authenticate action '([^']+)'/.exec(stderr) ?? [];
	if (action !== undefined) {
		return {by: 'polkit', action};
	}

	return /^error: access denied(?:: .*)?$/m.test(stderr) ? {by: 'access-control'} : undefined;
}

/** The same runner, whose failures of virsh say so. */
export function withDenials(runner: Runner): Runner {
	return async request => {
		const result = await runner(request);
		if (result.ok || result.failure.kind !== 'tool-failed' || request.argv[0] !== 'virsh') {
			return result;
		}

		const {cause} = result.failure;
		const denial = denialIn(cause.stderr);
		return denial === undefined ? result : {ok: false, failure: {...result.failure, cause: {...cause, denial}}};
	};
}
