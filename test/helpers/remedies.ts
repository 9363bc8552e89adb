/**
Every remedy that the source tells people, as it stands there: what is put in at run time is `…`. A remedy is the member `remedy` of a blocker, finding or failure (`instead` in the table of snapshots), what a function is given for a parameter of that name,
and what a constant or function with "remedy" in its name gives.
*/
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

type Remedy = {file: string; text: string};

const isRemedy = (name: string) => ['remedy', 'instead', 'hint', 'advice'].includes(name);

/** Names of constants and functions that give one. */
const givesRemedy = /remedy|hint|advice|advise/iu;

/** Functions that are given a remedy, and as which of their arguments. */
type Carriers = Map<string, number>;

/** Shorter texts are parts of others: names of options, ends of sentences. */
const shortest = 14;

function textOf(node: ts.Node): string | undefined {
	if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
		return node.text;
	}

	return ts.isTemplateExpression(node) ? [node.head.text, ...node.templateSpans.map(({literal}) => literal.text)].join('…') : undefined;
}

/** What a node says is in these of its children: a condition is none of them. */
function partsOf(node: ts.Node): ts.Node[] {
	const parts: ts.Node[] = [];
	ts.forEachChild(node, child => {
		const isCondition = (ts.isConditionalExpression(node) && node.condition === child) || (ts.isIfStatement(node) && node.expression === child);
		const isName = (ts.isPropertyAccessExpression(node) || ts.isPropertyAssignment(node)) && node.name === child;
		if (!isCondition && !isName) {
			parts.push(child);
		}
	});
	return parts;
}

/** Of a function of the file, whose words count, and not those that it is given. */
const isPlainCall = (node: ts.Node): node is ts.CallExpression => ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.arguments.every(given => ts.isIdentifier(given));

function textsIn(node: ts.Node): string[] {
	const text = textOf(node);
	return [...(text === undefined || text.length < shortest || !text.includes(' ') ? [] : [text]), ...partsOf(node).flatMap(part => textsIn(part))];
}

/** The names that an expression is made of, without those of members. */
const namesIn = (node: ts.Node): string[] => ts.isIdentifier(node) ? [node.text] : partsOf(node).flatMap(part => namesIn(part));

/** Also one of several, as the case may be. */
const isText = (node: ts.Node): boolean => textOf(node) !== undefined || (ts.isConditionalExpression(node) && (isText(node.whenTrue) || isText(node.whenFalse)));

function nameOfFunction(node: ts.Node): string | undefined {
	const named = ts.isArrowFunction(node) ? node.parent : node;
	return (ts.isFunctionDeclaration(named) || ts.isVariableDeclaration(named)) ? named.name?.getText() : undefined;
}

function carriersIn(node: ts.Node): Array<[string, number]> {
	const found: Array<[string, number]> = [];
	const name = nameOfFunction(node);
	if (name !== undefined && (ts.isFunctionDeclaration(node) || ts.isArrowFunction(node))) {
		const at = node.parameters.findIndex(parameter => isRemedy(parameter.name.getText()));
		found.push(...(at === -1 ? [] : [[name, at] as [string, number]]));
	}

	ts.forEachChild(node, child => {
		found.push(...carriersIn(child));
	});
	return found;
}

/** The expressions that remedies come from. */
function remediesIn(node: ts.Node, carriers: Carriers): ts.Node[] {
	if (ts.isPropertyAssignment(node) && isRemedy(node.name.getText())) {
		return [node.initializer];
	}

	if ((ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node)) && givesRemedy.test(node.name?.getText() ?? '')) {
		return [node];
	}

	if (ts.isParameter(node) && isRemedy(node.name.getText()) && node.initializer) {
		return [node.initializer];
	}

	const at = ts.isCallExpression(node) ? carriers.get(node.expression.getText()) : undefined;
	if (at !== undefined) {
		const {arguments: given} = node as ts.CallExpression;
		return given[at] === undefined ? [] : [given[at]];
	}

	const found: ts.Node[] = [];
	ts.forEachChild(node, child => {
		found.push(...remediesIn(child, carriers));
	});
	return found;
}

/** Constants that are a text, and functions that give one, by name: remedies are put together from them. */
function wordsIn(node: ts.Node, found = new Map<string, ts.Node>()): Map<string, ts.Node> {
	if (ts.isVariableDeclaration(node) && node.initializer !== undefined) {
		const {initializer} = node;
		if (isText(ts.isArrowFunction(initializer) ? initializer.body : initializer) || isPlainCall(initializer)) {
			found.set(node.name.getText(), node);
		}
	}

	if (ts.isFunctionDeclaration(node) && node.name !== undefined && /^string( \| undefined)?$/u.test(node.type?.getText() ?? '')) {
		found.set(node.name.text, node);
	}

	ts.forEachChild(node, child => {
		wordsIn(child, found);
	});
	return found;
}

/** With the words of the same file that they name, and so on. */
function withNamed(nodes: readonly ts.Node[], words: ReadonlyMap<string, ts.Node>): ts.Node[] {
	const found = new Set(nodes);
	for (const node of found) {
		for (const name of namesIn(node)) {
			const named = words.get(name);
			if (named !== undefined) {
				found.add(named);
			}
		}
	}

	return [...found];
}

export function readRemedies(root: string): Remedy[] {
	const names = readdirSync(root, {recursive: true, encoding: 'utf8'}).filter(name => /\.tsx?$/u.test(name)).sort();
	const sources = names.map(name => ts.createSourceFile(name, readFileSync(path.join(root, name), 'utf8'), ts.ScriptTarget.Latest, true));
	const exported = sources.flatMap(source => carriersIn(source));
	return sources.flatMap((source, index) => {
		// Those of the file itself come first: several files call one of theirs `refuse`.
		const carriers: Carriers = new Map([...exported.filter(([name]) => name !== 'refuse'), ...carriersIn(source)]);
		const nodes = withNamed(remediesIn(source, carriers), wordsIn(source));
		return [...new Set(nodes.flatMap(node => textsIn(node)))].map(text => ({file: names[index]!, text}));
	});
}
