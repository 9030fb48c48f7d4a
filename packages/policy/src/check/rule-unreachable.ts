import type { Check } from './finding.ts';
import { matchKey, matchText } from './match-key.ts';

/**
 * A warning: the rest of the route is as it was meant. Of several matches that fit the more specific
 * counts, whatever their order: one is unreachable only behind one that fits the same requests.
 */
export const ruleUnreachable: Check = {
  code: 'rule-unreachable',
  severity: 'warning',
  what: 'A match never counts: an earlier one of the same route fits the same requests.',
  fix: 'Remove it, or say what is different about its requests.',
  *run({ policies }) {
    for (const policy of policies) {
      if (policy.kind !== 'HTTPRoute' && policy.kind !== 'GRPCRoute') continue;
      const seen = new Map<string, number>();
      for (const [i, { matches }] of (policy.spec.rules ?? []).entries()) {
        // Without matches a rule of gRPC is for all calls.
        const all = matches === undefined || matches.length === 0;
        for (const [j, match] of (all ? [{}] : matches).entries()) {
          const key = matchKey(match);
          const first = seen.get(key);
          if (first === undefined) {
            seen.set(key, i);
            continue;
          }
          const path = ['spec', 'rules', i, ...(all ? [] : ['matches', j])];
          const where = first === i ? 'this rule' : `rule ${first + 1}`;
          const message = `${matchText(match)} is what ${where} fits already: this is never reached`;
          yield { policy, path, message };
        }
      }
    }
  },
};
