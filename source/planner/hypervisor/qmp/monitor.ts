/**
The monitor of a standalone QEMU, and what starts one.
*/
import type {BareFacts} from '../../../model/domain/inventory.ts';
import type {Command, QmpCommand, QmpEnd} from '../../../model/plan/plan.ts';
import {
	nameOfDrive, relaunchArgv, relaunchProblems, type Relaunch,
} from '../../../model/qemu/command-line.ts';
import {commandLineOf} from '../../../model/xml/bare-domain.ts';
import type {Site} from '../hypervisor.ts';

type Here = Pick<Site, 'inventory'>;

export function factsOf({inventory: {bare}}: Here): BareFacts {
	if (bare === undefined) {
		throw new Error('A command for standalone QEMU was requested for a domain that is not one.');
	}

	return bare;
}

function socketOf(site: Here, execute: string): string {
	const {socketPath} = factsOf(site);
	if (socketPath === undefined) {
		throw new Error(`${execute} was requested, but the domain has no monitor.`);
	}

	return socketPath;
}

/** Any command of the monitor. */
export function ask(site: Here, execute: string, parameters: Record<string, unknown> = {}, more: Pick<QmpCommand, 'until' | 'onlyIf' | 'nodes'> = {}): QmpCommand {
	return {tool: 'qmp', socketPath: socketOf(site, execute), execute, arguments: parameters, files: [], ...more};
}

/** A command, and its work until that end. */
export function askUntil(site: Here, execute: string, parameters: Record<string, unknown>, until: QmpEnd): QmpCommand {
	return {tool: 'qmp', socketPath: socketOf(site, execute), execute, arguments: parameters, until, files: []};
}

/** A QEMU that has ended meanwhile need not be asked. */
export function askIfAlive(site: Here & Pick<Site, 'uuid'>, execute: string, parameters?: Record<string, unknown>, more: Pick<QmpCommand, 'until' | 'nodes'> = {}): QmpCommand {
	return ask(site, execute, parameters, {...more, onlyIf: {kind: 'domain-active', uuid: site.uuid}});
}

export function startProblems(site: Here, definitionXml: string): string[] {
	const {socketPath, argvProblem} = factsOf(site);
	const argv = commandLineOf(definitionXml);
	if (socketPath === undefined) {
		return ['no monitor is known for it (--qmp NAME=SOCKET)'];
	}

	return argv === undefined
		? [argvProblem ?? 'the command line that QEMU was started with was not recorded']
		: [...relaunchProblems(argv, socketPath), ...(argvProblem === undefined ? [] : [argvProblem])];
}

/** Only after `startProblems` found none. */
export function relaunch(definitionXml: string, how: Relaunch): Command {
	const argv = relaunchArgv(commandLineOf(definitionXml) ?? [], how);
	if (!argv.ok) {
		throw new Error('A start was planned of a domain whose command line is not understood.');
	}

	return {tool: 'qemu', argv: argv.value, files: []};
}

/** What the monitor calls the drive with this image: the id of its backend, or the name of its node. */
export function deviceOf(definitionXml: string, {target, path}: {target: string; path: string}): string {
	return nameOfDrive(commandLineOf(definitionXml) ?? [], path) ?? target;
}
