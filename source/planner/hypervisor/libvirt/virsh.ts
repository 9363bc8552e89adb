/**
Command lines of virsh. Options stand before hostile text, and domains are named by UUID: a domain's name may look like an option or like another domain's
number.
*/
import type {CommandFile, ProgramCommand} from '../../../model/plan/plan.ts';
import type {Site} from '../hypervisor.ts';

export function virsh({host}: Pick<Site, 'host'>, argv: string[], files: CommandFile[] = []): ProgramCommand {
	const [verb, ...rest] = argv;
	return {tool: 'virsh', argv: ['virsh', '-q', '-c', host.uri, verb!, ...rest], files};
}

export function onDomain(site: Pick<Site, 'host' | 'uuid'>, verb: string, ...rest: string[]): ProgramCommand {
	return virsh(site, [verb, '--domain', site.uuid, ...rest]);
}

/** The XML goes into a private file that is named after what it holds. */
export function withXml(site: Pick<Site, 'host' | 'workPath'>, fileName: string, xml: string, argv: (path: string) => string[]): ProgramCommand {
	const path = `${site.workPath}/${fileName}.xml`;
	return virsh(site, argv(path), [{path, text: xml}]);
}
