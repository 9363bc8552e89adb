/**
Comparing what two images hold.
*/
import {succeed, type Result} from '../../model/result.ts';
import type {Runner} from '../run/run.ts';

/** Whether a guest reads the same from a qcow2 image and another one. Reads both whole. */
export async function readSameImage(runner: Runner, images: {path: string; other: string; otherFormat: string}): Promise<Result<boolean>> {
	const argv = ['qemu-img', 'compare', '-U', '-f', 'qcow2', '-F', images.otherFormat, '--', images.path, images.other];
	const answer = await runner({argv, where: 'host', acceptedExitCodes: [1]});
	return answer.ok ? succeed(answer.value.stdout.includes('Images are identical')) : answer;
}
