/**
A plan for a domain with encrypted disks: made by planners that know nothing of passphrases, and completed here. Overlays are encrypted with the secret of what they are
made on, for a plain one would show whatever the guest writes. Programs of QEMU get the passphrase from libvirt when they run. What libvirt is given records each layer with
its secret.
*/
import {posix} from 'node:path';
import type {Blocker} from '../../model/failure.ts';
import type {Encryption} from '../../model/domain/domain.ts';
import {describeSecret} from '../../model/domain/start-files.ts';
import {devicePaths, imageAt} from '../../model/images/image-graph.ts';
import type {
	Command, Plan, ProgramCommand, Step,
} from '../../model/plan/plan.ts';
import {readImageCommand} from '../../model/plan/image-command.ts';
import {allOf, fail, mapResult, succeed, type Result} from '../../model/result.ts';
import {recordSecrets, type RecordedLayer} from '../../model/xml/build/recorded-secrets.ts';
import type {Site} from '../hypervisor/hypervisor.ts';
import {step} from '../steps/step.ts';
import {
	openedWithKey, openWithKey, withKeys, type KeyedImages,
} from './keyed-commands.ts';
import {keysOf, secretOn, type Layer} from './keys.ts';

const isProgram = (command: Command): command is ProgramCommand => command.tool !== 'qmp';

/** By the path of a new image: what it is made on. */
function basesOf(plan: Plan): Map<string, string> {
	const created = plan.images.created.flatMap(({path, backingPath}) => backingPath === undefined ? [] : [[path, backingPath] as const]);
	const made = plan.steps.flatMap(({command}) => {
		const read = isProgram(command) ? readImageCommand(command) : undefined;
		return read?.verb === 'create' && read.other !== undefined ? [[read.path, read.other] as const] : [];
	});
	return new Map([...created, ...made]);
}

/** What an image is backed by once the plan is done: of a run that was merged one image is left. */
function layersAfter(plan: Plan, layersOf: (path: string) => Layer[]): (path: string) => Layer[] {
	const into = new Map((plan.images.merged ?? []).map(merge => [merge.path, merge.into]));
	const rebased = new Map((plan.images.rebased ?? []).map(({path, backingPath}) => [path, backingPath]));
	return path => {
		const moved = layersOf(path).flatMap(layer => {
			const target = into.get(layer.path);
			return target === undefined ? [layer] : layersOf(target).slice(0, 1);
		});
		const distinct = [...new Map(moved.map(layer => [layer.path, layer])).values()];
		const at = distinct.findIndex(layer => rebased.has(layer.path));
		return at === -1 ? distinct : [...distinct.slice(0, at + 1), ...layersOf(rebased.get(distinct[at]!.path)!)];
	};
}

const unnamed: Blocker = {kind: 'not-supported', text: 'An image is encrypted, and no definition names the secret for it.', remedy: 'Name it in the definition (virsh edit): <encryption format=\'luks\'> with its <secret> in the <source> of the disk.'};

/** Why libvirt cannot be asked for the passphrase; undefined: it can. */
function obstacleTo({inventory: {details}}: Site, {secret}: Encryption): Blocker | undefined {
	const words = secret && describeSecret(secret);
	if (words === undefined) {
		return unnamed;
	}

	const {secrets, valueless, untold} = details.missing ?? {};
	if (secrets?.has(words)) {
		return {kind: 'image-missing', text: `libvirt has no secret ${words}.`, remedy: 'Define it (virsh secret-define), give it its value (virsh secret-set-value), then try again.'};
	}

	if (valueless?.has(words)) {
		return {kind: 'image-missing', text: `The secret ${words} has no value.`, remedy: 'Give it its value (virsh secret-set-value), then try again.'};
	}

	return untold?.has(words)
		? {kind: 'not-permitted', text: `The secret ${words} is private: libvirt tells its value to nobody, and QEMU's programs need it for images that the domain does not have open.`, remedy: 'Define it anew without private=\'yes\' (virsh secret-dumpxml, virsh secret-undefine, virsh secret-define), give it its value (virsh secret-set-value), then try again.'}
		: undefined;
}

/** Of an overlay that libvirt made while the domain was off: it takes the image below for plain, and what the guest has written on it is of no use. */
function misread({graph}: Site, layers: readonly Layer[]): Blocker | undefined {
	const at = layers.findIndex(({path}, index) => imageAt(graph, path)?.backingFormat === 'raw' && layers[index + 1]?.format === 'luks');
	return at === -1
		? undefined
		: {
			kind: 'chain-broken',
			text: `${layers[at]!.path} reads ${layers[at + 1]!.path} as raw, but that image is encrypted: the guest reads what is encrypted there, and not its disk.`,
			remedy: `Revert to the snapshot that froze ${layers[at + 1]!.path}, and discard the current state (vsnap-tui revert --discard).`,
		};
}

