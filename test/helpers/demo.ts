/**
The demo host at a fixed moment with its owner, and short ways to ask it.
*/
import type {CommandContext} from '../../source/commands/context.ts';
import type {Host} from '../../source/engine/ports.ts';
import {createDemoHost, type DemoHost} from '../../source/hosts/demo/host.ts';
import type {DemoDomain} from '../../source/hosts/demo/simulator/world.ts';
import {createLibvirtHost} from '../../source/hosts/libvirt/host.ts';
import type {CommandFile} from '../../source/model/plan/plan.ts';
import {succeed} from '../../source/model/result.ts';
import {createMemoryStore} from '../../source/tools/state/memory-store.ts';
import type {Runner} from '../../source/tools/run/run.ts';

export type Demo = DemoHost & {
	host: Host;
	named: (name: string) => DemoDomain;
	/** Standard output; throws with the tool's own words when it fails. */
	run: (argv: string[], files?: CommandFile[]) => Promise<string>;
	virsh: (...words: string[]) => Promise<string>;
	/** What the tool complains of; throws when it does not. */
	failure: (argv: string[], files?: CommandFile[]) => Promise<string>;
};

export const demoNow = new Date('2026-11-21T12:00:00Z');

/** `changeMs`: how long changes take, for tests that watch them; `through`: what the program asks in place of the host's runner. */
export function openDemo({now = demoNow, changeMs, isReadOnly = false, through = (runner: Runner) => runner}: {
	now?: Date;
	changeMs?: number;
	isReadOnly?: boolean;
	through?: (runner: Runner) => Runner;
} = {}): Demo {
	const demo = createDemoHost({now: () => now, changeMs});
	const ask = async (argv: string[], files?: CommandFile[]) => {
		const result = await demo.runner({argv, files, where: 'host'});
		if (result.ok) {
			return {stdout: result.value.stdout, stderr: undefined};
		}

		if (result.failure.kind !== 'tool-failed') {
			throw new Error(result.failure.kind);
		}

		return {stdout: '', stderr: result.failure.cause.stderr};
	};

	const run: Demo['run'] = async (argv, files) => {
		const {stdout, stderr} = await ask(argv, files);
		if (stderr !== undefined) {
			throw new Error(`${argv.join(' ')}: ${stderr}`);
		}

		return stdout;
	};

	return {
		...demo,
		host: createLibvirtHost({
			runner: through(demo.runner), lines: demo.lines, monitors: demo.monitors, uri: 'demo:///system', isReadOnly, hypervisor: 'demo',
		}),
		named: name => [...demo.world.domains.values()].find(domain => domain.name === name)!,
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

/** What a verb works with on a demo host, and what it has said. */
export function commandContext(host: Host, {isJson, isReadOnly = false, now = demoNow}: {isJson: boolean; isReadOnly?: boolean; now?: Date}): {context: CommandContext; said: {out: string; error: string}} {
	const clock = {now: () => now};
	const store = createMemoryStore();
	const said = {out: '', error: ''};
	return {
		said,
		context: {
			world: {
				host, store, clock, person: {user: 'root', from: undefined},
			},
			planning: {
				host, store, clock, nextId: () => 'p1',
			},
			isReadOnly,
			isJson,
			isAscii: false,
			interrupt: new AbortController().signal,
			readRemoteArgv: async () => succeed(undefined),
			writeOut(text) {
				said.out += text;
			},
			writeError(text) {
				said.error += text;
			},
		},
	};
}
