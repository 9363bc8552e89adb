/**
A virsh that is kept open: it reads its questions line by line, and answers each within a millisecond, where a process of its own takes twenty to start.

A line is `echo 'vsnap-''MARK-a'; QUESTION; echo 'vsnap-''MARK-b'`. virsh prints the line again before it answers; with the mark in two pieces it is not taken for the
answer. Nothing that could not be read exactly comes out of here: where virsh complains, where it does not answer, and where a word is nothing for a line, the question is
left to a process of its own.
*/
import {randomBytes} from 'node:crypto';
import {mapLimited} from '../../tools/run/concurrency.ts';
import type {StartConversation} from '../../tools/run/conversation.ts';
import {Lines} from '../../tools/run/lines.ts';

export type KeptVirsh = {
	/** What each question gave; undefined: it has to be asked in a process of its own. Words are quoted already. */
	ask(questions: readonly string[]): Promise<Array<string | undefined>>;
};

/** With more, the time that a line takes to be read adds up to more than a process. */
const mostQuestions = 48;
const mostBytes = 2000;
const mostLines = 4;
/** As long as it takes to connect to a machine far away. A process of its own then has all its time. */
const answerMs = 5000;

/**
readline is told to be plain. virsh keeps a history, and would write our questions into a person's, or an empty one over it: it gets no folder for that. Nor does it start
a daemon, which would inherit that: a process of its own does.
*/
const plain = {TERM: 'dumb', INPUTRC: '/dev/null', XDG_CACHE_HOME: '/dev/null', LIBVIRT_AUTOSTART: '0'};

/** readline takes tabs, line ends and what is no ASCII for more than letters. */
const isForLines = (question: string): boolean => /^[ -~]*$/.test(question) && question.length <= mostBytes;

export function createKeptVirsh(start: StartConversation, prefix: readonly string[]): KeptVirsh {
	const lines = new Lines(() => start(prefix, plain), {most: mostLines});

	/** Undefined: not answered, or complained of. */
	const askLines = async (questions: readonly string[]): Promise<string[] | undefined> => {
		const mark = randomBytes(12).toString('hex');
		const text = questions.map((question, index) => `echo 'vsnap-''${mark}-a${index}.'; ${question}; echo 'vsnap-''${mark}-b${index}.'\n`).join('');
		// In lines of their own: one that is no command for virsh is not begun at all. What it says of the first of them tells that all it had to complain of has come in.
		const over = `vsnap-${mark}-over`;
		const said = await lines.ask({text: `${text}${over}\necho 'vsnap-''${mark}-end'\n`, outputEnd: `vsnap-${mark}-end`, complaintEnd: `'${over}'`}, answerMs);
		if (said?.complaint.trim() !== `error: unknown command: '${over}'`) {
			return undefined;
		}

		const answers = questions.map((_, index) => {
			const [begin, end] = [`vsnap-${mark}-a${index}.`, `vsnap-${mark}-b${index}.`];
			const from = said.output.indexOf(begin);
			const to = said.output.indexOf(end, from);
			return from === -1 || to === -1 ? undefined : said.output.slice(from + begin.length, to);
		});
		return answers.includes(undefined) ? undefined : answers as string[];
	};

	return {
		async ask(questions) {
			const asked = questions.filter(question => isForLines(question));
			if (asked.length === 0 || asked.length > mostQuestions) {
				return questions.map(() => undefined);
			}

			// Nothing tells which question an error belongs to, so then each is asked once more by itself.
			const together = await askLines(asked);
			const again = together === undefined && asked.length > 1 ? asked : [];
			const answers = together ?? await mapLimited(again, 1, async question => {
				const alone = await askLines([question]);
				return alone?.[0];
			});
			const byQuestion = new Map(asked.map((question, index) => [question, answers[index]]));
			return questions.map(question => byQuestion.get(question));
		},
	};
}
