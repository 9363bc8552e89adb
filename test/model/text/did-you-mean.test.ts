import test from 'ava';
import {didYouMean, namesLike} from '../../../source/model/text/did-you-mean.ts';

const verbs = ['list', 'tree', 'create', 'revert', 'branch', 'merge', 'delete', 'recover', 'doctor', 'log'];

test('a letter that is missing, wrong or too many leads to the name that was meant', t => {
	t.deepEqual(namesLike('rever', verbs), ['revert']);
	t.deepEqual(namesLike('docter', verbs), ['doctor']);
	t.deepEqual(namesLike('deletee', verbs), ['delete']);
	t.deepEqual(namesLike('LIST', verbs), ['list']);
});

test('the beginning of a name leads to it, the shortest first', t => {
	t.deepEqual(namesLike('we', ['db', 'web-test', 'web']), ['web', 'web-test']);
});

test('what is like nothing leads nowhere', t => {
	t.deepEqual(namesLike('nextcloud', verbs), []);
	t.deepEqual(namesLike('', verbs), []);
	t.is(didYouMean('nextcloud', verbs), undefined);
});

test('the question names one, or several', t => {
	t.is(didYouMean('rever', verbs), 'Did you mean "revert"?');
	t.is(didYouMean('node', ['node1', 'node2', 'node3', 'node4']), 'Did you mean "node1", "node2" or "node3"?');
});
