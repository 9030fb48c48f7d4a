import type { Gateway, Listener } from '../kinds/gateway.ts';
import { policyId } from '../kinds/kinds.ts';
import type { Check } from './finding.ts';
import { ourGateways } from './gateway-class.ts';
import { quoted } from './references.ts';

/** A listener, and whose it is. */
interface Owned {
  readonly gateway: Gateway;
  readonly listener: Listener;
}

/** An error: a port can be listened at once. */
export const listenerConflict: Check = {
  code: 'listener-conflict',
  severity: 'error',
  what: 'Two listeners want one port in ways that do not go together.',
  fix: 'Give one of them another port; HTTP listeners share one by host names, HTTPS and TLS likewise.',
  *run({ policies }) {
    const gateways = ourGateways(policies);
    const found = conflicts(gateways);
    for (const policy of gateways)
      for (const [i, listener] of policy.spec.listeners.entries()) {
        const other = found.get(listener);
        if (other !== undefined)
          yield {
            policy,
            path: ['spec', 'listeners', i, 'port'],
            message: `port ${listener.port} is that of listener ${quoted(other.listener.name)} of ${policyId(other.gateway)} already`,
          };
      }
  },
};

/** The listeners that can't be served, by those that are in their way: the first, by id, is served. */
export function conflicts(gateways: readonly Gateway[]): ReadonlyMap<Listener, Owned> {
  const found = new Map<Listener, Owned>();
  const served: Owned[] = [];
  const inOrder = gateways.toSorted((a, b) => (policyId(a) < policyId(b) ? -1 : 1));
  for (const gateway of inOrder)
    for (const listener of gateway.spec.listeners) {
      const other = served.find((known) => isConflict(known.listener, listener));
      if (other === undefined) served.push({ gateway, listener });
      else found.set(listener, other);
    }
  return found;
}

function isConflict(a: Listener, b: Listener): boolean {
  if (a.port !== b.port) return false;
  const [way, other] = [wayOf(a), wayOf(b)];
  return way !== other || way === 'TCP' || (a.hostname ?? '') === (b.hostname ?? '');
}

/** TLS that ends here and TLS that goes through are told apart by the name that the client asks for. */
function wayOf({ protocol }: Listener): string {
  return protocol === 'TLS' ? 'HTTPS' : protocol;
}
