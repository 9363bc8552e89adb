/**
Completions for the shells, from the table of the command line. Names of domains and snapshots are asked of virsh when they are wanted, with the host that was typed.
*/
import type {Shell} from './invocation.ts';
import type {OptionRow, VerbRow, VerbTable} from './verb-table.ts';

const quote = (text: string): string => `'${text.replaceAll('\'', String.raw`'\''`)}'`;
const optionsOf = ({options, globals}: VerbRow): OptionRow[] => [...options, ...globals];
const namesOf = (row: VerbRow): string[] => optionsOf(row).flatMap(({names}) => names);

/** What a value or an argument names, by the word that the help has for it. */
function kindOf(word: string): 'domain' | 'snapshot' | 'checkpoint' | 'file' | undefined {
	const name = word.replaceAll(/[<>[\]]/g, '');
	if (/^(?:file|folder|path|name=socket|name=file)$/.test(name)) {
		return 'file';
	}

	return (['domain', 'snapshot', 'checkpoint'] as const).find(kind => kind === name);
}

/** What virsh is asked; "$uri" and "$domain" are the shell's. */
const asked = {
	domain: 'list --all --name',
	snapshot: 'snapshot-list --name --domain "$domain"',
	checkpoint: 'checkpoint-list --name --domain "$domain"',
};

function formatBash({verbs}: VerbTable): string {
	const words = [...new Set(verbs.flatMap(({words}) => words.split(' ').slice(0, 1)).filter(word => word !== ''))];
	const groups = words.filter(word => !verbs.some(verb => verb.words === word));
	const cases = verbs.map(verb => `\t\t${quote(verb.words)}) options=${quote(namesOf(verb).join(' '))}; kinds=${quote(verb.arguments.map(word => kindOf(word) ?? 'none').join(' '))} ;;`);
	const values = [...new Map(verbs.flatMap(verb => optionsOf(verb)).filter(({value}) => value !== undefined).map(option => [option.names.join('|'), option])).values()];
	return `# bash completion for vsnap-tui
_vsnap_tui_ask() {
	local line
	while IFS= read -r line; do
		[[ -n $line && $line == "$current"* ]] && COMPREPLY+=("$(printf %q "$line")")
	done < <(LC_ALL=C virsh -q \${uri:+-c "$uri"} "$@" 2>/dev/null)
}

_vsnap_tui() {
	local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} word uri= domain= verb= options= kinds= kind skip= count=0 i
	COMPREPLY=()
	for ((i = 1; i < COMP_CWORD; i++)); do
		word=\${COMP_WORDS[i]}
		if [[ -n $skip ]]; then
			[[ $skip == uri ]] && uri=$word
			skip=
			continue
		fi
		case $word in
			-c|--connect) skip=uri ;;
			${values.map(({names}) => names.join('|')).filter(names => names !== '-c|--connect').join('|')}) skip=value ;;
			-*) ;;
			*) if [[ -z $verb ]] || { [[ $count == 0 ]] && [[ " ${groups.join(' ')} " == *" $verb "* ]]; }; then
				verb="\${verb:+$verb }$word"
			else
				((count++)); [[ $count == 1 ]] && domain=$word
			fi ;;
		esac
	done
	case $verb in
${cases.join('\n')}
	esac
	case $previous in
${values.filter(({choices}) => choices.length > 0).map(({names, choices}) => `\t\t${names.join('|')}) COMPREPLY=($(compgen -W ${quote(choices.join(' '))} -- "$current")); return ;;`).join('\n')}
		${values.filter(({value}) => kindOf(value!) === 'file').map(({names}) => names.join('|')).join('|')}) compopt -o filenames; COMPREPLY=($(compgen -f -- "$current")); return ;;
	esac
	if [[ $current == -* ]]; then
		COMPREPLY=($(compgen -W "$options" -- "$current"))
		return
	fi
	case $verb in
		'') COMPREPLY=($(compgen -W ${quote(words.join(' '))} -- "$current")); _vsnap_tui_ask ${asked.domain}; return ;;
${groups.map(group => `\t\t${quote(group)}) COMPREPLY=($(compgen -W ${quote(verbs.filter(verb => verb.words.startsWith(`${group} `)).map(verb => verb.words.split(' ')[1]!).join(' '))} -- "$current")); return ;;`).join('\n')}
	esac
	kinds=($kinds)
	kind=\${kinds[count]}
	case $kind in
		domain) _vsnap_tui_ask ${asked.domain} ;;
		snapshot) _vsnap_tui_ask ${asked.snapshot} ;;
		checkpoint) _vsnap_tui_ask ${asked.checkpoint} ;;
		file) compopt -o filenames; COMPREPLY=($(compgen -f -- "$current")) ;;
	esac
}
complete -F _vsnap_tui vsnap-tui
`;
}

