/**
Checkpoint records as they are given to `checkpoint-create --redefine` when a checkpoint that they come after has gone.
*/
import {succeed, type Result} from '../result.ts';
import {changeXml, contentOf, element, escapeText, find, keepOnly} from './change-xml.ts';

/** `parent`: undefined makes it a root. Fails with `unreadable` where the document is broken. */
export function changeCheckpointParent(xml: string, parent: string | undefined): Result<string> {
	return changeXml(xml, 'The XML of a checkpoint', ['domaincheckpoint'], root => {
		const old = find(contentOf(root), 'parent');
		root.domaincheckpoint = [
			...keepOnly(contentOf(root), item => item !== old),
			...(parent === undefined ? [] : [element('parent', {}, [element('name', {}, [{'#text': escapeText(parent)}])])]),
		];
		return succeed(root);
	});
}
