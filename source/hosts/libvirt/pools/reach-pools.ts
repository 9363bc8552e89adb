/**
Who works on a libvirt whose files are not theirs: a member of its group, or whoever is connected by TCP or TLS. What its pools tell of files is good enough there.
*/
import {succeed} from '../../../model/result.ts';
import type {Runner} from '../../../tools/run/run.ts';
import type {FileFence} from '../../shared/file-fence.ts';
import {isSession} from '../uri.ts';
import type {Virsh} from '../virsh.ts';
import type {Inventory} from '../../../model/domain/inventory.ts';
import {createPoolFiles} from './pool-files.ts';
import {createPoolRunner} from './pool-runner.ts';

export type Pools = {
	runner: Runner;
	check: FileFence['check'];
	/** The folders of an inventory; what is made in those of pools libvirt makes. */
	foldersReached(folders: Inventory['folders']): Inventory['folders'];
};

type Given = {programs: Runner; fence: FileFence; virsh: Virsh; isReadOnly: boolean};

export function reachPools({programs, fence, virsh, isReadOnly}: Given): Pools {
	const files = createPoolFiles({virsh, runner: programs, isReadOnly});
	let wanted: Promise<boolean> | undefined;
	const ask = async (): Promise<boolean> => {
		const uri = await virsh.askOne(['uri']);
		const user = uri.ok && !isSession(uri.value.trim()) ? await fence.runner({argv: ['id', '-u'], where: 'host', timeoutMs: 30_000}) : undefined;
		return user !== undefined && (user.ok ? user.value.stdout.trim() !== '0' : user.failure.kind === 'files-elsewhere');
	};

	const isWanted = async () => {
		wanted ??= ask();
		return wanted;
	};

	const {runner, reached} = createPoolRunner({runner: fence.runner, files, isWanted});
	return {
		runner,
		foldersReached: folders => new Map([...folders].map(([path, folder]) => {
			const pool = reached.get(path);
			return [path, pool === undefined ? folder : {...folder, isWritable: true, pool: pool.name}];
		})),
		async check(options) {
			const checked = await fence.check(options);
			return !checked.ok && checked.failure.kind === 'files-elsewhere' && await isWanted() && await files.hasAny() ? succeed(undefined) : checked;
		},
	};
}
