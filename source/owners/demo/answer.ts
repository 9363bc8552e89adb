/**
What a simulated program gives back.
*/
import type {CommandFile} from '../../model/plan/plan.ts';

export type Answer = {stdout: string; stderr: string; exitCode: number};

export function say(stdout: string): Answer {
	return {stdout, stderr: '', exitCode: 0};
}

/** Each line is given without its newline. */
export function complain(...lines: string[]): Answer {
	return {stdout: '', stderr: lines.map(line => `${line}\n`).join(''), exitCode: 1};
}

/** virsh begins each line of a failure with `error: `. */
export function virshError(...lines: string[]): Answer {
	return complain(...lines.map(line => `error: ${line}`));
}

/** The text of a file that a command reads by name. */
export function textOf(files: CommandFile[] | undefined, path: string): string | undefined {
	return files?.find(file => file.path === path)?.text;
}
