/**
The rest of the demo estate: machines without much of a history, and one with far too much of it.
*/
import type {DomainFacts, DomainStory, Happening} from './domain-story.ts';

const machines: DomainFacts[] = [
	{name: 'chat', description: 'Matrix', state: 'running', disks: [{gib: 40, used: 0.5}]},
	...['01', '02', '03', '04'].map((number): DomainFacts => ({
		name: `ci-runner-${number}`, description: 'Thrown away and rebuilt every Sunday', state: number === '04' ? 'shutoff' : 'running', memoryMiB: 8192, cpus: 4, disks: [{gib: 60, used: 0.15}],
	})),
	{name: 'dhcp', state: 'running', memoryMiB: 512, cpus: 1, disks: [{gib: 8, used: 0.2}]},
	{name: 'dns1', description: 'Unbound + NSD, primary', state: 'running', memoryMiB: 1024, cpus: 1, disks: [{gib: 8, used: 0.2}]},
	{name: 'dns2', description: 'Unbound + NSD, secondary', state: 'running', memoryMiB: 1024, cpus: 1, disks: [{gib: 8, used: 0.2}]},
	{name: 'grafana', state: 'running', disks: [{gib: 20, used: 0.3}]},
	{name: 'mon', title: 'Prometheus', state: 'running', agent: 'silent', disks: [{gib: 20}, {gib: 250, used: 0.5}]},
	{name: 'ntp', state: 'running', memoryMiB: 512, cpus: 1, disks: [{gib: 6, used: 0.2}]},
	{name: 'proxy', description: 'HAProxy in front of everything', state: 'running', disks: [{gib: 10, used: 0.25}]},
	{name: 'staging-web', description: 'Copy of web. Started on demand', memoryMiB: 4096, disks: [{gib: 40}]},
	{name: 'vpn', description: 'WireGuard', state: 'running', memoryMiB: 1024, cpus: 1, disks: [{gib: 8, used: 0.2, format: 'raw'}]},
	{name: 'win-ad', title: 'Domain controller', description: 'Windows Server 2022. Never roll back without asking Karin', state: 'running', memoryMiB: 8192, disks: [{gib: 80, used: 0.5}]},
];

/** A day or two ago somebody snapshotted these before the patches. */
const patched = new Set(['chat', 'dns1', 'proxy', 'vpn', 'staging-web']);

/** Somebody tried another backup program. */
const foreignBackups: Happening[] = [{checkpoint: 'virtnbdbackup.0', hoursAgo: 98}, {checkpoint: 'virtnbdbackup.1', hoursAgo: 74, parent: 'virtnbdbackup.0'}];

export const plainDomains = machines.map((facts, index): DomainStory => [
	facts,
	patched.has(facts.name) ? [{snapshot: 'before-patches', hoursAgo: 20 + index, description: 'monthly updates', gib: 0.3}] : (facts.name === 'grafana' ? foreignBackups : []),
]);

/** Sixty snapshots, deep and forked: each tenth one goes back by six. */
export const golden: DomainStory = [
	{name: 'ci-golden', description: 'The image that the runners are made of. One snapshot a night, and nobody ever deletes one', disks: [{gib: 40, used: 0.2}]},
	Array.from({length: 60}, (_, index) => index + 1).flatMap((number): Happening[] => {
		const hoursAgo = (61 - number) * 24;
		const night = {snapshot: nameOf(number), hoursAgo, gib: 0.2 + (number % 7) / 10};
		return number % 10 === 0
			? [{backTo: nameOf(number - 6), hoursAgo: hoursAgo + 1, gib: 0.1}, {...night, description: 'went back, the last nights were bad'}]
			: [night];
	}),
];

function nameOf(number: number): string {
	return `nightly-${String(number).padStart(3, '0')}`;
}
