import type { Gateway } from '../kinds/gateway.ts';
import { policyId } from '../kinds/kinds.ts';
import type { Check } from './finding.ts';
import { ourGateways } from './gateway-class.ts';
import { quoted } from './references.ts';

/** An error: a port can be listened at once. */
export const listenerConflict: Check = {
  code: 'listener-conflict',
  severity: 'error',
  what: 'Two listeners want one port in ways that do not go together.',
  fix: 'Give one of them another port; HTTP listeners share one by host names, HTTPS and TLS likewise.',
  *run({ policies }) {
    const seen: { gateway: Gateway; name: string; port: number; way: string; host: string }[] = [];
    for (const policy of ourGateways(policies)) {
      for (const [i, { name, port, protocol, hostname = '' }] of policy.spec.listeners.entries()) {
        const way = protocol === 'TLS' ? 'HTTPS' : protocol;
        const other = seen.find(
          (known) =>
            known.port === port &&
            (known.way !== way || (way === 'TCP' ? true : known.host === hostname)),
        );
        if (other !== undefined)
          yield {
            policy,
            path: ['spec', 'listeners', i, 'port'],
            message: `port ${port} is that of listener ${quoted(other.name)} of ${policyId(other.gateway)} already`,
          };
        seen.push({ gateway: policy, name, port, way, host: hostname });
      }
    }
  },
};
