/**
Every remedy that the source tells people, as it stands there: what is put in at run time is `…`. A remedy is the member `remedy` of a blocker, finding or failure (`instead` in the table of snapshots), the
second argument of a function `refuse`, and what a constant or function with "remedy" in its name gives.
*/
import {readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

export type Remedy = {file: string; text: string};

/** They refuse with the remedy that they are given. */
const carriers = new Set(['lackOfDomain', 'refuseNarrowRefcounts', 'requirePlainLayers']);

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

/** The expressions that remedies come from. */
function remediesIn(node: ts.Node): ts.Node[] {
	if (ts.isPropertyAssignment(node) && ['remedy', 'instead'].includes(node.name.getText())) {
		return [node.initializer];
	}

	if ((ts.isFunctionDeclaration(node) || ts.isVariableDeclaration(node)) && /remedy/iu.test(node.name?.getText() ?? '')) {
		return [node];
	}

	if (ts.isParameter(node) && node.name.getText() === 'remedy' && node.initializer) {
		return [node.initializer];
	}

	if (ts.isCallExpression(node) && ((node.expression.getText() === 'refuse' && node.arguments.length === 2) || carriers.has(node.expression.getText()))) {
		return node.arguments.slice(1);
	}

	const found: ts.Node[] = [];
	ts.forEachChild(node, child => {
		found.push(...remediesIn(child));
	});
	return found;
}

export function readRemedies(root: string): Remedy[] {
	return readdirSync(root, {recursive: true, encoding: 'utf8'}).filter(name => /\.tsx?$/u.test(name)).sort().flatMap(name => {
		const source = ts.createSourceFile(name, readFileSync(path.join(root, name), 'utf8'), ts.ScriptTarget.Latest, true);
		return [...new Set(remediesIn(source).flatMap(node => textsIn(node)))].map(text => ({file: name, text}));
	});
}
