import type {ScreenArguments} from './run-screen.tsx';

export async function runLinear(_: ScreenArguments): Promise<number> {
	return 0;
}
