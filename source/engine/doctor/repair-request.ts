/**
One request for all findings of a kind.
*/
import {joinRequests} from '../../actions/registry.ts';
import type {Request} from '../../model/plan/request.ts';
import type {Finding, FindingKind} from '../../model/domain/finding.ts';

/** Undefined where nothing of the kind can be repaired by a plan, or not in the way that is asked for. `findings` are those of one domain. */
export function repairRequest(findings: readonly Finding[], kind: FindingKind, option?: 'fold'): Request | undefined {
	if (option !== undefined) {
		return findings.find(finding => finding.kind === kind && finding.otherWay?.option === option)?.otherWay?.request;
	}

	return joinRequests(findings.flatMap(finding => finding.kind === kind && finding.request !== undefined ? [finding.request] : []));
}
