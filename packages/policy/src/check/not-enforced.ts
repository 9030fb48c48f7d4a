import type { Check } from './finding.ts';

/** A warning: it says so in the reference too, but who relies on a limit should hear it. */
export const notEnforced: Check = {
  code: 'not-enforced',
  severity: 'warning',
  what: 'A RateLimitPolicy has a global limit, which no data plane enforces yet.',
  fix: 'Use a local limit, divided by the number of data planes.',
  *run({ policies }) {
    for (const policy of policies)
      if (policy.kind === 'RateLimitPolicy' && policy.spec.global !== undefined)
        yield {
          policy,
          path: ['spec', 'global'],
          message: 'is read and checked, and not enforced yet',
        };
  },
};
