/**
The words and the exit code of each failure. Exhaustive: a new kind does not compile until it has words.
*/
import {byKind} from '../by-kind.ts';
import type {Blocker, Denial, Failure, ToolFailure} from '../failure.ts';
import {quoteForShell} from './shell-quote.ts';
import {didYouMean} from './did-you-mean.ts';
import {listNames} from './list-names.ts';

type Description = {message: string; hint?: string};

/** QEMU's programs say so of an encrypted image. */
const secretHint = 'The secret does not open the image. Give it the right value (virsh secret-set-value), then try again.';

function describeTool(cause: ToolFailure): string {
	const end = cause.timedOut
		? `gave no answer within ${Math.round(cause.durationMs / 1000)} s`
		: (cause.signal === undefined
			? `ended with exit code ${cause.exitCode ?? 'unknown'}`
			: `was ended by ${cause.signal}`);
	const output = cause.stderr.trim();
	// virsh does not pass on why a job of QEMU's ended badly.
	const isJob = cause.argv.some(word => word === 'blockpull' || word === 'blockcommit');
	const silence = isJob && cause.exitCode !== undefined ? ', and QEMU\'s job gave no reason: most often the disk is full or failing' : '';
	const key = output.includes('Invalid password, cannot unlock any keyslot') ? `\n${secretHint}` : '';
	// One virsh is asked several things, with marks between the answers that are nobody's concern.
	const command = cause.argv.join(' ').replaceAll(/; echo vsnap-[\da-f]{24}(?=;|$)/g, '');
	return `${command.replace(/; $/, '')}\n${end}${output === '' ? silence : `:\n${output}`}${key}`;
}

const monitorHints = {
	'not-listening': 'Is the domain running, and was it started with -qmp unix:SOCKET,server=on,wait=off?',
	'not-permitted': 'Its owner, mostly the user whose QEMU it is, and root may use it.',
	'not-qmp': 'The socket has to be a monitor in control mode: -qmp unix:SOCKET,server=on,wait=off.',
	'no-answer': 'Is the process of the domain stopped, or its storage gone?',
	closed: 'Most often QEMU has ended: look at what it printed last.',
};

/** What helps a user who may not. `--read-only` has a socket of its own, which mostly everybody may open. */
function denialHint(denial: Denial): string {
	switch (denial.by) {
		case 'socket': {
			return `This user may not open ${denial.path}. Run it as root (sudo), or as a member of the socket's group, which mostly is libvirt (sudo usermod -aG libvirt USER, then log in anew). Without that, --read-only may do to look, and -c qemu:///session has domains of your own.`;
		}

		case 'polkit': {
			return `polkit asks for a password before it lets this user connect, which cannot be given here. Run it as root (sudo), or as a user whom a rule in /etc/polkit-1/rules.d allows ${denial.action}; libvirt's own rule allows it to the group libvirt. Without that, --read-only may do to look.`;
		}

		case 'access-control': {
			return 'libvirt is set up (access_drivers) to allow each user certain calls alone, and this is none of them. Run it as root (sudo), or have a polkit rule allow it: its actions are org.libvirt.api.*.';
		}
	}
}

function denialOf(failure: Failure): string | undefined {
	return failure.kind === 'tool-failed' && failure.cause.denial !== undefined ? denialHint(failure.cause.denial) : undefined;
}

function describeBlocker(blocker: Blocker): string {
	return `- ${blocker.text}${blocker.remedy === undefined ? '' : `\n  ${blocker.remedy}`}`;
}

const leadsOn = 'See vsnap-tui recover: finish it, roll it back, or give it up.';

/** What helps first, then the way out of an unfinished action where there is one. */
function leadOn({advice, hasJournal = true}: {advice?: string; hasJournal?: boolean}): string | undefined {
	return hasJournal && advice !== undefined ? `${advice} Then: ${leadsOn}` : (hasJournal ? leadsOn : advice);
}

const bullets = (findings: readonly string[]) => findings.map(finding => `- ${finding}`).join('\n');

/** What virsh or ssh said of it, without what every such message begins with; else how it ended. */
function whyUnreachable(cause: ToolFailure): string {
	const output = cause.stderr.split('\n').map(text => text.replace(/^error: /u, '').trim()).filter(text => text !== '' && text !== 'failed to connect to the hypervisor');
	return cause.timedOut || output.length === 0 ? describeTool(cause) : output.join('\n');
}

/** A name like the one that was typed, else the names that there are. */
function whatThereIs({name, known}: {name: string; known: readonly string[]}): string {
	return didYouMean(name, known) ?? `It has: ${listNames(known, 8)}.`;
}

/** The end of what was put back, and proven to be. */
function wayBack({left = [], aftermath = []}: {left?: readonly string[]; aftermath?: readonly string[]}): string {
	if (aftermath.length > 0) {
		return `Everything was rolled back. ${[...aftermath, ...left].join(' ')}`;
	}

	return left.length === 0 ? 'Everything is as before.' : `The domain, its snapshots and the content of every image are as before. ${left.join(' ')}`;
}

