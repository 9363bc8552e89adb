/**
Opens the world that the command line asked for: the demo host, or a machine. What the one needs is not loaded for the other.
*/
import process from 'node:process';
import type {GlobalOptions} from '../invocation.ts';
import {createLibvirtHost} from '../hosts/libvirt/host.ts';
import {succeed, type Result} from '../model/result.ts';
import {assemble, type OpenWorld} from './assemble.ts';

/** How long a changing command takes on the demo host, so that a person can watch it. */
const demoChangeMs = 150;

async function openDemo(options: GlobalOptions): Promise<OpenWorld> {
	// Loaded late, in a file of its own: nobody else needs it.
	const {createDemoHost} = await import('../hosts/demo/host.ts');
	const {runner, lines, store, monitors} = createDemoHost({now: () => new Date(), changeMs: process.stdout.isTTY ? demoChangeMs : 0});
	const host = createLibvirtHost({
		runner, lines, monitors, uri: 'demo:///system', isReadOnly: options.isReadOnly, hypervisor: 'demo',
	});
	return assemble(host, store, {isReadOnly: options.isReadOnly, readRemoteArgv: async () => succeed(undefined)});
}

/** Fails with `usage` for a URI that leads to no host of ours, and with `state-folder-unsafe`. Nothing is asked of the host yet. */
export async function openWorld(options: GlobalOptions): Promise<Result<OpenWorld>> {
	return options.isDemo ? succeed(await openDemo(options)) : (await import('./open-machine.ts')).openMachine(options);
}
