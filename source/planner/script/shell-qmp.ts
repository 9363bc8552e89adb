/**
What a shell script needs to do by hand what a plan does to a bare QEMU: speaking to its monitor with socat, and looking into the records instead of asking
virsh.
*/
import {posix} from 'node:path';
import {targetOf, type Plan, type Probe, type QmpCommand} from '../../model/plan/plan.ts';
import {formatCommandLine, quoteForShell} from '../../model/text/shell-quote.ts';

/** A path as a word of socat's own language. */
function socatPath(path: string): string {
	return path.replaceAll(/[\\,:!"'()[\]{} \n]/g, String.raw`\$&`);
}

/** A path as it stands in a record, whichever quotes are around it. */
function inRecord(path: string): string {
	const escaped = path.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;').replaceAll('\'', '&apos;');
	return formatCommandLine(['-e', `file="${escaped}"`, '-e', `file='${escaped}'`]);
}

const metadataOf = (plan: Plan) => targetOf(plan).metadataPath!;

/** One command to the monitor, to the end of its work. */
export function bareLine(command: QmpCommand): string {
	const {until} = command;
	const json = JSON.stringify({execute: command.execute, ...(Object.keys(command.arguments).length === 0 ? {} : {arguments: command.arguments})});
	return formatCommandLine(['monitor', socatPath(command.socketPath), json, until?.kind ?? 'reply', ...(until && 'id' in until ? [until.id] : [])]);
}

function isListening(plan: Plan): string {
	const {socketPath: socket} = targetOf(plan);
	return socket === undefined ? 'false' : `listening ${quoteForShell(socatPath(socket))}`;
}

function hasOpen(plan: Plan, path: string): string {
	const {socketPath: socket} = targetOf(plan);
	return socket === undefined ? 'false' : `say ${quoteForShell(socatPath(socket))} '{"execute":"query-block"}' | grep -qF -- ${quoteForShell(`": ${JSON.stringify(path)}`)}`;
}

/** Undefined: a question about files, which is the same for every owner. */
export function bareCondition(probe: Probe, plan: Plan): string | undefined {
	const record = (name: string) => formatCommandLine(['test', '-e', posix.join(metadataOf(plan), 'snapshots', `${name}.xml`)]);
	switch (probe.kind) {
		case 'domain-active':
		case 'domain-running':
		case 'memory-loaded': {
			return isListening(plan);
		}

		case 'domain-off': {
			return `! ${isListening(plan)}`;
		}

		case 'snapshot-exists': {
			return record(probe.name);
		}

		case 'snapshot-missing': {
			return `! ${record(probe.name)}`;
		}

		case 'checkpoint-exists': {
			return 'false';
		}

		case 'checkpoint-missing': {
			return 'true';
		}

		case 'head-is': {
			return hasOpen(plan, probe.path);
		}

		default: {
			return undefined;
		}
	}
}

/** The tests that come before anything else; `changed` says what is not as it was. */
export function bareFreshness(plan: Plan): string[] {
	const metadata = metadataOf(plan);
	const snapshots = quoteForShell(posix.join(metadata, 'snapshots'));
	const definition = quoteForShell(posix.join(metadata, 'domain.xml'));
	const {snapshotNames, currentSnapshot, heads} = targetOf(plan).before;
	return [
		`[ "$(ls -1 ${snapshots} 2>/dev/null | sed -n 's/\\.xml$//p' | sort)" = "$(printf '%s\\n' ${formatCommandLine(snapshotNames)} | sed '/^$/d' | sort)" ] || changed 'its snapshots'`,
		...(currentSnapshot === undefined ? [] : [`[ "$(cat ${snapshots}/current)" = ${quoteForShell(currentSnapshot)} ] || changed 'its current snapshot'`]),
		...heads.map(({path}) =>
			`if ${isListening(plan)}; then ${hasOpen(plan, path)}; else test ! -e ${definition} || grep -qF ${inRecord(path)} ${definition}; fi || changed 'its disks'`),
	];
}

/** What has to be true before anything is removed; `orElse`: what the shell does where it is not. */
export function bareProof(plan: Plan, orElse: string): string[] {
	const metadata = metadataOf(plan);
	const {expected} = targetOf(plan);
	return [
		...expected.heads.map(({path}) => `grep -qF ${inRecord(path)} ${quoteForShell(posix.join(metadata, 'domain.xml'))} || ${orElse}`),
		...(expected.currentSnapshot === undefined
			? []
			: [`[ "$(cat ${quoteForShell(posix.join(metadata, 'snapshots', 'current'))})" = ${quoteForShell(expected.currentSnapshot)} ] || ${orElse}`]),
	];
}

/** Whether no record needs the image, and no process has it open. */
export function bareUnused(path: string): string {
	return `unused ${inRecord(path)} && [ -z "$(find /proc/[0-9]*/fd -lname ${quoteForShell(path.replaceAll(/[*?[\]\\]/g, String.raw`\$&`))} 2>/dev/null)" ]`;
}

const unusedFunction = (recordsFolder: string) => [
	'# Fails, and says where, if the record of a bare domain, or what one of its snapshots kept, names the image.',
	'unused() {',
	`\tfind ${quoteForShell(recordsFolder)} -type f -name '*.xml' -exec sh -c 'record=$1; shift`,
	'\t\tsed -n "/<domain[ >]/,\\$p" "$record" | grep -qF "$@" && echo "$record still names it"\' sh {} "$@" \\; | grep . >&2 && return 1',
	'\treturn 0',
	'}',
];

const monitorFunctions = String.raw`
# The monitor of QEMU is spoken to with socat.
command -v socat >/dev/null || { echo 'this script needs socat' >&2; exit 1; }

listening() {
	socat -u /dev/null "UNIX-CONNECT:$1" 2>/dev/null
}

# say SOCKET JSON: prints the answer; fails if QEMU refuses or does not answer within a minute.
say() {
	answers=$(mktemp) || return 1
	{
		printf '%s\n' '{"execute":"qmp_capabilities"}' "$2"
		tries=0
		while [ "$(grep -c -E '^ *\{?"(return|error)":' "$answers")" -lt 2 ] && [ "$tries" -lt 600 ]; do
			sleep 0.1
			tries=$((tries + 1))
		done
	} | socat - "UNIX-CONNECT:$1" > "$answers" 2>/dev/null
	answer=$(grep -E '^ *\{?"(return|error)":' "$answers" | sed -n '2p')
	rm -f -- "$answers"
	printf '%s\n' "$answer"
	case $answer in *'"return":'*) return 0 ;; esac
	echo "QEMU said: $answer" >&2
	return 1
}

gone_node() {
	nodes=$(say "$1" '{"execute":"query-named-block-nodes"}') || return 1
	! printf '%s' "$nodes" | grep -qF "\"node-name\": \"$2\""
}

# monitor SOCKET JSON END [JOB]: a command, and its work until the end.
monitor() {
	[ "$3" != node-gone ] || ! gone_node "$1" "$4" || return 0
	say "$1" "$2" >/dev/null || return 1
	while :; do
		case $3 in
			reply) return 0 ;;
			node-gone) ! gone_node "$1" "$4" || return 0 ;;
			gone) listening "$1" || { sleep 1; return 0; } ;;
			incoming)
				state=$(say "$1" '{"execute":"query-status"}') || return 1
				case $state in *'"inmigrate"'*) ;; *) return 0 ;; esac ;;
			migration)
				state=$(say "$1" '{"execute":"query-migrate"}') || return 1
				case $state in
					*'"status": "completed"'*) return 0 ;;
					*'"status": "failed"'* | *'"status": "cancelled"'*) echo "$state" >&2; return 1 ;;
				esac ;;
			*)
				job=$(say "$1" '{"execute":"query-jobs"}' | grep -o '{[^{}]*}' | grep -F "\"id\": \"$4\"")
				case $job in
					'') return 1 ;;
					*'"status": "concluded"'*)
						say "$1" "{\"execute\":\"job-dismiss\",\"arguments\":{\"id\":\"$4\"}}" >/dev/null
						case $job in *'"error":'*) echo "$job" >&2; return 1 ;; esac
						return 0 ;;
					*'"status": "ready"'*)
						[ "$3" != job-ready ] || return 0
						[ "$3" != job-pivot ] || say "$1" "{\"execute\":\"job-complete\",\"arguments\":{\"id\":\"$4\"}}" >/dev/null ;;
				esac ;;
		esac
		sleep 0.2
	done
}`;

/** The functions that the lines above call. */
export function bareHeader(plan: Plan): string[] {
	return [
		...unusedFunction(posix.dirname(metadataOf(plan))),
		...(targetOf(plan).socketPath === undefined ? [] : monitorFunctions.split('\n')),
	];
}
