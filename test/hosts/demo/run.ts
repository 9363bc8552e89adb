/**
A demo host at a fixed moment, and short ways to ask it.
*/
import {createDemoHost, type DemoHost} from '../../../source/hosts/demo/host.ts';
import type {CommandFile} from '../../../source/model/plan/plan.ts';

export type DemoShell = DemoHost & {
	/** Standard output; throws with the tool's own words when it fails. */
	run: (argv: string[], files?: CommandFile[]) => Promise<string>;
	virsh: (...words: string[]) => Promise<string>;
	/** What the tool complains of; throws when it does not. */
	failure: (argv: string[], files?: CommandFile[]) => Promise<string>;
};

export const demoNow = new Date('2026-11-21T12:00:00Z');

export function openDemo(): DemoShell {
	const host = createDemoHost({now: () => demoNow});
	const ask = async (argv: string[], files?: CommandFile[]) => {
		const result = await host.runner({argv, files, where: 'host'});
		if (result.ok) {
			return {stdout: result.value.stdout, stderr: undefined};
		}

		if (result.failure.kind !== 'tool-failed') {
			throw new Error(result.failure.kind);
		}

		return {stdout: '', stderr: result.failure.cause.stderr};
	};

	const run: DemoShell['run'] = async (argv, files) => {
		const {stdout, stderr} = await ask(argv, files);
		if (stderr !== undefined) {
			throw new Error(`${argv.join(' ')}: ${stderr}`);
		}

		return stdout;
	};

	return {
		...host,
		run,
		virsh: async (...words) => run(['virsh', '-q', '-c', 'qemu:///system', ...words]),
		async failure(argv, files) {
			const {stderr} = await ask(argv, files);
			if (stderr === undefined) {
				throw new Error(`${argv.join(' ')} did not fail`);
			}

			return stderr;
		},
	};
}
