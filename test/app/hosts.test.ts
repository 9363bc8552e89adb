import test from 'ava';
import type {Effect} from '../../source/app/effects-data.ts';
import {createHosts, type Hosts, type Lane} from '../../source/app/hosts/many-hosts.ts';
import {shortName, type HostLine} from '../../source/app/hosts/host-line.ts';
import {initialState} from '../../source/app/state.ts';
import {fail, succeed} from '../../source/model/result.ts';
import {createViewport} from '../../source/ui/content/page.ts';
import {acceptedFrame, frameOf, plainTheme} from '../helpers/screen-harness.ts';

const viewport = createViewport(plainTheme());
const [first, second, third] = ['qemu:///system', 'qemu+ssh://root@kvm2/system', 'qemu+ssh://kvm3/system'] as const;
const key = (text: string) => ({kind: 'key' as const, key: {name: 'character' as const, text}});

type Scene = {hosts: Hosts; effects: Map<string, Effect[]>; quits: unknown[]; opened: string[]; answer: (name: string, names: string[]) => void; refuse: (name: string) => void};

/** Hosts of which nothing is answered by itself. */
function scene(names: readonly string[] = [first, second, third]): Scene {
	const effects = new Map<string, Effect[]>();
	const senders = new Map<string, (message: Parameters<Hosts['store']['send']>[0]) => void>();
	const quits: unknown[] = [];
	const opened: string[] = [];
	const laneOf = (name: string): Lane => ({
		name,
		initial: initialState({
			columns: 80, rows: 24, nowMs: 0, isReadOnly: false, isLinear: false, start: {},
		}),
		createRunner(send) {
			senders.set(name, send);
			effects.set(name, []);
			return {
				run(effect) {
					effects.get(name)!.push(effect);
				},
				close: () => undefined,
			};
		},
	});
	const hosts = createHosts(names.map(name => laneOf(name)), {
		viewport, now: () => 0,
		onQuit(end) {
			quits.push(end);
		},
		async open(name) {
			opened.push(name);
			return name === 'nowhere' ? fail({kind: 'usage', message: 'nowhere is no host.'}) : succeed(laneOf(name));
		},
	});
	hosts.store.send({kind: 'started'});
	const asked = (name: string) => effects.get(name)!.findLast((effect): effect is Effect & {kind: 'read-domains'} => effect.kind === 'read-domains')!.number;
	return {
		hosts, effects, quits, opened,
		answer(name, domains) {
			senders.get(name)!({kind: 'domains-read', number: asked(name), result: succeed(domains.map(domain => ({uuid: `${name} ${domain}`, name: domain, state: 'running'})))});
		},
		refuse(name) {
			senders.get(name)!({kind: 'domains-read', number: asked(name), result: fail({kind: 'host-unreachable', uri: name, cause: {
				argv: ['virsh'], exitCode: 1, timedOut: false, stderr: 'error: failed to connect to the hypervisor\nerror: Connection refused', durationMs: 1,
			}})});
		},
	};
}

const shown = ({hosts}: Scene) => hosts.store.getState();

test('each host is asked by itself, and one that does not answer holds up none of the others', async t => {
	const at = scene();
	t.deepEqual([...at.effects.values()].map(effects => effects.filter(({kind}) => kind === 'read-domains').length), [1, 1, 1]);
	at.answer(first, ['web', 'db']);
	at.refuse(third);
	t.deepEqual(shown(at).hosts.all.map(({state, domains, reason}) => [state, domains, reason]), [['answers', 2, undefined], ['connecting', undefined, undefined], ['silent', undefined, 'Connection refused']]);
	const frame = await frameOf(shown(at));
	t.is(frame, await acceptedFrame('hosts-80x24', frame));
});

