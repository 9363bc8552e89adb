/** A hook of libvirt that lets no domain start (L18): everything is put back, it is said that the domain is off and why, and nothing stays in the way of other actions. */
import {readdir, rm, writeFile} from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeSecondDomain, startSecondLibvirt} from './second-libvirt.ts';
import {domainPrefix, isOwnLibvirt} from './settings.ts';
import {digestImage, writeOffline} from './slots.ts';

test.before(startLab);

test('a start that a hook vetoes at "prepare" ends with everything put back and the domain off, and the next actions work', async t => {
	t.is(typeof isOwnLibvirt, 'boolean');
	if (!isOwnLibvirt) {
		t.log('Not run: this needs the hooks of the libvirt on this machine.');
		return;
	}

	const vetoPath = path.join(os.tmpdir(), `${domainPrefix}veto`);
	t.teardown(async () => rm(vetoPath, {force: true}));
	const second = await startSecondLibvirt(t, {hook: `#!/bin/sh\nif [ "$2" = prepare ] && [ -e ${vetoPath} ]; then echo "not today" >&2; exit 1; fi\n`});
	const {name, folder, image, virsh, act} = await makeSecondDomain(t, second);
	await writeOffline(image, 1, 0);
	const first = await digestImage(image);
	await virsh('snapshot-create-as', name, 's1', '--disk-only');
	const head = path.join(folder, 'vda.s1');
	await writeOffline(head, 2, 1);
	const latest = await digestImage(head);
	await virsh('start', name);
	const definition = await virsh('dumpxml', '--inactive', name);

	await writeFile(vetoPath, '');
	for (const currentState of [['--discard'], ['--keep', 'k']]) {
		const vetoed = await act('revert', name, 's1', ...currentState, '--running', '--yes');
		t.is(vetoed.exitCode, 1, vetoed.stdout + vetoed.stderr);
		t.regex(vetoed.stderr, /rolled back/i);
		t.regex(vetoed.stderr, /the domain is off: [^]*not today/);
		t.is((await virsh('domstate', name)).trim(), 'shut off');
		t.is(await virsh('dumpxml', '--inactive', name), definition);
		t.is((await virsh('snapshot-list', '--name', name)).trim(), 's1');
		t.is(await digestImage(head), latest);
		t.deepEqual((await readdir(folder)).sort(), ['domain.xml', 'vda.qcow2', 'vda.s1']);
		t.regex((await act('recover')).stdout, /No action was interrupted/);
		if (currentState[0] === '--discard') {
			// On again for the second round, while the hook looks away.
			await rm(vetoPath);
			await virsh('start', name);
			await writeFile(vetoPath, '');
		}
	}

	const made = await act('create', name, 's2', '--disk-only', '--yes');
	t.is(made.exitCode, 0, made.stdout + made.stderr);
	await rm(vetoPath);
	const reverted = await act('revert', name, 's1', '--keep', 'k', '--running', '--yes');
	t.is(reverted.exitCode, 0, reverted.stdout + reverted.stderr);
	await virsh('destroy', name);
	const [source] = /(?<=source file=')[^']+/.exec(await virsh('dumpxml', '--inactive', name)) ?? [];
	t.is(await digestImage(source!), first);
});
