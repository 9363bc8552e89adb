import {Buffer} from 'node:buffer';
import test from 'ava';
import {exitCodeOf} from '../../../../source/model/text/exit-codes.ts';
import {createFrameReader} from '../../../../source/hosts/shared/qmp/qmp-frames.ts';
import {misfitInAnswer} from '../../../../source/hosts/shared/qmp/qmp-shapes.ts';

test('an answer of another shape is told by what does not fit, and ends as a host that is not understood', t => {
	t.is(misfitInAnswer('query-block', [{inserted: {image: {'backing-image': {filename: 5}}}}]), 'it[0].inserted.image.backing-image.filename is a number, and text was expected');
	t.is(misfitInAnswer('query-block', null), 'it is null, and a list was expected');
	t.is(misfitInAnswer('query-status', undefined), 'it is a undefined, and an object was expected');
	t.is(misfitInAnswer('query-jobs', [{id: 'a', more: null}]), undefined, 'what is not read may be anything');
	t.is(misfitInAnswer('block-commit', null), undefined);
	t.is(exitCodeOf({kind: 'host-not-understood', what: 'x', reason: 'y'}), 5);
});

test('nesting without an end is no answer', t => {
	for (const text of ['{"return":'.repeat(4000), `{"return":${'['.repeat(4000)}`]) {
		t.regex(createFrameReader().read(Buffer.from(text)).problem?.text ?? '', /nested/);
	}

	const chain = `${'{"backing-image":'.repeat(500)}1${'}'.repeat(500)}`;
	t.is(createFrameReader().read(Buffer.from(chain)).frames.length, 1);
});
