/**
As many conversations with one program as are needed for no question to wait for another that takes long: mostly one.
*/
import type {Conversation, Said} from './conversation.ts';

type Line = {conversation: Conversation; openedAt: number; isBusy: boolean; hasAnswered: boolean};

/** Where no more may be opened, a process of its own is left. */
const fullPatienceMs = 150;
/** The first answer comes when the program has started, and perhaps connected to another machine. */
const firstPatienceMs = 3000;
/** Where nothing can be connected to, not every question is asked twice. */
const pauseMs = 10_000;

export class Lines {
	readonly #start: () => Conversation;
	readonly #most: number;
	readonly #leastPatienceMs: number;
	readonly #lines = new Set<Line>();
	readonly #waiting: Array<(line?: Line) => void> = [];
	#patienceMs: number;
	#pausedUntil = 0;

	/** `leastPatienceMs`: a question that takes longer holds up no other: that gets a line of its own, unless to open one takes longer still. 0: nothing ever waits while there may be more. */
	constructor(start: () => Conversation, {most, leastPatienceMs}: {most: number; leastPatienceMs: number}) {
		this.#start = start;
		this.#most = most;
		this.#leastPatienceMs = leastPatienceMs;
		this.#patienceMs = leastPatienceMs === 0 ? 0 : firstPatienceMs;
	}

	/** Undefined: it could not be asked in a conversation. */
	async ask(question: Parameters<Conversation['ask']>[0], timeoutMs: number): Promise<Said | undefined> {
		const line = performance.now() < this.#pausedUntil ? undefined : await this.#take();
		if (line === undefined) {
			return undefined;
		}

		const answer = await line.conversation.ask(question, timeoutMs);
		if (answer === undefined) {
			this.#drop(line);
			return undefined;
		}

		if (!line.hasAnswered) {
			line.hasAnswered = true;
			this.#patienceMs = this.#leastPatienceMs === 0 ? 0 : Math.min(Math.max(performance.now() - line.openedAt, this.#leastPatienceMs), firstPatienceMs);
		}

		const next = this.#waiting.shift();
		line.isBusy = next !== undefined;
		next?.(line);
		return answer;
	}

	#open(): Line {
		const line = {conversation: this.#start(), openedAt: performance.now(), isBusy: true, hasAnswered: false};
		this.#lines.add(line);
		return line;
	}

	#drop(line: Line): void {
		line.conversation.end();
		this.#lines.delete(line);
		if (!line.hasAnswered) {
			this.#pausedUntil = performance.now() + pauseMs;
		}

		// Who waits for this one opens another.
		for (const next of this.#waiting.splice(0)) {
			next();
		}
	}

	async #take(): Promise<Line | undefined> {
		const idle = [...this.#lines].find(line => !line.isBusy);
		if (idle !== undefined) {
			idle.isBusy = true;
			return idle;
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
