/**
What a shell script asks a standalone QEMU and its records: the monitor with socat, the records with grep.
*/
import {posix} from 'node:path';
import {movingBitmaps} from '../../model/plan/carry-bitmaps.ts';
import {targetOf, type Plan, type QmpCommand} from '../../model/plan/plan.ts';
import {formatCommandLine, quoteForShell} from '../../model/text/shell-quote.ts';
import {escapeAttribute} from '../../model/xml/change-xml.ts';
import {sourceAttributes} from '../storage/storage.ts';
import {anyOf, type DomainProbe, type Words} from './words.ts';

/** A path as a word of socat's own language. */
function socatPath(path: string): string {
	return path.replaceAll(/[\\,:!"'()[\]{} \n]/g, String.raw`\$&`);
}

/** A path as it stands in a record, whichever quotes are around it. */
const inRecord = (path: string) => anyOf(sourceAttributes.flatMap(attribute => [`${attribute}="${escapeAttribute(path)}"`, `${attribute}='${escapeAttribute(path)}'`]));

/** What is said before a job is completed or finalized. */
function movingOf({until}: QmpCommand): string[] {
	const moved = until !== undefined && 'moved' in until ? until.moved : undefined;
	return moved === undefined ? [] : [JSON.stringify({execute: 'transaction', arguments: movingBitmaps(moved)})];
}

/** One command to the monitor, to the end of its work. */
export function monitorLine(command: QmpCommand): string {
	const {until} = command;
	const json = JSON.stringify({execute: command.execute, ...(Object.keys(command.arguments).length === 0 ? {} : {arguments: command.arguments})});
	return formatCommandLine(['monitor', socatPath(command.socketPath), json, until?.kind ?? 'reply', ...(until && 'id' in until ? [until.id] : []), ...movingOf(command)]);
}

const unusedFunction = (recordsFolder: string) => [
	'# Fails, and says where, if the record of a standalone domain, or of one of its snapshots, names the image.',
	'unused() {',
	`\tfind ${quoteForShell(recordsFolder)} -type f -name '*.xml' -exec sh -c 'record=$1; shift`,
	'\t\tsed -n "/<domain[ >]/,\\$p" "$record" | grep -qF "$@" && echo "$record still names it"\' sh {} "$@" \\; | grep . >&2 && return 1',
	'\treturn 0',
	'}',
];

const monitorFunctions = String.raw`
# It talks to QEMU's monitor with socat.
reach -V >/dev/null || { echo 'this script needs socat, where the socket is' >&2; exit 1; }

listening() {
	reach -u /dev/null "UNIX-CONNECT:$1" 2>/dev/null
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
	} | reach - "UNIX-CONNECT:$1" > "$answers" 2>/dev/null
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

# Dismisses the job if it has concluded.
gone_job() {
	job=$(say "$1" '{"execute":"query-jobs"}' | grep -o '{[^{}]*}' | grep -F "\"id\": \"$2\"")
	case $job in
		'') return 0 ;;
		*'"status": "concluded"'*) say "$1" "{\"execute\":\"job-dismiss\",\"arguments\":{\"id\":\"$2\"}}" >/dev/null ;;
		*) return 1 ;;
	esac
}

gone_bitmap() {
	nodes=$(say "$1" '{"execute":"query-named-block-nodes"}') || return 1
	! printf '%s' "$nodes" | grep -qF "\"name\": \"$2\""
}

# monitor SOCKET JSON END [JOB [JSON]]: a command, and its work until the end; the second one is sent when a job is ready, or waits to be finalized.
monitor() {
	carry=
	[ $# -lt 5 ] || carry=$5
	case $3 in
		node-gone) ! gone_node "$1" "$4" || return 0 ;;
		job-gone) ! gone_job "$1" "$4" || return 0 ;;
		bitmap-gone) ! gone_bitmap "$1" "$4" || return 0 ;;
		gone) listening "$1" || return 0 ;;
	esac
	say "$1" "$2" >/dev/null || return 1
	while :; do
		case $3 in
			reply) return 0 ;;
			node-gone) ! gone_node "$1" "$4" || return 0 ;;
			job-gone) ! gone_job "$1" "$4" || return 0 ;;
			bitmap-gone) ! gone_bitmap "$1" "$4" || return 0 ;;
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
					*'"status": "pending"'*)
						if [ -n "$carry" ]; then
							say "$1" "$carry" >/dev/null || return 1
							carry=
							say "$1" "{\"execute\":\"job-finalize\",\"arguments\":{\"id\":\"$4\"}}" >/dev/null || return 1
						fi ;;
					*'"status": "ready"'*)
						[ "$3" != job-ready ] || return 0
						[ "$3" != job-pivot ] || [ -z "$carry" ] || say "$1" "$carry" >/dev/null || return 1
						carry=
						[ "$3" != job-pivot ] || say "$1" "{\"execute\":\"job-complete\",\"arguments\":{\"id\":\"$4\"}}" >/dev/null ;;
				esac ;;
		esac
		sleep 0.2
	done
}`;

const usesMonitor = ({steps}: Plan) => steps.some(({command, undo}) => [command, ...undo ?? []].some(({tool}) => tool === 'qmp'));

/** Also a domain of libvirt's may need them, where a program of our own copies its disks. */
export const monitorFunctionsFor = (plan: Plan, remoteArgv?: readonly string[]): string[] => targetOf(plan).socketPath !== undefined || usesMonitor(plan)
	? ['', `reach() { ${formatCommandLine([...remoteArgv ?? [], 'socat'])} "$@"; }`, ...monitorFunctions.split('\n')]
	: [];

export function qmpWords(plan: Plan): Words {
	const {metadataPath, socketPath, before, expected} = targetOf(plan);
	const metadata = metadataPath!;
	const records = posix.join(metadata, 'snapshots');
	const definition = quoteForShell(posix.join(metadata, 'domain.xml'));
	const current = quoteForShell(posix.join(records, 'current'));
	const socket = socketPath === undefined ? undefined : quoteForShell(socatPath(socketPath));
	const isListening = socket === undefined ? 'false' : `listening ${socket}`;
	const hasOpen = (path: string) => socket === undefined ? 'false' : `say ${socket} '{"execute":"query-block"}' | grep -qF -- ${quoteForShell(`": ${JSON.stringify(path)}`)}`;
	const hasRecord = (name: string) => formatCommandLine(['test', '-e', posix.join(records, `${name}.xml`)]);
	const hasCheckpoint = (name: string) => formatCommandLine(['test', '-e', posix.join(metadata, 'checkpoints', `${name}.xml`)]);
	const isCurrent = (name: string | undefined, orElse: string) => name === undefined ? [] : [`[ "$(cat ${current})" = ${quoteForShell(name)} ] || ${orElse}`];

	function condition(probe: DomainProbe): string {
		switch (probe.kind) {
			case 'domain-active':
			case 'domain-running':
			case 'memory-loaded': {
				return isListening;
			}

			case 'domain-off': {
				return `! ${isListening}`;
			}

			case 'snapshot-exists': {
				return hasRecord(probe.name);
			}

			case 'snapshot-missing': {
				return `! ${hasRecord(probe.name)}`;
			}

			case 'checkpoint-exists': {
				return hasCheckpoint(probe.name);
			}

			case 'checkpoint-missing': {
				return `! ${hasCheckpoint(probe.name)}`;
			}

			case 'pool-active':
			case 'backup-active': {
				return 'false';
			}

			case 'disk-records': {
				return socket === undefined ? 'false' : `say ${socket} '{"execute":"query-block"}' | grep -qF -- ${quoteForShell(`"name": ${JSON.stringify(probe.bitmap)}`)}`;
			}

			case 'head-is': {
				return hasOpen(probe.path);
			}

			default: {
				return probe satisfies never;
			}
		}
	}

	return {
		functions: [...unusedFunction(posix.dirname(metadata)), ...monitorFunctionsFor(plan)],
		condition,
		freshness: [
			`[ "$(ls -1 ${quoteForShell(records)} 2>/dev/null | sed -n 's/\\.xml$//p' | sort)" = "$(printf '%s\\n' ${formatCommandLine(before.snapshotNames)} | sed '/^$/d' | sort)" ] || changed 'its snapshots'`,
			...isCurrent(before.currentSnapshot, 'changed \'its current snapshot\''),
			...before.heads.map(({path}) =>
				`if ${isListening}; then ${hasOpen(path)}; else test ! -e ${definition} || grep -qF ${inRecord(path)} ${definition}; fi || changed 'its disks'`),
		],
		proof: orElse => [...expected.heads.map(({path}) => `grep -qF ${inRecord(path)} ${definition} || ${orElse}`), ...isCurrent(expected.currentSnapshot, orElse)],
		// No process has it open, either.
		unused: path => `unused ${inRecord(path)} && [ -z "$(find /proc/[0-9]*/fd -lname ${quoteForShell(path.replaceAll(/[*?[\]\\]/g, String.raw`\$&`))} 2>/dev/null)" ]`,
	};
}
