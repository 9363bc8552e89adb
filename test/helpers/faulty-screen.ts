/**
Not a test: the screen on the fake host, with a mistake of ours in it, for the tests in a real terminal. FAULT says where: `read` throws where the
host is read, `render` while a frame is made.
*/
import process from 'node:process';
import {readAbilities} from '../../source/terminal/abilities.ts';
import {runScreen} from '../../source/ui/run-screen.tsx';
import {fail} from '../../source/model/result.ts';
import {fakeServices} from './fake-services.ts';

const {services, world} = fakeServices();
const fault = process.env.FAULT;
if (fault === 'read') {
	services.host.readHost = async () => {
		throw new Error('a mistake while reading');
	};
}

if (fault === 'render') {
	world.allDetails = world.allDetails.map(details => ({...details, domain: {...details.domain, state: 'no such state' as 'running'}}));
}

const {columns, rows} = process.stdout;
process.exitCode = await runScreen({
	hosts: [{name: 'qemu:///system', services}],
	openHost: async () => fail({kind: 'read-only'}),
	abilities: readAbilities({env: process.env, columns, rows, isAsciiWanted: false, isColourRefused: false}),
	start: {},
});
