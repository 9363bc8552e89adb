/**
One round of the doctor over a host, in a process of its own: how long it takes, for how long it lets nothing else come to its turn, and what it finds.

Usage: node --import=tsx bench/doctor-round.ts URI. Prints JSON.
*/
import {monitorEventLoopDelay, performance} from 'node:perf_hooks';
import process from 'node:process';
import {parseArguments} from '../source/arguments.ts';
import {diagnose} from '../source/engine/doctor/diagnose.ts';
import {openWorld} from '../source/worlds/open-world.ts';

const parsed = parseArguments(['doctor', '--read-only', '--connect', process.argv[2] ?? ''], '');
if (!parsed.ok || parsed.value.kind !== 'invocation') {
	throw new Error(JSON.stringify(parsed));
}

const opened = await openWorld(parsed.value.options);
if (!opened.ok) {
	throw new Error(JSON.stringify(opened.failure));
}

// Programs are loaded when they are first needed, and compiled here: that is not the doctor's.
await opened.value.world.host.readHost();
const delay = monitorEventLoopDelay({resolution: 1});
delay.enable();
const startedAt = performance.now();
const findings = await diagnose(opened.value.world);
const ms = performance.now() - startedAt;
delay.disable();
await opened.value.world.host.close();
if (!findings.ok) {
	throw new Error(JSON.stringify(findings.failure));
}

process.stdout.write(`${JSON.stringify({
	ms,
	longestMs: delay.max / 1e6,
	oftenMs: delay.percentile(99) / 1e6,
	peakBytes: process.resourceUsage().maxRSS * 1024,
	findings: findings.value.map(({kind, severity}) => `${severity} ${kind}`),
})}\n`);
