/**
A virsh that is kept open: it reads its questions line by line, and answers each within a millisecond, where a process of its own takes twenty to start.

A line is `echo 'vs''MARK-0b.'; QUESTION; echo vsMARK-0.; QUESTION; echo vsMARK-1.`. virsh prints the line again before it answers; with the first mark in two pieces it is
not taken for the answer. It reads a line letter by letter, so that is as short as it can be. Nothing that could not be read exactly comes out of here: where virsh complains, where it does not answer, and where a word is nothing for a line, the question is
left to a process of its own.
*/
import {randomBytes} from 'node:crypto';
import {mapLimited} from '../../tools/run/concurrency.ts';
import {formatRemoteLine} from '../../model/text/shell-quote.ts';
import type {Conversation, Answered, StartConversation} from '../../tools/run/conversation.ts';
import {Lines} from '../../tools/run/lines.ts';

export type KeptVirsh = {
	/** What each question gave; undefined: it has to be asked in a process of its own. Words are quoted already. */
	ask(questions: readonly string[]): Promise<Array<string | undefined>>;
	/** For who is about to ask. Missing: that takes no time. */
	begin?: () => void;
	/** The same for one that reads files of this machine. */
	tell(words: string): Promise<string | undefined>;
};

/** Of more, a process reads its one line sooner than a conversation all of its own. */
const mostQuestions = 100;
const mostBytes = 2000;
const mostLines = 4;
const patienceMs = {here: 20, overSsh: 150};
/** Of a line of several questions. */
const goodLength = 1000;
/** As long as it takes to connect to a machine far away. A process of its own then has all its time. */
const answerMs = 5000;

/**
readline is told to be plain. virsh keeps a history, and would write our questions into a person's, or an empty one over it: it gets no folder for that. Nor does it start
a daemon, which would inherit that: a process of its own does.
*/
const plain = {TERM: 'dumb', INPUTRC: '/dev/null', XDG_CACHE_HOME: '/dev/null', LIBVIRT_AUTOSTART: '0'};

type VirshThere = {ssh: readonly string[]; uri: string};

/** What the shell over there ends with where it does not find the program. */
const notFound = 127;

/** readline takes tabs, line ends and what is no ASCII for more than letters. */
const isForLines = (question: string): boolean => /^[ -~]*$/.test(question) && question.length <= mostBytes;

/** A virsh at the other end of ssh, as long as there is one. */
function linesThere(start: StartConversation, prefix: readonly string[], {ssh, uri}: VirshThere): {ask: (...question: Parameters<Lines['ask']>) => Promise<Answered | 'none' | undefined>} {
	const command = formatRemoteLine(['env', 'LC_ALL=C', 'LANGUAGE=', ...Object.entries(plain).map(([name, value]) => `${name}=${value}`), ...prefix.slice(0, -1), uri]);
	const opened: Conversation[] = [];
	const lines = new Lines(() => {
		const conversation = start([...ssh, command]);
		opened.push(conversation);
		return conversation;
	}, {most: mostLines, leastPatienceMs: patienceMs.overSsh, isFar: true});
	let isMissing = false;
	return {
		async ask(...question) {
			const said = isMissing ? undefined : await lines.ask(...question);
			isMissing ||= said === undefined && opened.splice(0).some(({exitCode}) => exitCode === notFound);
			return isMissing ? 'none' : said;
		},
	};
}

/** `prefix` ends with the URI, where one is given. `there`: for questions; what reads files of this machine is asked here. */
export function createKeptVirsh(start: StartConversation, prefix: readonly string[], there?: VirshThere): KeptVirsh {
	const here = new Lines(() => start(prefix, plain), {most: mostLines, leastPatienceMs: prefix.some(word => word.includes('+ssh:')) ? patienceMs.overSsh : patienceMs.here});
	const remote = there && linesThere(start, prefix, there);
	const askThere: Lines['ask'] = async (...question) => {
		const said = remote === undefined ? 'none' : await remote.ask(...question);
		return said === 'none' ? here.ask(...question) : said;
	};

	/** Undefined: not answered, or complained of. */
	const askLines = async (questions: readonly string[], ask = askThere): Promise<string[] | undefined> => {
		const mark = randomBytes(8).toString('hex');
		const groups: number[][] = [];
		const parts: string[] = [];
		for (const [index, question] of questions.entries()) {
			const isFirst = index === 0 || parts.at(-1)!.length + question.length > goodLength;
			if (isFirst) {
				groups.push([]);
				parts.push(`echo 'vs''${mark}-${index}b.'`);
			}

			groups.at(-1)!.push(index);
			parts.push(`${parts.pop()!}; ${question}; echo vs${mark}-${index}.`);
		}

		const text = `${parts.join('\n')}\n`;
		// In lines of their own: one that is no command for virsh is not begun at all. What it says of it tells that all it had to complain of until then has come in. What ssh, or the
		// agent for polkit, says while it connects comes before, and is about no question.
		const [begun, over] = ['begun', 'over'].map(word => `vsnap-${mark}-${word}`) as [string, string];
		const said = await ask({text: `${begun}\n${text}${over}\necho 'vsnap-''${mark}-end'\n`, outputEnd: `vsnap-${mark}-end`, complaintEnd: `'${over}'`}, answerMs);
		const complaint = said?.complaint.split(`'${begun}'`).at(-1)!.trim();
		if (said === undefined || complaint !== `error: unknown command: '${over}'`) {
			return undefined;
		}

		const answers: string[] = [];
		for (const group of groups) {
			const begin = `vs${mark}-${group[0]}b.`;
			let from = said.output.indexOf(begin) + begin.length;
			for (const index of group) {
				const end = `vs${mark}-${index}.`;
				const to = said.output.indexOf(end, from);
				if (from < begin.length || to === -1) {
					return undefined;
				}

				answers.push(said.output.slice(from, to));
				from = to + end.length;
			}
		}

		return answers;
	};

	return {
		...(there === undefined && {begin: here.begin.bind(here)}),
		async tell(words) {
			const answers = isForLines(words) ? await askLines([words], async (...question) => here.ask(...question)) : undefined;
			return answers?.[0];
		},
		async ask(questions) {
			// A virsh over there would say how it got to the daemon, and not how we do.
			const known = new Map(there === undefined ? [] : [['uri', `${prefix.at(-1)!}\n`]]);
			const asked = questions.filter(question => isForLines(question) && !known.has(question));
			if (asked.length === 0 || asked.length > mostQuestions) {
				return questions.map(question => known.get(question));
			}

			// Nothing tells which question an error belongs to, so then each is asked once more by itself.
			const together = await askLines(asked);
			const again = together === undefined && asked.length > 1 ? asked : [];
			const answers = together ?? await mapLimited(again, 1, async question => {
				const alone = await askLines([question]);
				return alone?.[0];
			});
			const byQuestion = new Map<string, string | undefined>([...known, ...asked.map((question, index): [string, string | undefined] => [question, answers[index]])]);
			return questions.map(question => byQuestion.get(question));
		},
	};
}
