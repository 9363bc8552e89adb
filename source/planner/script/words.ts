/**
What a shell script says in other words to libvirt and to a standalone QEMU.
*/
import {quoteForShell} from '../../model/text/shell-quote.ts';
import type {Probe} from '../../model/plan/plan.ts';

/** A question about the domain and its records; the others are about files. */
export type DomainProbe = Extract<Probe, {kind: 'domain-active' | 'domain-running' | 'domain-off' | 'memory-loaded' | 'snapshot-exists' | 'snapshot-missing' | 'checkpoint-exists' | 'checkpoint-missing' | 'disk-records' | 'backup-active' | 'pool-active' | 'head-is'}>;

export type Words = {
	/** The functions that the lines below call. */
	functions: string[];
	condition: (probe: DomainProbe) => string;
	/** The tests that come before anything else; `changed` says what is not as it was. */
	freshness: string[];
	/** What has to be true before anything is removed; `orElse`: what the shell does where it is not. */
	proof: (orElse: string) => string[];
	/** Whether no definition and no record needs the image. */
	unused: (path: string) => string;
};

/** Arguments that let grep find any of these. */
export const anyOf = (texts: string[]) => texts.map(text => `-e ${quoteForShell(text)}`).join(' ');
