/**
`vsnap-tui doctor`: what is wrong with the host or a domain, what it means, and the way out. With `--repair KIND` the plan that mends what was found of
that kind is shown or run, like any other action.
*/
import {diagnose} from '../engine/doctor/diagnose.ts';
import {repairRequest} from '../engine/doctor/repair-request.ts';
import {isHealthy, type Finding, type FindingKind} from '../model/domain/finding.ts';
import {succeed, type Result} from '../model/result.ts';
import {exitCodes} from '../model/text/exit-codes.ts';
import {quoteForShell} from '../model/text/shell-quote.ts';
import {actOnDomain, type ActOptions} from './act.ts';
import {sayFailure, sayJson, sayLines, type CommandContext} from './context.ts';
import {findDomain} from './find-domain.ts';

export type DoctorOptions = {
	/** Undefined: the whole host. */
	domain: string | undefined;
	/** Undefined: only look. Needs a domain. */
	repair: {kind: FindingKind; mode: ActOptions['mode']; option?: 'fold'} | undefined;
};

const words = {problem: 'PROBLEM', warning: 'Warning', info: 'Info'};

/** The command that shows the plan; a name that begins with `-` would be taken for an option. */
function commandFor(kind: FindingKind, domain: string, option?: 'fold'): string {
	return `vsnap-tui doctor --repair ${kind}${option === undefined ? '' : ` --${option}`} --dry-run${domain.startsWith('-') ? ' --' : ''} ${quoteForShell(domain)}`;
}

function describe(finding: Finding): string[] {
	return [
		`  ${words[finding.severity]} (${finding.kind}): ${finding.text}`,
		`    ${finding.meaning}`,
		...(finding.remedy === undefined ? [] : [`    Manual fix: ${finding.remedy}`]),
		...(finding.request === undefined || finding.domain === undefined ? [] : [`    Plan a fix: ${commandFor(finding.kind, finding.domain.name)}`]),
		...(finding.otherWay === undefined || finding.domain === undefined
			? []
			: [`    The plan that ${finding.otherWay.words}: ${commandFor(finding.kind, finding.domain.name, finding.otherWay.option)}`]),
	];
}

/** By domain, the one with the worst finding first. */
function describeAll(findings: readonly Finding[]): string[] {
	const places = new Map<string, Finding[]>();
	for (const finding of findings) {
		const name = finding.domain?.name ?? 'The host';
		places.set(name, [...places.get(name) ?? [], finding]);
	}

	return [...places].flatMap(([name, found], index) => [...(index === 0 ? [] : ['']), name, ...found.flatMap(finding => describe(finding))]);
}

async function findUuid(context: CommandContext, name: string | undefined): Promise<Result<string | undefined>> {
	const domain = name === undefined ? undefined : await findDomain(context.world.host, name);
	return domain === undefined || domain.ok ? succeed(domain?.value.uuid) : domain;
}

async function repairFindings(context: CommandContext, given: {domain: string; findings: Finding[]; repair: NonNullable<DoctorOptions['repair']>}): Promise<number> {
	const {domain, findings, repair} = given;
	const ofKind = findings.filter(({kind}) => kind === repair.kind);
	if (ofKind.length === 0) {
		if (context.isJson) {
			sayJson(context, []);
		} else {
			sayLines(context, [`"${domain}" has no findings of the kind ${repair.kind}.`]);
		}

		return 0;
	}

	const request = repairRequest(ofKind, repair.kind, repair.option);
	return request === undefined
		? sayFailure(context, {
			kind: 'refused',
			blockers: ofKind.map(({text, remedy}) => ({kind: 'not-supported', text, ...(remedy !== undefined && {remedy})})),
		})
		: actOnDomain(context, {domain, given: request, mode: repair.mode});
}

/** Gives the exit code: 0 where nothing but notes is found, 10 where there is more; with `repair` that of the action. */
export async function seeDoctor(context: CommandContext, {domain, repair}: DoctorOptions): Promise<number> {
	const uuid = await findUuid(context, domain);
	if (!uuid.ok) {
		return sayFailure(context, uuid.failure);
	}

	const findings = await diagnose(context.world, {interrupt: context.interrupt, ...(uuid.value !== undefined && {uuid: uuid.value})});
	if (!findings.ok) {
		return sayFailure(context, findings.failure);
	}

	if (repair && domain !== undefined) {
		return repairFindings(context, {domain, findings: findings.value, repair});
	}

	if (context.isJson) {
		sayJson(context, findings.value);
	} else {
		sayLines(context, findings.value.length === 0
			? [domain === undefined ? 'Nothing is wrong on this host.' : `Nothing is wrong with "${domain}".`]
			: describeAll(findings.value));
	}

	return isHealthy(findings.value) ? exitCodes.done : exitCodes.findings;
}
