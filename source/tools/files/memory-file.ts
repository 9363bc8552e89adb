/**
Whether the memory that was saved to a file still belongs to the images that the guest had.
*/
import {closingSeconds, savedMagic} from '../../model/domain/memory-format.ts';
import {succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';
import {readFileFacts} from './files.ts';

/** False where the file is not there or not whole, or where one of the images is gone or was written to afterwards. */
export async function fitsMemory(runner: Runner, {path, images}: {path: string; images: readonly string[]}): Promise<Result<boolean>> {
	const start = await runner({argv: ['head', '-c', String(savedMagic.length), '--', path], where: 'host', timeoutMs: 30_000, acceptedExitCodes: [1]});
	if (!start.ok || start.value.stdout !== savedMagic) {
		return start.ok ? succeed(false) : start;
	}

	const facts = await readFileFacts(runner, [path, ...images]);
	const changedAt = (file: string) => facts.ok ? Number(facts.value.get(file)?.modifiedAt ?? Number.NaN) : Number.NaN;
	return facts.ok ? succeed(images.every(image => changedAt(image) <= changedAt(path) + closingSeconds)) : facts;
}