/** Message and hint for a person. Text from the host stands in it as it was: whoever prints it makes it harmless first. */
export const describeFailure: (failure: Failure) => Description = byKind({
	usage: failure => ({message: failure.message, hint: failure.hint ?? 'See vsnap-tui --help.'}),
	'host-unreachable': failure => ({
		message: `${failure.uri === 'default' ? 'The default host of libvirt' : `The host ${failure.uri}`} cannot be reached: ${whyUnreachable(failure.cause)}`,
		hint: failure.cause.denial === undefined ? 'Is libvirtd running there, and may you use it? Choose another host with --connect URI; --demo needs none.' : denialHint(failure.cause.denial),
	}),
	'domain-not-found': failure => ({
		message: `There is no domain "${failure.name}" on this host.`,
		hint: failure.known.length === 0 ? 'The host has no domains.' : whatThereIs(failure),
	}),
	'snapshot-not-found': failure => ({
		message: `The domain "${failure.domain}" has no snapshot "${failure.name}".`,
		hint: failure.known.length === 0 ? 'It has no snapshots.' : whatThereIs(failure),
	}),
	'checkpoint-not-found': failure => ({
		message: `The domain "${failure.domain}" has no checkpoint "${failure.name}".`,
		hint: failure.known.length === 0 ? 'It has no checkpoints.' : whatThereIs(failure),
	}),
	refused: failure => ({message: `Refused, and nothing was touched:\n${failure.blockers.map(blocker => describeBlocker(blocker)).join('\n')}`}),
	'tool-failed': failure => ({message: describeTool(failure.cause), hint: denialOf(failure)}),
	'qmp-failed': failure => ({message: `QEMU refused ${failure.command}: ${failure.description} (${failure.class})`}),
	'monitor-failed': failure => ({message: `The monitor ${failure.socketPath} ${failure.text}`, hint: monitorHints[failure.reason]}),
	unreadable: failure => ({message: `${failure.what} cannot be read: ${failure.reason}`}),
	busy: failure => ({
		message: `${failure.what} is busy${failure.holder === undefined ? '' : `: ${failure.holder}`}.`,
		hint: failure.remedy ?? 'Wait until the other run has ended, then try again.',
	}),
	'host-changed': failure => ({
		message: `The host changed since the plan was made (${listNames(failure.changed, 8)}). Nothing was touched.`,
		hint: 'Make a new plan and read it.',
	}),
	'step-failed': failure => ({
		message: `Failed: ${failure.title}\n${describeFailure(failure.cause).message}\n${failure.rolledBack
			? wayBack(failure)
			: `Not everything could be rolled back: ${failure.notUndone.join(', ')}.`}`,
		hint: failure.rolledBack ? failure.advice ?? denialOf(failure.cause) : leadOn(failure),
	}),
	'not-proven': failure => ({
		message: `The result is not what was planned:\n${bullets(failure.findings)}\n${failure.rolledBack ? wayBack(failure) : 'Nothing was removed.'}`,
		hint: failure.rolledBack ? undefined : leadsOn,
	}),
	'other-failed': failure => failure.rolledBack
		? {message: failure.hasBegun ? `Rolled back, because the action failed on "${failure.domain}". ${wayBack(failure)}` : `Not begun, because the action failed on "${failure.domain}".`}
		: {message: `It was to be rolled back, because the action failed on "${failure.domain}". Not everything could be: ${failure.notUndone.join(', ')}.`, hint: leadsOn},
	interrupted: failure => ({
		message: `Interrupted by ${failure.signal}. ${failure.rolledBack ? wayBack(failure) : 'Not everything could be rolled back.'}`,
		hint: failure.rolledBack ? failure.advice : leadOn(failure),
	}),
	'file-stays': failure => ({message: `${failure.path} stays: ${failure.reason}.`, hint: leadsOn}),
	'not-as-before': failure => ({
		message: `Everything was undone, but not everything is as before:\n${bullets(failure.findings)}`,
		hint: `${leadsOn} vsnap-tui doctor ${quoteForShell(failure.domain)} checks what is wrong.`,
	}),
	'put-back-but-off': failure => ({
		message: `"${failure.domain}" was rolled back, but the domain is off: ${describeFailure(failure.cause).message}`,
		hint: failure.advice ?? 'Other actions are possible. Start it once that is fixed.',
	}),
	'request-kept': failure => ({
		message: `What was half done on "${failure.domain}" is rolled back. Still to be done again: ${failure.request}.\n${describeFailure(failure.cause).message}`,
		hint: `vsnap-tui recover --roll-forward tries again, vsnap-tui recover --give-up ${quoteForShell(failure.domain)} forgets it.`,
	}),
	'host-not-understood': failure => ({
		message: `${failure.what} is not understood: ${failure.reason}.`,
		hint: 'It may be another program or an unknown version. Nothing was changed because of it.',
	}),
	'read-only': () => ({message: 'This session is read-only: no plan can be run.', hint: 'Start again without --read-only.'}),
	'state-folder': failure => ({
		message: `The private folder ${failure.path} cannot be used: ${failure.reason}`,
		hint: 'Without a journal nothing is changed. Free some space there or correct its permissions.',
	}),
	'state-folder-unsafe': failure => ({message: `The private folder ${failure.path} is not safe: ${failure.reason}.`, hint: failure.remedy}),
	'files-elsewhere': failure => ({message: `Refused, and nothing was touched: ${failure.text}`, hint: failure.remedy}),
	'recovery-refused': failure => ({message: failure.reason, hint: failure.remedy}),
});
