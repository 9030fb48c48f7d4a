import type { TrafficRule } from '@meshkeeper/mesh';
import { ANY_HOST, meet } from '../kinds/host-match.ts';
import { byRank, fitsAll } from './match.ts';
import type { RankedRule } from './rules.ts';

/** The rules of a route, for the hosts that it is for. */
export interface HostedRules {
  readonly hosts: readonly string[];
  readonly rules: readonly RankedRule[];
}

/**
 * The rules of all routes by host, those that count first: Gateway API's precedence. A host's list is
 * complete: what none of its own rules fits those of the next wider host may fit (`a.example.com`, then
 * `*.example.com`, then `*`), as precedence is given to rules, and not to hosts.
 * @param routes in the order that decides ties
 */
export function rulesByHost(
  routes: readonly HostedRules[],
): ReadonlyMap<string, readonly TrafficRule[]> {
  const hosted = routes.flatMap(({ hosts, rules }) =>
    [...new Set(hosts)].map((host) => ({ host, rules })),
  );
  const sorted = new Map(
    [...Map.groupBy(hosted, ({ host }) => host)].map(([host, all]) => [
      host,
      inOrder(all.flatMap(({ rules }) => rules)),
    ]),
  );
  const wider = [...sorted.keys()]
    .filter((host) => host.startsWith(ANY_HOST))
    .sort((a, b) => b.length - a.length);
  return new Map(
    [...sorted].map(([host, rules]) => {
      const others = wider.filter((other) => other !== host && meet(other, host) === host);
      const next = others.map((other) => sorted.get(other) ?? []);
      return [host, withNext(rules, next)];
    }),
  );
}

/** The rules of routes for the same hosts, those that count first. @param rules as ties are decided */
export function inOrder(rules: readonly RankedRule[]): readonly TrafficRule[] {
  return rules.toSorted(byRank).map(({ rule }) => rule);
}

/** Rules with those that come after them, up to one behind which no request comes. */
function withNext(
  rules: readonly TrafficRule[],
  next: readonly (readonly TrafficRule[])[],
): readonly TrafficRule[] {
  const all = [rules];
  for (const more of next) {
    if (all.at(-1)?.some(({ match }) => fitsAll(match))) break;
    all.push(more);
  }
  return all.length === 1 ? rules : all.flat();
}
