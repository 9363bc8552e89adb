/**
A merge of images, and what it costs.
*/
export type CopyCost = {
	/** What is read and written: at most, where it was measured; else about. */
	copyBytes: number;
	/** How much larger the image becomes that is written into. */
	growth: {atLeast: number; atMost: number};
	/** What the files take that go afterwards. */
	freedBytes: number;
	isMeasured: boolean;
};

/** A run of images that is merged into one. What is read from `top` stays the same, and is read from `into` afterwards. */
export type Merge = {
	/** `commit`: written down into the lowest of the run. `pull`: the top takes over what it reads from those below it. */
	method: 'commit' | 'pull';
	top: string;
	/** The images that nothing pins, from the bottom up, without the top. */
	layers: string[];
	into: string;
	/** What the run is backed by. */
	below: string | undefined;
	/** Images on the top: they are told that it is `into` from now on. Empty for a pull. */
	rebased: string[];
	/** Images that nothing needs afterwards, from the top down. Files among them are removed; devices stay where they are. */
	gone: string[];
	cost: CopyCost;
};
