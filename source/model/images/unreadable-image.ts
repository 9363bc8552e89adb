/**
What to do about an image that does not open. Each cause has its own remedy: a file that may not be read is not lost, and one that is declared wrongly is whole.
*/
import {quoteForShell} from '../text/shell-quote.ts';
import type {Image, ImageProblem} from './image.ts';

type UnreadableProblem = ImageProblem & {kind: 'unreadable'};

/** For a user without rights. libvirt itself has them, so its own commands work. */
export const permissionRemedy = 'Run vsnap-tui as root (sudo), or as a user who may read these files. Without that, list, tree and log work, and so does virsh.';

/** A server that lets in one client at a time leaves the others without an answer. */
export const serverIsSilent = (afterMs: number): string => `no answer within ${afterMs / 1000} s`;

/** `holders`: labels of what needs it, or none. Sentences for people. */
export function describeUnreadable({path, format}: Image, {cause, reason}: UnreadableProblem): {text: string; remedy: string} {
	switch (cause) {
		case 'not-permitted': {
			return {text: `The image ${path} may not be opened by this user.`, remedy: permissionRemedy};
		}

		case 'loop': {
			return {
				text: `The backing files of ${path} form a loop: ${reason}.`,
				remedy: `Record the right backing file in its header: qemu-img rebase -u -f ${format ?? 'qcow2'} -F FORMAT -b RIGHT ${quoteForShell(path)}`,
			};
		}

		case 'other-format': {
			return {
				text: `The image ${path} is used as ${format ?? 'another format'}, but holds something else.`,
				remedy: 'Check its content (qemu-img info FILE), and correct its recorded format: virsh edit DOMAIN for a disk (<driver type=…>), qemu-img rebase -u -F FORMAT -b FILE OVERLAY for a backing file.',
			};
		}

		case 'server': {
			return {
				text: `The server of ${path} does not give the image: ${reason}`,
				remedy: 'Start the server, or let its other client go: it may take one at a time (qemu-nbd takes more with --shared). Then try again.',
			};
		}

		case undefined: {
			return {text: `The image ${path} cannot be opened: ${reason}`, remedy: `Inspect it with qemu-img info and qemu-img check ${quoteForShell(path)}; if it is damaged, restore it from a backup.`};
		}
	}
}
