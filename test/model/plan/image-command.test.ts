import test from 'ava';
import {readImageCommand} from '../../../source/model/plan/image-command.ts';
import {inPlace} from '../../../source/model/plan/placed-command.ts';
import {fileCommands, imageCommands} from '../../../source/planner/hypervisor/commands.ts';

const overlay = {path: '/i/top', backingPath: '/i/base', backingFormat: 'qcow2', layout: {}};

test('of each command of qemu-img that a plan holds, the images are known', t => {
	const read = (command: Parameters<typeof readImageCommand>[0]) => {
		const found = readImageCommand(command);
		t.is(command.argv[found!.at], found!.path);
		return [found!.verb, found!.path, found!.other, found!.isUnsafe, found!.sizeBytes];
	};

	t.deepEqual(read(imageCommands.infoWithChain('/i/a', 'qcow2')), ['info', '/i/a', undefined, false, undefined]);
	t.deepEqual(read(imageCommands.createOverlay(overlay)), ['create', '/i/top', '/i/base', false, undefined]);
	t.deepEqual(read(imageCommands.createOverlay({...overlay, sizeBytes: 4096})), ['create', '/i/top', '/i/base', true, 4096]);
	t.deepEqual(read(imageCommands.createEmpty('/i/a', 512)), ['create', '/i/a', undefined, false, 512]);
	t.deepEqual(read(imageCommands.copyInto({
		from: '/i/a', format: 'raw', to: '/i/b', rateBytes: 7,
	})), ['convert', '/i/a', undefined, false, undefined]);
	t.deepEqual(read(imageCommands.pull('/i/a', undefined)), ['rebase', '/i/a', '', false, undefined]);
	t.deepEqual(read(imageCommands.pull('/i/a', {name: 'b', format: 'raw'})), ['rebase', '/i/a', 'b', false, undefined]);
	t.deepEqual(read(imageCommands.rebase('/i/a', {name: 'b', format: 'raw'})), ['rebase', '/i/a', 'b', true, undefined]);
	t.deepEqual(read(imageCommands.commit('/i/top', '/i/base')), ['commit', '/i/top', '/i/base', false, undefined]);
	for (const command of [imageCommands.tag('/i/a', 's1'), imageCommands.untag('/i/a', 's1'), imageCommands.applyTag('/i/a', '-b')]) {
		t.is(readImageCommand(command)!.path, '/i/a');
	}

	t.deepEqual(read(imageCommands.removeBitmap('/i/a', 'c1')), ['bitmap', '/i/a', undefined, false, undefined]);
	t.deepEqual(read(imageCommands.addBitmap({path: '/i/a', name: 'c1', granularityBytes: 65_536})), ['bitmap', '/i/a', undefined, false, undefined]);
	t.deepEqual(read(imageCommands.mergeBitmap({path: '/i/a', name: 'c1', source: '/i/b'})), ['bitmap', '/i/a', '/i/b', false, undefined]);
});

test('a disk that is called by a number is no size', t => {
	t.is(readImageCommand(imageCommands.createOverlay({...overlay, path: '/i/7'}))!.path, '/i/7');
});

test('an entry of a folder is known by its whole path', t => {
	const placed = inPlace({folder: '/i', inode: '1:2'}, imageCommands.commit('/i/top', '/i/base'));
	const {path, other} = readImageCommand(placed)!;
	t.deepEqual([placed.argv.at(-1), path, other], ['./top', '/i/top', '/i/base']);
});

test('what is no command on an image is none', t => {
	t.is(readImageCommand(fileCommands.remove('/i/a')), undefined);
	t.is(readImageCommand(imageCommands.openToWrite('/i/a', 'qcow2')), undefined);
});
