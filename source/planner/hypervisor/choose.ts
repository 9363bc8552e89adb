/**
Who runs the domain. Nothing else in the planner and the actions tests which kind it is.
*/
import type {Hypervisor, Site} from './hypervisor.ts';
import {libvirtOf} from './libvirt.ts';
import {qmpOf} from './qmp.ts';

export function hypervisorOf(site: Site): Hypervisor {
	return site.host.owner === 'qemu' ? qmpOf(site) : libvirtOf(site);
}
