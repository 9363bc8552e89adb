import type {Result} from '../../source/model/result.ts';

/** What a function gives where it must not fail; throws the failure otherwise. */
export function unwrap<T>(result: Result<T>): T {
	if (!result.ok) {
		throw new Error(JSON.stringify(result.failure));
	}

	return result.value;
}