test('the domains of the others stand under their names as far as there is room, and the cursor goes on into them', async t => {
	const at = scene();
	const cursor = () => shown(at).domains.value?.find(({uuid}) => uuid === shown(at).domainCursor.id)?.name;
	at.answer(first, ['web', 'db']);
	at.answer(second, Array.from({length: 12}, (_, index) => `vm${index + 10}`));
	at.answer(third, ['mail']);
	const frame = await frameOf(shown(at));
	t.is(frame, await acceptedFrame('hosts-unfolded-80x24', frame));
	at.hosts.store.send(key('j'));
	t.is(cursor(), 'web');
	at.hosts.store.send(key('j'));
	t.deepEqual([shown(at).hosts.own, cursor(), shown(at).pane], [1, 'vm10', 'domains']);
	at.hosts.store.send(key('k'));
	t.deepEqual([shown(at).hosts.own, cursor()], [0, 'web']);
	at.hosts.store.send(key(']'), key('G'));
	at.hosts.store.send(key('j'));
	t.deepEqual([shown(at).hosts.own, cursor()], [2, 'mail']);
	at.hosts.store.send(key('j'));
	t.deepEqual([shown(at).hosts.own, cursor()], [2, 'mail']);
});

test('a click on a domain of another host goes there, one on a host that is shown already does nothing', async t => {
	const at = scene();
	at.answer(first, ['web']);
	at.answer(second, ['mail', 'shop']);
	const row = (await frameOf(shown(at))).split('\n').findIndex(line => line.includes('shop'));
	const click = (at: Scene, row: number) => {
		at.hosts.store.send({kind: 'key', key: {name: 'mouse', action: 'press', column: 6, row}});
	};

	click(at, 2);
	t.is(shown(at).hosts.own, 0);
	click(at, row);
	t.deepEqual([shown(at).hosts.own, shown(at).domainCursor.id], [1, `${second} shop`]);
});

test('] goes to the next host with a state of its own, [ back; the host that does not answer says why', async t => {
	const at = scene();
	at.answer(first, ['web']);
	at.refuse(second);
	at.hosts.store.send(key(']'));
	t.is(shown(at).hosts.own, 1);
	t.is(shown(at).domains.value, undefined);
	const frame = await frameOf(shown(at));
	t.is(frame, await acceptedFrame('hosts-silent-80x24', frame));
	at.hosts.store.send(key('['));
	t.deepEqual(shown(at).domains.value?.map(({name}) => name), ['web']);
});

test('H offers the hosts that are open and those that are known, and opens one of them', async t => {
	const at = scene([first]);
	at.answer(first, ['web']);
	at.hosts.store.send(key('H'));
	at.hosts.store.send({kind: 'known-hosts-read', known: [second, 'nowhere']});
	const menu = shown(at).scene;
	t.deepEqual(menu.kind === 'menu' && menu.options.map(({label}) => label), [second, 'nowhere']);
	at.hosts.store.send({kind: 'option-chosen', index: 0});
	await Promise.resolve();
	await new Promise(setImmediate);
	t.deepEqual(at.opened, [second]);
	t.is(shown(at).hosts.own, 1);
	at.answer(second, ['mail']);
	t.deepEqual(shown(at).domains.value?.map(({name}) => name), ['mail']);
	at.hosts.store.send(key('H'), {kind: 'known-hosts-read', known: ['nowhere']}, {kind: 'option-chosen', index: 2});
	await new Promise(setImmediate);
	t.is(shown(at).notice, 'nowhere is no host.');
});

test('leaving asks on the host where something is at work, and ends with the worst exit code', t => {
	const at = scene();
	at.answer(first, ['web']);
	at.hosts.store.send(key('q'));
	t.deepEqual(at.quits, [{exitCode: 0, signal: undefined}]);
});

test('a size and a signal are for all hosts, a key for the one that is shown', t => {
	const at = scene();
	at.hosts.store.send({kind: 'resized', columns: 100, rows: 30});
	t.deepEqual(at.hosts.states().map(({columns}) => columns), [100, 100, 100]);
	at.answer(first, ['web']);
	at.hosts.store.send(key('?'));
	t.deepEqual(at.hosts.states().map(({scene}) => scene.kind), ['help', 'browse', 'browse']);
});

test('a machine is called by its name, unless two hosts are on it', t => {
	const lines = (...names: string[]): HostLine[] => names.map(name => ({name, state: 'answers', reason: undefined, domains: 0, needing: 0, atWork: 0, isShown: false}));
	t.is(shortName(second, lines(first, second)), 'kvm2');
	t.is(shortName(second, lines(second, 'qemu+ssh://kvm2/session')), second);
	t.is(shortName(first, lines(first)), first);
});