/** Appends to the blockers what keeps a passphrase from being had. */
function secretsOf(site: Site, blockers: Map<string, Blocker>): KeyedImages['secretFor'] {
	return (layers, id) => {
		const encryptions = layers.flatMap(({encryption}) => encryption ?? []);
		const words = new Set(encryptions.map(({secret}) => secret && describeSecret(secret)));
		const obstacle = misread(site, layers) ?? encryptions.map(encryption => obstacleTo(site, encryption)).find(found => found !== undefined)
			?? (words.size > 1 ? {kind: 'not-supported', text: `${layers[0]!.path} and what it is backed by are encrypted with different secrets, of which QEMU's programs are given one.`, remedy: 'Give all layers the same passphrase (qemu-img amend), and name the same secret for them.'} as const : undefined);
		if (obstacle !== undefined) {
			blockers.set(obstacle.text, obstacle);
			return undefined;
		}

		const {secret} = encryptions[0]!;
		const uuid = 'uuid' in secret! ? secret.uuid : site.inventory.details.missing?.secretUuids?.get(describeSecret(secret!));
		return {
			argv: ['--object', `secret,id=${id},format=base64,file=/dev/stdin`],
			inputFrom: ['virsh', '-q', '-c', site.host.uri, 'secret-get-value', '--secret', uuid ?? ''],
		};
	};
}

/** Those that are not opened with another one above them. */
const tops = (paths: readonly string[], layersOf: (path: string) => Layer[]): string[] =>
	paths.filter(path => !paths.some(other => other !== path && layersOf(other).some(layer => layer.path === path)));

/** Without what tells how far a step is: the whole is told by the last of them. */
function stepsFor(whole: Step, commands: ProgramCommand[]): Step[] {
	const {progress: _progress, copyBytes: _copyBytes, grows: _grows, ...plain} = whole;
	return commands.map((command, index) => index === commands.length - 1
		? {...whole, command}
		: {...plain, id: `${whole.id}-layer-${index + 1}`, title: `${whole.title}: layer ${index + 1}`, command});
}

/** Fails with `refused` where a passphrase is needed and cannot be had, with `unreadable` where a document cannot be changed. */
export function encryptPlan(site: Site, plan: Plan): Result<Plan> {
	const keys = keysOf(site);
	const bases = basesOf(plan);
	const layersOf = (path: string, seen: readonly string[] = []): Layer[] => {
		const base = seen.includes(path) ? undefined : bases.get(path);
		if (base === undefined) {
			return keys.layersOf(path);
		}

		const below = layersOf(base, [...seen, path]);
		const encryption = secretOn(below);
		return [{path, format: 'qcow2', driver: 'file', ...(encryption && {encryption})}, ...below];
	};

	const paths = [...bases.keys(), ...site.inventory.details.images.map(({path}) => path)];
	if (paths.every(path => secretOn(layersOf(path)) === undefined)) {
		return succeed(plan);
	}

	const blockers = new Map<string, Blocker>();
	const known = (path: string) => layersOf(path).map(layer => imageAt(site.graph, layer.path)).filter(image => image !== undefined);
	const images: KeyedImages = {
		layersOf: path => layersOf(path),
		sizeOf: path => known(path)[0]?.virtualSizeBytes ?? 0,
		iterationsOn: path => known(path).flatMap(({luksIterations}) => luksIterations ?? [])[0],
		secretFor: secretsOf(site, blockers),
	};
	const devices = devicePaths(site.graph);
	const after = layersAfter(plan, path => layersOf(path));
	const layersAt = (path: string): RecordedLayer[] | undefined => {
		const layers = after(path);
		if (layers.some(({encryption}) => encryption !== undefined && encryption.secret === undefined)) {
			blockers.set(unnamed.text, unnamed);
		}

		return secretOn(layers) === undefined ? undefined : layers.map(({path: at, format, encryption}) => ({path: at, format, isDevice: devices.has(at), ...(encryption && {encryption})}));
	};

	const keyed = (commands: readonly Command[]): Command[] => commands.flatMap((command): Command[] => isProgram(command) ? withKeys(images, command) : [command]);
	const recorded = (whole: Step): Result<Step> => mapResult(
		allOf(whole.command.files.map(file => mapResult(recordSecrets(file.text, layersAt), text => ({...file, text})))),
		files => ({...whole, command: {...whole.command, files}}),
	);
	const steps = allOf(plan.steps.map(plain => mapResult(recorded(plain), ({command}) => {
		const {undo, instead} = plain;
		const whole: Step = {
			...plain, command, undo: undo === null ? null : keyed(undo), ...(instead && {instead: {...instead, commands: keyed(instead.commands)}}),
		};
		return isProgram(command) ? stepsFor(whole, withKeys(images, command)) : [whole];
	})));
	if (!steps.ok) {
		return steps;
	}

	const opened = [...new Set(plan.steps.flatMap(({command}) => isProgram(command) ? openedWithKey(images, command) : []))].filter(path => !bases.has(path));
	const checks = tops(opened, path => layersOf(path)).map((path, index) => step('check', {
		id: `secret-${index + 1}`, title: `Check that the secret opens ${posix.basename(path)}`, command: openWithKey(images, path),
	}));
	return blockers.size > 0 ? fail({kind: 'refused', blockers: [...blockers.values()]}) : succeed({...plan, steps: [...checks, ...steps.value.flat()]});
}
