/**
Programs that stand before the real ones in `PATH` and do mischief at one step of a plan. Which calls are the plan's own steps is told by their
command lines: the n-th step must come after the one before it, so everything that only looks at the world passes through untouched.
*/
import {writeFileSync} from 'node:fs';
import {
	access, chmod, mkdtemp, readFile, rm, writeFile,
} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type {ExecutionContext} from 'ava';
import type {Plan, Step} from '../../source/model/plan/plan.ts';
import {argvOf} from '../helpers/argv-of.ts';
import type {LabDomain} from './domains.ts';
import {
	endingOf, report, runProgram, type ProgramOptions,
} from './program.ts';
import {waitFor} from './run.ts';
import {domainPrefix, labEnvironment} from './settings.ts';

/** The plan of `revert … --dry-run --json`. */
export async function readPlan(domain: LabDomain, snapshot: string, flags: string[] = ['--discard']): Promise<Plan> {
	const result = await runProgram(domain, ['revert', ...flags, ...await endingOf(domain, snapshot, flags), '--dry-run', '--json', '--', domain.name, snapshot]);
	if (result.exitCode !== 0) {
		throw new Error(report(result));
	}

	return JSON.parse(result.stdout) as Plan;
}

export type Mischief = {
	/** Which step of the plan, from 0. */
	at: number;
	/**
	Shell code, run when the step's command is called. `$name` and `"$@"` are the command, `$program` is the process that called it, `$here` the shims'
	folder. Ends the shim, or lets it go on with the real command.
	*/
	script: string;
};

/** The three moments of a kill: the step has not begun; it goes on without its parent; it has taken effect and nobody was told. */
export const killMoments = {
	before: 'kill -9 "$program"; exit 1',
	during: 'kill -9 "$program"; "$name" "$@"; exit',
	after: '"$name" "$@"; code=$?; kill -9 "$program"; exit $code',
} as const;

export type KillMoment = keyof typeof killMoments;

export type Shims = {
	options: {env: {PATH: string}; onStart: (pid: number) => void};
	/** Files in it are `"$here"/…` for the script. */
	folder: string;
	/** How many steps have been called. */
	readReached(): Promise<number>;
	/** Waits until the mischief has ended, also when the program is gone; at once if its step was never called. */
	settle(): Promise<void>;
};

function quote(text: string): string {
	return `'${text.replaceAll('\'', '\'\\\'\'')}'`;
}

/** A pattern of the shell for a command line. The time in new names and dates and the plan's own folder differ from one planning to the next. */
function patternOf(step: Step, plan: Plan): string {
	const text = argvOf(step.command).join(' ').replaceAll(plan.id, '\0').replaceAll(/\d{8}-\d{6}(?:-\d+)?|(?<=@)\d{10}\b/g, '\0');
	return [...text].map(character => character === '\0' ? '*' : (/[\w/.-]/.test(character) ? character : `"${character.replaceAll(/["$\\`]/g, '\\$&')}"`)).join('');
}

function shimText(folder: string, realPath: string, plan: Plan): string {
	const cases = plan.steps.map((step, index) => `\t${index}) case "$2" in ${patternOf(step, plan)}) return 0 ;; esac ;;`);
	// A step with a condition is not called where that does not hold: the one after it may come next.
	const optional = plan.steps.flatMap((step, index) => step.command.onlyIf === undefined ? [] : [index]).join('|');
	return `#!/bin/sh
here=${quote(folder)}
PATH=${quote(realPath)}
export PATH
name=\${0##*/}
program=$(cat "$here/pid")
is_step() {
	case $1 in
${cases.join('\n')}
	esac
	return 1
}
may_be_left_out() {
	case $1 in
${optional === '' ? '' : `\t${optional}) return 0 ;;`}
	esac
	return 1
}
next=$(cat "$here/next")
while ! is_step "$next" "$name $*"; do
	may_be_left_out "$next" || { next=; break; }
	next=$((next + 1))
done
if [ -n "$next" ]; then
	echo $((next + 1)) > "$here/next"
	if [ "$next" = "$(cat "$here/at")" ]; then
		: > "$here/begun"
		trap ': > "$here/over"' EXIT
		. "$here/mischief"
	fi
fi
"$name" "$@"
exit
`;
}

/** Shims for each program that the plan names. They go away with the test. */
export async function makeShims(t: ExecutionContext, plan: Plan, mischief: Mischief): Promise<Shims> {
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}shims-`));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const realPath = labEnvironment().PATH!;
	const text = shimText(folder, realPath, plan);
	const programs = new Set(plan.steps.map(step => path.basename(argvOf(step.command)[0]!)));
	await Promise.all([...programs].map(async program => {
		await writeFile(path.join(folder, program), text);
		await chmod(path.join(folder, program), 0o755);
	}));
	await writeFile(path.join(folder, 'next'), '0');
	await writeFile(path.join(folder, 'at'), String(mischief.at));
	await writeFile(path.join(folder, 'mischief'), mischief.script);
	const isThere = async (name: string) => access(path.join(folder, name)).then(() => true, () => false);
	return {
		folder,
		options: {
			env: {PATH: `${folder}:${realPath}`},
			onStart(pid) {
				// At once: the program must not reach its first step before its number is known.
				writeFileSync(path.join(folder, 'pid'), String(pid));
			},
		},
		readReached: async () => Number(await readFile(path.join(folder, 'next'), 'utf8')),
		async settle() {
			if (await isThere('begun')) {
				await waitFor('the mischief has ended', async () => isThere('over'));
			}
		},
	};
}

/** A program called virsh that does something before the call for this domain's snapshot, and then is virsh. `mischief` gets the folder where `pid` holds the program's process id. */
export async function makeVirshBefore(t: ExecutionContext, domain: LabDomain, mischief: (folder: string) => string): Promise<ProgramOptions> {
	const folder = await mkdtemp(path.join(os.tmpdir(), `${domainPrefix}virsh-`));
	t.teardown(async () => rm(folder, {recursive: true, force: true}));
	const realPath = labEnvironment().PATH!;
	const text = `#!/bin/sh\nPATH='${realPath}'\nexport PATH\ncase "$*" in *" snapshot-create --domain ${domain.uuid} "*) ${mischief(folder)} ;; esac\nexec virsh "$@"\n`;
	await writeFile(path.join(folder, 'virsh'), text);
	await chmod(path.join(folder, 'virsh'), 0o755);
	return {
		env: {PATH: `${folder}:${realPath}`},
		onStart(pid) {
			writeFileSync(path.join(folder, 'pid'), String(pid));
		},
	};
}

/** Shell code that takes all the room that is left. */
export const fillUp = (folder: string): string => `dd if=/dev/zero of='${folder}/filler' bs=4k status=none 2>/dev/null`;
