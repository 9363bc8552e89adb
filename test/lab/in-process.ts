/**
The program's own engine on the lab's libvirt, within the test: for tests that act so often that starting a program each time would take too long.
*/
import {randomBytes} from 'node:crypto';
import process from 'node:process';
import {executePlan} from '../../source/engine/run/execute.ts';
import type {Outcome, RunEvent} from '../../source/engine/ports.ts';
import {prepareAction} from '../../source/engine/prepare.ts';
import type {Request} from '../../source/model/plan/request.ts';
import {createLibvirtHost} from '../../source/hosts/libvirt/host.ts';
import {createMonitors} from '../../source/hosts/shared/qmp/monitors.ts';
import {createLineWatcher, createLocalRunner} from '../../source/tools/run/run.ts';
import {createStateStore} from '../../source/tools/state/state-store.ts';
import type {LabDomain} from './domains.ts';
import {labEnvironment, labUri} from './settings.ts';

/** Plans the wish and runs the plan; gives how it ended. */
export async function act(domain: LabDomain, request: Request, onEvent: (event: RunEvent) => void = () => undefined): Promise<Outcome> {
	process.env.PATH = labEnvironment().PATH;
	const held = new Set<number>();
	const runner = createLocalRunner({inheritFds: () => [...held]});
	const host = createLibvirtHost({runner, lines: createLineWatcher(), uri: labUri, isReadOnly: false, hypervisor: 'libvirt', monitors: createMonitors()});
	const store = createStateStore({folderPath: domain.statePath, held});
	const clock = {now: () => new Date()};
	try {
		const plan = await prepareAction({host, store, clock, nextId: () => randomBytes(6).toString('hex')}, request);
		return plan.ok
			? await executePlan({host, store, clock, person: {user: 'lab', from: undefined}}, plan.value, {onEvent, interrupt: new AbortController().signal})
			: {kind: 'rolled-back', failure: plan.failure};
	} finally {
		await host.close();
	}
}
