/**
Run by itself: plans the wish and runs the plan in this process, which kills itself as soon as the step of that number is done. For wishes that the command line does not have.
Usage: node --import tsx killed-action.ts '{"domain": …, "request": …, "killAfter": N}'
*/
import process from 'node:process';
import type {Request} from '../../source/model/plan/request.ts';
import type {LabDomain} from './domains.ts';
import {act} from './in-process.ts';

const {domain, request, killAfter} = JSON.parse(process.argv.at(-1)!) as {domain: LabDomain; request: Request; killAfter: number};
let done = 0;
await act(domain, request, ({kind}) => {
	if (kind === 'step-done' && ++done === killAfter) {
		process.kill(process.pid, 'SIGKILL');
	}
});