/** A specification of zsh's _arguments: brackets and colons in it are escaped. */
function zshOption({names, value, choices, summary}: OptionRow): string[] {
	const described = summary.replaceAll(/[[\]:\\]/g, match => `\\${match}`);
	const message = value?.replaceAll(/[<>[\]]/g, '').replaceAll(':', String.raw`\:`);
	const what = value === undefined ? '' : `:${message}:${choices.length > 0 ? `(${choices.join(' ')})` : (kindOf(value) === 'file' ? '_files' : ' ')}`;
	return names.map(name => quote(`*${name}[${described}]${what}`));
}

function formatZsh({verbs}: VerbTable): string {
	const firsts = [...new Set(verbs.map(({words}) => words.split(' ')[0]!).filter(word => word !== ''))];
	const groups = firsts.filter(word => !verbs.some(verb => verb.words === word));
	const kinds = {domain: '_vsnap_tui_domains', snapshot: '_vsnap_tui_snapshots', checkpoint: '_vsnap_tui_checkpoints', file: '_files'};
	const describe = (rows: VerbRow[], position: number) => rows.map(({words, summary}) => quote(`${words.split(' ')[position]!}:${summary.replaceAll(':', String.raw`\:`)}`)).join(' ');
	const cases = verbs.filter(({words}) => words !== '').map(verb => `\t\t${quote(verb.words)}) _arguments ${[
		...optionsOf(verb).flatMap(option => zshOption(option)),
		...verb.arguments.map(word => {
			const kind = kindOf(word);
			return quote(`:${word.replaceAll(/[<>[\]]/g, '')}:${kind === undefined ? ' ' : kinds[kind]}`);
		}),
	].join(' ')} ;;`);
	return `#compdef vsnap-tui
_vsnap_tui_ask() {
	local -a names
	names=("\${(@f)$(LC_ALL=C virsh -q \${uri:+-c} \${uri:+"$uri"} "$@" 2>/dev/null)}")
	compadd -a -- names
}
_vsnap_tui_domains() { _vsnap_tui_ask ${asked.domain}; }
_vsnap_tui_snapshots() { local domain=\${line[1]}; _vsnap_tui_ask ${asked.snapshot}; }
_vsnap_tui_checkpoints() { local domain=\${line[1]}; _vsnap_tui_ask ${asked.checkpoint}; }
_vsnap_tui() {
	local uri= verb= word
	local -a line verbs
	local i=2
	while (( i < CURRENT )); do
		word=\${words[i]}
		case $word in
			-c|--connect) uri=\${words[i+1]}; (( i += 2 )); continue ;;
			-*) (( i++ )); continue ;;
		esac
		verb=$word
		if [[ " ${groups.join(' ')} " == *" $word "* ]]; then
			if (( i + 1 < CURRENT )); then
				verb="$word \${words[i+1]}"
				(( i++ ))
			else
				case $word in
${groups.map(group => `\t\t\t\t\t${group}) verbs=(${describe(verbs.filter(({words}) => words.startsWith(`${group} `)), 1)}) ;;`).join('\n')}
				esac
				_describe command verbs
				return
			fi
		fi
		break
	done
	if [[ -z $verb ]]; then
		if [[ \${words[CURRENT]} == -* ]]; then
			_arguments ${optionsOf(verbs[0]!).flatMap(option => zshOption(option)).join(' ')}
		else
			verbs=(${firsts.map(first => groups.includes(first) ? quote(first) : describe(verbs.filter(({words}) => words === first), 0)).join(' ')})
			_describe command verbs
			_vsnap_tui_domains
		fi
		return
	fi
	# The verb stands for the command from here on.
	shift $(( i - 1 )) words
	(( CURRENT -= i - 1 ))
	case $verb in
${cases.join('\n')}
	esac
}
_vsnap_tui "$@"
`;
}

