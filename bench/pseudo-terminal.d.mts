type PseudoTerminal = {
	waitFor(text: string | RegExp, options?: {timeoutMs?: number}): Promise<number>;
	waitForQuiet(): Promise<void>;
	type(keys: string): Promise<{bytes: number; firstBytes: number; ms: number}>;
	press(keys: string, sign: RegExp): Promise<{saidMs: number; stepMs: number}>;
	countBytes(durationMs: number): Promise<number>;
	readPeakMemory(): Promise<number>;
	close(keys: string): Promise<void>;
};

export function openPseudoTerminal(command: string, environment?: Readonly<Record<string, string | undefined>>): PseudoTerminal;
