/**
What a command of the demo's virsh is, and what it is called with.
*/
import type {CommandFile} from '../../../../model/plan/plan.ts';
import {complain, firstOf, say, type Answer, type Copying, type Rows} from '../program.ts';
import type {DemoDomain, DemoWorld} from '../world.ts';
import {parseXml, type XmlNode} from '../xml-node.ts';
import type {ParsedOptions} from './words.ts';

/** The complaints of one command: each begins with what it failed to do, where virsh says that. */
type Replies = {
	refuse: (reason: string) => Answer;
	/** The first reason that holds; undefined: none does. */
	refuseFirst: (...rows: Rows) => Answer | undefined;
	/** Refuses where there is a reason; else acts. */
	settle: (reason: string | undefined, act?: () => void) => Answer;
};

export type VirshCall = ParsedOptions & Replies & {
	world: DemoWorld;
	/** The one that is named; there is none for commands about the whole host. */
	domain: DemoDomain;
	files: CommandFile[];
	/** Opened with `-r`. */
	isReadOnly: boolean;
};

export type VirshCommand = {
	/** See parseVirshOptions. */
	options: string;
	/** libvirt's function, where a connection opened with `-r` refuses it. Such a command changes something. */
	forbidden?: string;
	/** The one that refuses `--security-info` then. */
	secret?: string;
	/** What virsh says before the reason of a failure; `{domain}`, `{file}` … stand for what was given. */
	failure?: string;
	run: (call: VirshCall) => Answer | Copying;
};

/** virsh begins each line of a failure with `error: `. */
export function virshError(...lines: string[]): Answer {
	return complain(...lines.map(line => `error: ${line}`));
}

export function repliesOf(failure: string | undefined): Replies {
	const refuse = (reason: string) => virshError(...(failure === undefined ? [] : [failure]), reason);
	const settle: Replies['settle'] = (reason, act) => {
		if (reason !== undefined) {
			return refuse(reason);
		}

		act?.();
		return say();
	};

	return {refuse, refuseFirst: (...rows) => rows.some(([holds]) => holds) ? refuse(firstOf(...rows)!) : undefined, settle};
}

/** Acts on the document in the file that an option names. */
export function onDocument<T>(call: VirshCall, option: string, rootName: string, act: (xml: XmlNode) => T): Answer | T {
	const path = call.values.get(option)!;
	const text = call.files.find(file => file.path === path)?.text;
	if (text === undefined) {
		return virshError(`Failed to open file '${path}': No such file or directory`);
	}

	const xml = parseXml(text, rootName);
	return xml ? act(xml) : call.refuse(`(${rootName.replace('domain', 'domain_').replace(/_$/, '_definition')}):1: Extra content at the end of the document`);
}
