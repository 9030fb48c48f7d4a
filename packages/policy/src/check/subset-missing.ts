import { policyId } from '../kinds/kinds.ts';
import type { Check } from './finding.ts';
import { isRoute, quoted, references } from './references.ts';

/** An error: a data plane would have no cluster for it. */
export const subsetMissing: Check = {
  code: 'subset-missing',
  severity: 'error',
  what: 'A route names a subset that the ServicePolicy of its service does not have.',
  fix: 'Add it to `subsets` of the ServicePolicy that counts for the service.',
  *run({ policies, policyFor }) {
    for (const policy of policies) {
      if (!isRoute(policy)) continue;
      for (const { to, path } of references(policy)) {
        if (to.type !== 'subset') continue;
        const counts = policyFor(to.service);
        const subsets = counts?.spec.subsets ?? [];
        if (subsets.some(({ name }) => name === to.subset)) continue;
        const where =
          counts === undefined
            ? `no ServicePolicy is for ${quoted(to.service)}`
            : `${policyId(counts)} has ${subsets.length === 0 ? 'none' : subsets.map(({ name }) => name).join(', ')}`;
        const message = `there is no subset ${quoted(to.subset)} of ${quoted(to.service)}: ${where}`;
        yield { policy, path: [...path, 'name'], message };
      }
    }
  },
};
