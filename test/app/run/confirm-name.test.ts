import test from 'ava';
import {planDelete} from '../../../source/actions/delete/plan.ts';
import {planRename} from '../../../source/actions/rename/plan.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import {needsName} from '../../../source/app/run/confirm-name.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';
import {unwrap} from '../../helpers/unwrap.ts';

const given = {id: 'p1', now, workPath: '/w'};
const domain = {uuid, name: 'web'};

test('the name is typed where something is lost, and only there', t => {
	const revert = (state: 'running' | 'shutoff', currentState: {kind: 'discard'} | {kind: 'keep'; name: string}) =>
		needsName(unwrap(planRevert({kind: 'revert', domain, snapshot: 's1', currentState, endState: 'shutoff'}, threeSnapshots({state}), given)));
	t.false(revert('shutoff', {kind: 'keep', name: 'k'}));
	// The memory of the guest.
	t.true(revert('running', {kind: 'keep', name: 'k'}));
	t.true(revert('shutoff', {kind: 'discard'}));
	t.false(needsName(unwrap(planRename({kind: 'rename', domain, snapshot: 's1', name: 'n'}, threeSnapshots(), given))));
	const deletion = (isMetadataOnly: boolean) => needsName(unwrap(planDelete({kind: 'delete', domain, snapshot: 's2', scope: 'one', isMetadataOnly}, threeSnapshots(), given)));
	t.true(deletion(false));
	t.false(deletion(true));
});