function formatFish({verbs}: VerbTable): string {
	const lines: string[] = [];
	const firsts = [...new Set(verbs.map(({words}) => words.split(' ')[0]!).filter(word => word !== ''))];
	const condition = (words: string) => {
		const [first, second] = words.split(' ');
		return second === undefined ? `__fish_seen_subcommand_from ${first}` : `__fish_seen_subcommand_from ${first}; and __fish_seen_subcommand_from ${second}`;
	};

	lines.push(...firsts.map(first => {
		const verb = verbs.find(({words}) => words === first);
		return `complete -c vsnap-tui -f -n __fish_use_subcommand -a ${first}${verb === undefined ? '' : ` -d ${quote(verb.summary)}`}`;
	}), `complete -c vsnap-tui -f -n __fish_use_subcommand -a '(__vsnap_tui_ask ${asked.domain})'`);
	for (const verb of verbs) {
		const [first, second] = verb.words.split(' ');
		if (second !== undefined) {
			const siblings = verbs.filter(({words}) => words.startsWith(`${first} `)).map(({words}) => words.split(' ')[1]!).join(' ');
			lines.push(`complete -c vsnap-tui -f -n '__fish_seen_subcommand_from ${first}; and not __fish_seen_subcommand_from ${siblings}' -a ${second} -d ${quote(verb.summary)}`);
		}

		const when = verb.words === '' ? '__fish_use_subcommand' : quote(condition(verb.words));
		lines.push(...optionsOf(verb).map(({names, value, choices, summary}) => {
			const flags = names.map(name => name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`).join(' ');
			const known = choices.length === 0 ? '' : ` -a ${quote(choices.join(' '))}`;
			const takes = value !== undefined && kindOf(value) === 'file' ? ' -r -F' : (value === undefined ? '' : ` -x${known}`);
			return `complete -c vsnap-tui -n ${when} ${flags}${takes} -d ${quote(summary)}`;
		}));
		for (const kind of new Set(verb.arguments.flatMap(word => kindOf(word) ?? []))) {
			lines.push(kind === 'file'
				? `complete -c vsnap-tui -n ${when} -F`
				: `complete -c vsnap-tui -f -n ${when} -a '(__vsnap_tui_ask ${kind === 'domain' ? asked.domain : asked[kind].replace(' --domain "$domain"', '')})'`);
		}
	}

	return `# fish completion for vsnap-tui
function __vsnap_tui_ask
	set -l typed (commandline -opc)
	set -l uri
	if set -l at (contains -i -- -c $typed; or contains -i -- --connect $typed)
		set uri -c $typed[(math $at + 1)]
	end
	# Of a domain: the first name that virsh knows among what was typed.
	set -l domain
	if test $argv[1] != list
		for word in $typed[2..-1]
			if contains -- $word (LC_ALL=C virsh -q $uri list --all --name 2>/dev/null)
				set domain --domain $word
				break
			end
		end
		test -n "$domain"; or return
	end
	LC_ALL=C virsh -q $uri $argv $domain 2>/dev/null | string match -r '.+'
end
${lines.join('\n')}
`;
}

export function formatCompletion(table: VerbTable, shell: Shell): string {
	return {bash: formatBash, zsh: formatZsh, fish: formatFish}[shell](table);
}
