/**
A domain by what a person types: its name, else its UUID.
*/
import type {Host} from '../engine/ports.ts';
import type {DomainSummary} from '../model/domain/domain.ts';
import {fail, succeed, type Result} from '../model/result.ts';

export async function findDomain(host: Host, name: string): Promise<Result<DomainSummary>> {
	const domains = await host.readDomains();
	if (!domains.ok) {
		return domains;
	}

	const found = domains.value.find(domain => domain.name === name) ?? domains.value.find(domain => domain.uuid === name);
	return found ? succeed(found) : fail({kind: 'domain-not-found', name, known: domains.value.map(domain => domain.name)});
}
