/**
One thing to do for each kind of a union, as a table. A kind without an entry does not compile.
*/
type Table<Union extends {kind: string}, Rest extends unknown[], Answer> = {
	readonly [Kind in Union['kind']]: (value: Union & {kind: Kind}, ...rest: Rest) => Answer;
};

export function byKind<Union extends {kind: string}, Rest extends unknown[], Answer>(table: Table<Union, Rest, Answer>): (value: Union, ...rest: Rest) => Answer {
	const rows = table as unknown as Readonly<Record<string, (value: Union, ...rest: Rest) => Answer>>;
	return (value, ...rest) => rows[value.kind]!(value, ...rest);
}
