/**
One wish for all findings of a kind: their plans would stand in each other's way, because each changes what the next was made from.
*/
import type {Request} from '../../model/plan/request.ts';
import type {Finding, FindingKind} from '../../model/domain/finding.ts';

/** Undefined where nothing of the kind can be repaired by a plan, or not in the way that is asked for. `findings` are those of one domain. */
export function repairRequest(findings: readonly Finding[], kind: FindingKind, way?: 'fold'): Request | undefined {
	if (way !== undefined) {
		return findings.find(finding => finding.kind === kind && finding.otherWay?.option === way)?.otherWay?.request;
	}

	const requests = findings.flatMap(finding => finding.kind === kind && finding.request !== undefined ? [finding.request] : []);
	const [first] = requests;
	switch (first?.kind) {
		case 'rebase': {
			const rebases = requests.flatMap(request => request.kind === 'rebase' ? [request] : []);
			return {...first, links: rebases.flatMap(({links}) => links), moved: rebases.flatMap(({moved}) => moved)};
		}

		case 'remove-orphans': {
			return {...first, paths: [...new Set(requests.flatMap(request => request.kind === 'remove-orphans' ? request.paths : []))]};
		}

		default: {
			return first;
		}
	}
}
