/**
What a command of the demo's virsh is, and what it is called with.
*/
import type {CommandFile} from '../../model/plan/plan.ts';
import type {Answer} from './answer.ts';
import type {Copying} from './copying.ts';
import type {OptionSpec, ParsedOptions} from './virsh-words.ts';
import type {DemoDomain, DemoWorld} from './world.ts';

export type VirshCall = {
	world: DemoWorld;
	options: ParsedOptions;
	files: CommandFile[];
	/** Opened with `-r`. */
	isReadOnly: boolean;
};

export type VirshCommand = {
	options: OptionSpec[];
	/** libvirt's function, where a connection opened with `-r` refuses it. */
	forbiddenReadOnly?: {call: string; prefix?: string};
} & (
	| {run: (call: VirshCall) => Answer | Copying}
	| {runOnDomain: (call: VirshCall, domain: DemoDomain) => Answer | Copying}
);
