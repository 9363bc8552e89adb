import test from 'ava';
import {unwrap} from '../../../helpers/unwrap.ts';
import type {Domain} from '../../../../source/model/domain/domain.ts';
import {fail, succeed} from '../../../../source/model/result.ts';
import {parseDomainXml} from '../../../../source/model/xml/parse-domain.ts';
import {readJobs} from '../../../../source/hosts/libvirt/read/read-jobs.ts';
import type {Answer, Virsh} from '../../../../source/hosts/libvirt/virsh.ts';
import {fixture, toolFailure} from '../fixture.ts';

const none = succeed(fixture('libvirt-9.0/domjobinfo-none.txt'));

function world(mirror = ''): Domain {
	const definition = unwrap(parseDomainXml(`<domain><name>web</name><devices><disk type='file' device='disk'><source file='/d/vda.s1'/>${mirror}<target dev='vda'/></disk></devices></domain>`));
	return {
		uuid: 'u', name: 'web', state: 'running', isPersistent: true, hasManagedSave: false, definition, liveDefinition: definition,
	};
}

/** What is asked of virsh is answered in this order: the domain's job, then that of the one disk. */
function answering(...answers: Answer[]): Virsh {
	return {ask: async () => succeed(answers), askOne: async () => answers[0]!, prefix: [], tell: async () => false};
}

async function jobsOf(answers: Answer[], domain = world()): Promise<string[]> {
	return unwrap(await readJobs(answering(...answers), domain)).map(({text, remedy}) => `${text}: ${remedy}`);
}

test('an unlimited block job is seen, of which virsh says nothing on stdout without --raw', async t => {
	t.deepEqual(await jobsOf([none, succeed(' type=Block Pull\n bandwidth=0\n cur=1\n end=2\n')]), ['Block Pull on vda: Wait until it has ended, or abort it (virsh blockjob web vda --abort).']);
	t.deepEqual(await jobsOf([none, succeed('')]), []);
});

test('an active commit that is ready is called one, with both ways to end it', async t => {
	const mirror = '<mirror type=\'file\' job=\'active-commit\' ready=\'yes\'><format type=\'qcow2\'/><source file=\'/d/vda.qcow2\'/></mirror>';
	const [job] = await jobsOf([none, succeed(' type=Active Block Commit\n bandwidth=0\n cur=2\n end=2\n')], world(mirror));
	t.regex(job!, /an active commit of vda that is complete.*virsh blockjob web vda --pivot \(vda continues on \/d\/vda\.qcow2\).*--abort \(vda stays on \/d\/vda\.s1; what it has copied stays in the image below/);
	t.regex((await jobsOf([none, succeed(' type=Block Commit\n')]))[0]!, /--abort; what it has copied stays/);
	t.regex((await jobsOf([none, succeed('')], world(mirror.replace(' ready=\'yes\'', ''))))[0]!, /^an active commit of vda: Wait/);
	t.regex((await jobsOf([none, succeed('')], world(mirror.replace('active-commit', 'copy'))))[0]!, /^a copy of vda that is complete/);
});

test('an error of domjobinfo is a job, unless the domain is off, gone, or of a driver without jobs', async t => {
	const busy = fail(toolFailure('error: internal error: invalid job statistics type\n'));
	t.regex((await jobsOf([busy, succeed('')]))[0]!, /a job about which libvirt gives no details \(internal error: invalid job statistics type\): .*cannot be aborted/);
	for (const message of ['not-running', 'no-domain', 'not-supported']) {
		const answer = fail(toolFailure(fixture(`libvirt-9.0/messages/${message}.txt`)));
		t.deepEqual(await jobsOf([answer, answer]), [], message);
	}
});

test('a backup is one job, and its block jobs are ended with it; an export goes on until somebody ends it', async t => {
	const backup = succeed('Job type:         Unbounded   \nOperation:        Backup\nTime elapsed:     100          ms\n');
	const [job, ...others] = await jobsOf([backup, succeed(' type=Backup\n bandwidth=0\n cur=0\n end=0\n')]);
	t.regex(job!, /^Backup \(unbounded\): Wait until it has ended, or end it \(virsh domjobabort web\): an export goes on/);
	t.deepEqual(others, []);
	t.is((await jobsOf([backup, succeed(' type=Block Pull\n')])).length, 2);
	t.is((await jobsOf([none, succeed(' type=Backup\n')])).length, 1);
});
