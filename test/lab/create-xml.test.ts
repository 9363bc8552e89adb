/** Documents that a person gives to `create --xml`, and names that libvirt takes: what is not understood is refused and nothing is touched, and nothing invisible gets out. */
import {readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import test from 'ava';
import {startLab} from './daemons.ts';
import {makeDomain, withFile} from './domains.ts';
import {expectRefused} from './expect.ts';
import {report, runProgram} from './program.ts';
import {labFolderPath} from './settings.ts';
import {run, virsh} from './run.ts';
import {readParents} from './snapshots.ts';

test.before(startLab);

const fixture = (name: string) => path.join(labFolderPath, '../../fixtures/create-xml', name);

test.serial('a malformed document, blanks, and what would not be carried over are refused with line and reason, at once', async t => {
	const domain = await makeDomain(t);
	const create = (file: string) => async () => runProgram(domain, ['create', '--disk-only', '--yes', '--xml', file, '--', domain.name], {timeoutMs: 20_000});
	await expectRefused(t, domain, create(fixture('unclosed.xml')), /line \d+/, 2);
	await expectRefused(t, domain, create(fixture('crossed.xml')), /line \d+/, 2);
	await expectRefused(t, domain, create(fixture('labelled.xml')), /vda asks for <metadata_cache>, which is not supported/, 2);
	const labelled = (await readFile(fixture('labelled.xml'), 'utf8')).replace(/<driver.*<\/driver>/s, '');
	await withFile(labelled, async file => expectRefused(t, domain, create(file), /vda asks for <seclabel>, which is not supported/, 2));
	for (const text of [' '.repeat(200_000), '\n'.repeat(200_000), '', `<domainsnapshot>${'<a>'.repeat(20_000)}`]) {
		await withFile(text, async file => expectRefused(t, domain, create(file), /./, 2));
	}

	const made = await create(fixture('empty-element.xml'))();
	t.is(made.exitCode, 0, report(made));
	t.is(Object.keys(await readParents(domain)).length, 1);
});

/** Controls but line ends and tabs, marks of direction, zero-width characters, tags, fillers. */
const invisible = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u00AD\u061C\u115F\u1160\u180E\u200B-\u200F\u2028-\u202E\u2060-\u206F\u3164\uFEFF\uFFA0\uFFF9-\uFFFB\u{E0000}-\u{E00FF}]/u;

test.serial('names and descriptions with characters that cannot be seen are shown by their numbers in every output, and a script still holds their bytes', async t => {
	const domain = await makeDomain(t);
	const names = ['soft\u00ADhyphen zero\u200Cwidth tag\u{E0041} anchor\uFFF9', 'csi\u009B31m bidi\u202Eabc filler\u3164'];
	for (const [index, name] of names.entries()) {
		await withFile(`<domainsnapshot><name>${name}</name><description>d${name}</description></domainsnapshot>`, async file => {
			await virsh('snapshot-create', '--domain', domain.uuid, '--xmlfile', file, '--disk-only', '--atomic');
		});
		t.is(Object.keys(await readParents(domain)).length, index + 1);
	}

	const outputs = [['list'], ['list', '--json'], ['tree', domain.name], ['tree', '--json', domain.name], ['doctor', domain.name], ['doctor', '--json', domain.name], ['create', domain.name, 'x\u202Ey', '--disk-only', '--yes']];
	for (const name of names) {
		outputs.push(
			['revert', '--discard', '--dry-run', '--', domain.name, name],
			['revert', '--keep', 'k', '--dry-run', '--json', '--', domain.name, name],
			['delete', '--dry-run', '--shell', '--', domain.name, name],
			['revert', '--discard', '--dry-run', '--shell', '--', domain.name, `${name}\u2066`],
		);
	}

	for (const args of outputs) {
		const result = await runProgram(domain, args);
		t.notRegex(result.stdout, invisible, args.join(' '));
		t.notRegex(result.stderr, invisible, args.join(' '));
		t.not(result.exitCode, 70, report(result));
	}

	// What the script says to virsh is the name itself.
	const [name] = names as [string];
	const script = await runProgram(domain, ['delete', '--metadata', '--dry-run', '--shell', '--', domain.name, name]);
	t.is(script.exitCode, 0, report(script));
	const file = path.join(domain.folder, 'script.sh');
	await writeFile(file, script.stdout);
	t.notRegex(await readFile(file, 'utf8'), invisible);
	await run('bash', [file]);
	t.false(Object.keys(await readParents(domain)).includes(name));
});
