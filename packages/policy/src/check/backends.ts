import type { Check } from './finding.ts';
import { isRoute, rulesOf } from './references.ts';

/** A warning: it may be meant, Gateway API says what becomes of the requests. */
export const noBackend: Check = {
  code: 'no-backend',
  severity: 'warning',
  what: 'A rule sends requests nowhere: they are answered with 500 (gRPC: UNAVAILABLE).',
  fix: 'Give the rule `backendRefs`, or a RequestRedirect.',
  *run({ policies }) {
    for (const policy of policies) {
      if (!isRoute(policy)) continue;
      for (const [i, { filters = [], backendRefs = [] }] of rulesOf(policy).entries())
        if (backendRefs.length === 0 && !filters.some(({ type }) => type === 'RequestRedirect'))
          yield {
            policy,
            path: ['spec', 'rules', i],
            message: 'has no backendRefs: its requests fail',
          };
    }
  },
};

/** A warning, for the same reason. */
export const weightZero: Check = {
  code: 'weight-zero',
  severity: 'warning',
  what: 'The weights of all backends of a rule are 0: its requests fail.',
  fix: 'Give one of them a weight.',
  *run({ policies }) {
    for (const policy of policies) {
      if (!isRoute(policy)) continue;
      for (const [i, { backendRefs = [] }] of rulesOf(policy).entries())
        if (backendRefs.length > 0 && backendRefs.every(({ weight }) => weight === 0))
          yield {
            policy,
            path: ['spec', 'rules', i, 'backendRefs'],
            message: 'all have weight 0: requests of the rule fail',
          };
    }
  },
};
