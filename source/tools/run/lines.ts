/**
As many conversations with one program as are needed for no question to wait for another that takes long: mostly one.
*/
import type {Conversation, Answered} from './conversation.ts';

/** `open`: how many questions are not answered yet. */
type Line = {conversation: Conversation; openedAt: number; askedAt: number; open: number; hasAnswered: boolean};

/** Where no more may be opened, a process of its own is left. */
const fullPatienceMs = 150;
/** The first answer comes when the program has started, and perhaps connected to another machine. */
const firstPatienceMs = 3000;
/** What is asked at the same moment goes the long way together: whoever asked waits for all of it. */
const momentMs = 20;
const mostTogether = 16;
/** Where nothing can be connected to, not every question is asked twice. */
const pauseMs = 10_000;

export class Lines {
	readonly #start: () => Conversation;
	readonly #most: number;
	readonly #leastPatienceMs: number;
	readonly #isFar: boolean;
	readonly #lines = new Set<Line>();
	readonly #waiting: Array<(line?: Line) => void> = [];
	#patienceMs: number;
	#pausedUntil = 0;

	/** `leastPatienceMs`: a question that takes longer holds up no other: that gets a line of its own, unless to open one takes longer still. 0: nothing ever waits while there may be more. `isFar`: an answer comes from another machine. */
	constructor(start: () => Conversation, {most, leastPatienceMs, isFar = false}: {most: number; leastPatienceMs: number; isFar?: boolean}) {
		this.#start = start;
		this.#most = most;
		this.#leastPatienceMs = leastPatienceMs;
		this.#isFar = isFar;
		this.#patienceMs = leastPatienceMs === 0 ? 0 : firstPatienceMs;
	}

	/** For who is about to ask: the program starts meanwhile. */
	begin(): void {
		const line = this.#open();
		line.open = 0;
		line.conversation.begin?.();
	}

	/** Undefined: it could not be asked in a conversation. */
	async ask(question: Parameters<Conversation['ask']>[0], timeoutMs: number): Promise<Answered | undefined> {
		const line = performance.now() < this.#pausedUntil ? undefined : await this.#take();
		if (line === undefined) {
			return undefined;
		}

		const answer = await line.conversation.ask(question, timeoutMs);
		line.open -= 1;
		if (answer === undefined) {
			this.#drop(line);
			return undefined;
		}

		if (!line.hasAnswered) {
			line.hasAnswered = true;
			this.#patienceMs = this.#leastPatienceMs === 0 ? 0 : Math.min(Math.max(performance.now() - line.openedAt, this.#leastPatienceMs), firstPatienceMs);
		}

		for (const next of line.open === 0 ? this.#waiting.splice(0, this.#isFar ? mostTogether : 1) : []) {
			this.#join(line);
			next(line);
		}

		return answer;
	}

	#open(): Line {
		const line = {conversation: this.#start(), openedAt: performance.now(), askedAt: performance.now(), open: 1, hasAnswered: false};
		this.#lines.add(line);
		return line;
	}

	/** Counts from now on: what is asked at the same moment, before this question is written, goes along. */
	#join(line: Line): Line {
		line.open += 1;
		line.askedAt = performance.now();
		return line;
	}

	#drop(line: Line): void {
		if (!this.#lines.delete(line)) {
			return;
		}

		line.conversation.end();
		if (!line.hasAnswered) {
			this.#pausedUntil = performance.now() + pauseMs;
		}

		// Who waits for this one opens another.
		for (const next of this.#waiting.splice(0)) {
			next();
		}
	}

	async #take(): Promise<Line | undefined> {
		const now = performance.now();
		const free = [...this.#lines].find(line => line.open === 0)
			?? [...this.#lines].find(line => this.#isFar && now - line.askedAt < momentMs && line.open < mostTogether);
		if (free !== undefined) {
			return this.#join(free);
		}

		const patienceMs = this.#lines.size < this.#most ? this.#patienceMs : Math.max(this.#patienceMs, fullPatienceMs);
		const given = this.#lines.size === 0 || patienceMs === 0 ? undefined : await this.#wait(patienceMs);
		return given ?? (performance.now() >= this.#pausedUntil && this.#lines.size < this.#most ? this.#open() : undefined);
	}

	async #wait(patienceMs: number): Promise<Line | undefined> {
		return new Promise(resolve => {
			const take = (line?: Line) => {
				clearTimeout(timer);
				resolve(line);
			};

			const timer = setTimeout(() => {
				this.#waiting.splice(this.#waiting.indexOf(take), 1);
				resolve(undefined);
			}, patienceMs);
			this.#waiting.push(take);
		});
	}
}
