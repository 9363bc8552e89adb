/**
Work in a folder of backups without a screen: shown (`--dry-run`) or run (`--yes`).
*/
import {runFolderPlan} from '../../engine/folder/run-folder-plan.ts';
import {describeTaken} from '../../model/text/format.ts';
import {formatCommand} from '../../model/text/format-command.ts';
import {formatJson} from '../../model/text/visible-text.ts';
import type {FolderPlan} from '../../planner/folder/folder-plan.ts';
import {describeSpace} from '../../planner/storage/space.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from '../context.ts';

function show(context: CommandContext, {title, notes, steps, space}: FolderPlan): void {
	if (context.isJson) {
		sayJson(context, {title, notes, ...(space !== undefined && {space}), steps: steps.map(({title: step, command}) => ({title: step, argv: command.argv, input: command.input ?? null}))});
		return;
	}

	sayLines(context, [title, '', ...[...notes, ...(space === undefined ? [] : [describeSpace(space).text])].map(note => `  ${note}`), '', ...steps.flatMap((step, index) => [`${String(index + 1).padStart(2)}. ${step.title}`, `      ${formatCommand(step.command)}`])]);
}

/** Gives the exit code. */
export async function showOrRun(context: CommandContext, plan: FolderPlan, {mode, advice}: {mode: 'run' | 'show'; advice?: string}): Promise<number> {
	if (mode === 'show') {
		show(context, plan);
		return 0;
	}

	if (context.isReadOnly) {
		return sayFailure(context, {kind: 'read-only'});
	}

	const done = plan.steps.length === 0
		? undefined
		: await runFolderPlan(context.world, plan, {
			onStep({title}, {index, of}) {
				if (context.isJson) {
					context.writeOut(`${formatJson({kind: 'step-started', title, index, of})}\n`);
				} else {
					sayLines(context, [`${String(index + 1).padStart(2)}/${of} ${title}`]);
				}
			},
			interrupt: context.interrupt,
			...(advice !== undefined && {advice}),
		});
	if (done?.ok === false) {
		return sayFailure(context, done.failure);
	}

	const takenBytes = done?.value.takenBytes;
	if (context.isJson) {
		context.writeOut(`${formatJson({kind: 'finished', done: plan.done, ...(takenBytes !== undefined && {takenBytes})})}\n`);
	} else {
		sayLines(context, [`Done: ${plan.done}`, ...(takenBytes === undefined ? [] : [describeTaken(takenBytes)])]);
	}

	return 0;
}
