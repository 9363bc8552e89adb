import test from 'ava';
import {unwrap} from '../../helpers/unwrap.ts';
import {planBranch} from '../../../source/actions/branch/plan.ts';
import {planRevert} from '../../../source/actions/revert/plan.ts';
import type {EndState} from '../../../source/model/plan/request.ts';
import type {Inventory} from '../../../source/model/domain/inventory.ts';
import {parseDomainXml} from '../../../source/model/xml/parse-domain.ts';
import {planOf, textsOf} from '../../helpers/create-scene.ts';
import {now, threeSnapshots, uuid} from '../../helpers/inventory.ts';

const old = '11111111-2222-3333-4444-555555555555';
const fresh = '99999999-8888-7777-6666-555555555555';
const given = {id: 'p1', now, workPath: '/w', generationId: fresh};
const domain = {uuid, name: 'web'};

function world(more: string): Inventory {
	const base = threeSnapshots();
	const change = (xml: string) => xml.replace('<memory ', `<genid>${old}</genid><memory `).replace('</devices>', `${more}</devices>`);
	return {
		...base,
		definitionXml: change(base.definitionXml),
		details: {
			...base.details,
			domain: {...base.details.domain, definition: unwrap(parseDomainXml(change(base.definitionXml)))},
			snapshots: base.details.snapshots.map(snapshot => ({...snapshot, domain: unwrap(parseDomainXml(change(snapshot.domainXml!))), domainXml: change(snapshot.domainXml!)})),
		},
	};
}

const tpm = (kind: string) => `<tpm model='tpm-crb'><backend type='${kind}'/></tpm>`;
const revert = (inventory: Inventory, endState?: EndState) =>
	unwrap(planRevert({kind: 'revert', domain, snapshot: 's1', currentState: {kind: 'keep', name: 'k'}, endState}, inventory, given));

test('a domain that is put back, or branches, is defined with the new generation id, and what is kept keeps its own', t => {
	const back = revert(world(''), 'running');
	const define = back.steps.find(({id}) => id === 'define')!;
	t.true(define.command.files[0]!.text.includes(`<genid>${fresh}</genid>`));
	t.false(JSON.stringify(define.undo).includes(fresh));
	t.true(back.steps.find(({id}) => id === 'keep')!.command.files[0]!.text.includes(`<genid>${old}</genid>`));
	t.regex(textsOf(back), /gets a new generation id/);
	const branch = unwrap(planBranch({kind: 'branch', domain, snapshot: 's1', name: 'b', currentState: {kind: 'discard'}}, world(''), given));
	t.true(branch.steps.find(({id}) => id === 'define')!.command.files[0]!.text.includes(`<genid>${fresh}</genid>`));
});

test('a domain without a generation id gets none', t => {
	const plan = unwrap(planRevert({kind: 'revert', domain, snapshot: 's1', currentState: {kind: 'discard'}, endState: undefined}, threeSnapshots(), given));
	t.false(JSON.stringify(plan).includes(fresh));
	t.notRegex(textsOf(plan), /generation id/);
});

test('a TPM that stays behind is told with the place of its state, at the snapshot and at the revert', t => {
	t.regex(textsOf(revert(world(tpm('emulator')))), /The TPM is not reverted with the disks \(its emulator's state \(\/var\/lib\/libvirt\/swtpm\/6f7e0f5a-[^)]*, unless defined otherwise\)\)/);
	t.regex(textsOf(revert(world(tpm('external')))), /its emulator runs outside libvirt/);
	t.notRegex(textsOf(revert(world(''))), /TPM/);
	t.regex(textsOf(planOf(world(tpm('passthrough')), {snapshot: 'n', isDiskOnly: true})), /The TPM's state is not kept with the snapshot \(it is a device of the host\)/);
});
