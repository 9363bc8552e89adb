/**
Every remedy that the source tells people, as it stands there: what is put in at run time is `…`. A remedy is the member `remedy` of a blocker, finding or failure (`instead` in the table of snapshots), what a function is given for a parameter of that name,
and what a constant or function with "remedy" in its name gives.
*/
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

type Remedy = {file: string; text: string};

const isRemedy = (name: string) => ['remedy', 'instead'].includes(name);

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

function textsIn(node: ts.Node): string[] {
	const text = textOf(node);
	const texts = text === undefined || text.length < shortest || !text.includes(' ') ? [] : [text];
	ts.forEachChild(node, child => {
		texts.push(...textsIn(child));
	});
	return texts;
}

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

	if ((ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node)) && /remedy/iu.test(node.name?.getText() ?? '')) {
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

export function readRemedies(root: string): Remedy[] {
	const names = readdirSync(root, {recursive: true, encoding: 'utf8'}).filter(name => /\.tsx?$/u.test(name)).sort();
	const sources = names.map(name => ts.createSourceFile(name, readFileSync(path.join(root, name), 'utf8'), ts.ScriptTarget.Latest, true));
	const exported = sources.flatMap(source => carriersIn(source));
	return sources.flatMap((source, index) => {
		// Those of the file itself come first: several files call one of theirs `refuse`.
		const carriers: Carriers = new Map([...exported.filter(([name]) => name !== 'refuse'), ...carriersIn(source)]);
		return [...new Set(remediesIn(source, carriers).flatMap(node => textsIn(node)))].map(text => ({file: names[index]!, text}));
	});
}
