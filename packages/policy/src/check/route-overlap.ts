import { policyId, type Route } from '../kinds/kinds.ts';
import { byName } from '../kinds/order.ts';
import type { Check } from './finding.ts';
import { matchKey, matchText } from './match-key.ts';
import { isRoute } from './references.ts';

/** A match of a route, or, of a TCPRoute, all connections. */
interface Claim {
  readonly route: Route;
  readonly parent: string;
  readonly key: string;
  readonly text: string;
  readonly path: readonly PropertyKey[];
}

/** A warning: Gateway API says which of them counts, and somebody may be moving from one to the other. */
export const routeOverlap: Check = {
  code: 'route-overlap',
  severity: 'warning',
  what: 'Two routes of one parent are for the same requests; the first by name counts.',
  fix: 'Make one route of them, or tell their requests apart by host names or matches.',
  *run({ policies }) {
    const routes = policies.filter(isRoute).sort(byName);
    const claims = new Map<string, Claim[]>();
    for (const route of routes) {
      const told = new Set<string>();
      for (const claim of claimsOf(route)) {
        const id = `${claim.parent} ${claim.key}`;
        const others = claims.get(id) ?? [];
        claims.set(id, [...others, claim]);
        const other = others.find(
          (earlier) => earlier.route !== route && shareHost(earlier.route, route),
        );
        if (other === undefined || told.has(claim.path.join('.'))) continue;
        told.add(claim.path.join('.'));
        const message = `${claim.text} is what ${policyId(other.route)} is for, which counts`;
        yield { policy: route, path: claim.path, message };
      }
    }
  },
};

function claimsOf(route: Route): Claim[] {
  return (route.spec.parentRefs ?? []).flatMap(
    ({ group, kind, name, namespace, sectionName, port }, i): Claim[] => {
      // Gateways are of a namespace and have listeners, services of the catalog are not and have none.
      const of = namespace ?? route.metadata.namespace ?? '';
      const parent = JSON.stringify(
        kind === 'Service' ? [kind, name] : [group, kind, of, name, sectionName ?? '', port ?? 0],
      );
      if (route.kind === 'TCPRoute')
        return [
          { route, parent, key: 'tcp', text: 'each connection', path: ['spec', 'parentRefs', i] },
        ];
      return (route.spec.rules ?? []).flatMap(({ matches }, rule) => {
        const all = matches === undefined || matches.length === 0;
        return (all ? [{}] : matches).map((match, j) => ({
          route,
          parent,
          key: `${route.kind} ${matchKey(match)}`,
          text: matchText(match),
          path: ['spec', 'rules', rule, ...(all ? [] : ['matches', j])],
        }));
      });
    },
  );
}

function shareHost(a: Route, b: Route): boolean {
  const [mine, others] = [hostsOf(a), hostsOf(b)];
  // Of hosts that are told apart the more exact one counts, so that only equal ones are in doubt.
  if (mine.length === 0 || others.length === 0) return mine.length === others.length;
  return mine.some((host) => others.some((other) => host === other));
}

function hostsOf(route: Route): readonly string[] {
  return route.kind === 'TCPRoute' ? [] : (route.spec.hostnames ?? []);
}
