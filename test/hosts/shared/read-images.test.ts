import {mkdir, mkdtemp, rm, symlink} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import path from 'node:path';
import test from 'ava';
import {readImages} from '../../../source/hosts/shared/read-images.ts';
import {createLocalRunner, type Runner, type RunRequest} from '../../../source/tools/run/run.ts';
import {unwrap} from '../../helpers/unwrap.ts';

test('the images come in the order of what was asked for, whichever is read first: of two names of one file the first one counts', async t => {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-images-'));
	t.teardown(async () => rm(folder, {recursive: true}));
	const run = createLocalRunner();
	const at = (...names: string[]) => path.join(folder, ...names);
	const create = async (...words: string[]) => unwrap(await run({argv: ['qemu-img', 'create', '-q', '-f', 'qcow2', ...words], where: 'here'}));
	await mkdir(at('real'));
	await symlink('real', at('link'));
	await create(at('real/base.img'), '1M');
	await create('-F', 'qcow2', '-b', at('link/base.img'), at('head.img'));

	/** The chain of one of the two is read when that of the other is known. */
	const readAfter = (late: string): Runner => {
		let tell: (() => void) | undefined;
		const isRead = new Promise<void>(resolve => {
			tell = resolve;
		});
		return async request => {
			const isInfo = request.argv.includes('info');
			if (isInfo && request.argv.at(-1) === late) {
				await isRead;
			}

			const answer = await run(request);
			if (isInfo && request.argv.at(-1) !== late) {
				// Whoever waits for this answer goes on first.
				setImmediate(() => tell?.());
			}

			return answer;
		};
	};

	const formats = new Map([[at('head.img'), 'qcow2'], [at('real/base.img'), 'qcow2']]);
	for (const late of formats.keys()) {
		const images = unwrap(await readImages(readAfter(late), formats));
		t.deepEqual(images.map(image => path.relative(folder, image.path)), ['head.img', 'link/base.img', 'real/base.img'], late);
		t.is(images[1]!.file?.inode, images[2]!.file?.inode);
	}
});

test('tops are read at once, and what they share is told once, as the first of them says', async t => {
	const folder = await mkdtemp(path.join(tmpdir(), 'vsnap-images-'));
	t.teardown(async () => rm(folder, {recursive: true}));
	const run = createLocalRunner();
	const at = (name: string) => path.join(folder, name);
	const create = async (...words: string[]) => unwrap(await run({argv: ['qemu-img', 'create', '-q', '-f', 'qcow2', ...words], where: 'here'}));
	await create(at('vda.qcow2'), '1M');
	for (const name of ['vda.a', 'vda.b']) {
		await create('-F', 'qcow2', '-b', at('vda.qcow2'), at(name));
	}

	const isInfo = (request: RunRequest) => request.argv.includes('info');
	let waiting: (() => void) | undefined;
	let count = 0;
	// Neither is answered before both are asked.
	const both: Runner = async request => {
		if (isInfo(request)) {
			count++;
			await new Promise<void>(resolve => {
				if (count === 2) {
					waiting?.();
					resolve();
				}

				waiting = resolve;
			});
		}

		return run(request);
	};

	const formats = new Map(['vda.a', 'vda.b', 'vda.qcow2'].map(name => [at(name), 'qcow2']));
	const images = unwrap(await readImages(both, formats, new Set([at('vda.a'), at('vda.b')])));
	t.deepEqual(images.map(image => image.path), [at('vda.a'), at('vda.qcow2'), at('vda.b')]);
	t.is(count, 2);
});
