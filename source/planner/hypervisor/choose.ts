/**
Who runs the domain. Nothing else in the planner and the actions tests which kind it is.
*/
import {targetOf, type Plan} from '../../model/plan/plan.ts';
import {qmpWords} from '../script/shell-qmp.ts';
import {virshWords} from '../script/shell-virsh.ts';
import type {Words} from '../script/words.ts';
import type {Hypervisor, Site} from './hypervisor.ts';
import {libvirtOf} from './libvirt/libvirt.ts';
import {qmpOf} from './qmp/qmp.ts';

export function hypervisorOf(site: Site): Hypervisor {
	return site.host.hypervisor === 'qemu' ? qmpOf(site) : libvirtOf(site);
}

/** Where a plan is for that is not for this host, and how it is recovered there. */
export function whereElse(plan: Plan): {place: string; remedy: string} {
	return targetOf(plan).hypervisor === 'qemu'
		? {place: 'a standalone QEMU', remedy: 'Recover it by its monitor: vsnap-tui recover --qmp NAME=SOCKET.'}
		: {place: `another host, ${plan.uri}`, remedy: 'Recover it there: vsnap-tui recover --connect URI.'};
}

/** For the shell script of a plan that is made. `remoteArgv`: `ssh … host`, where the images are on another machine. */
export function wordsOf(plan: Plan, remoteArgv: readonly string[] | undefined): Words {
	return targetOf(plan).hypervisor === 'qemu' ? qmpWords(plan) : virshWords(plan, remoteArgv);
}
