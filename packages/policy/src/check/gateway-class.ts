import type { Gateway } from '../kinds/gateway.ts';
import type { Policy } from '../kinds/kinds.ts';
import type { Check } from './finding.ts';
import { quoted } from './references.ts';

/** The class of the gateways that are served here. */
export const GATEWAY_CLASS = 'meshkeeper';

/** The gateways that are served here. */
export function ourGateways(policies: readonly Policy[]): readonly Gateway[] {
  return policies.filter(
    (policy): policy is Gateway =>
      policy.kind === 'Gateway' && policy.spec.gatewayClassName === GATEWAY_CLASS,
  );
}

/** A warning: it may be meant for another controller. */
export const gatewayClass: Check = {
  code: 'gateway-class',
  severity: 'warning',
  what: 'A gateway is of a class that is not served here.',
  fix: `Write \`gatewayClassName: ${GATEWAY_CLASS}\`, or leave it out.`,
  *run({ policies }) {
    for (const policy of policies)
      if (policy.kind === 'Gateway' && policy.spec.gatewayClassName !== GATEWAY_CLASS)
        yield {
          policy,
          path: ['spec', 'gatewayClassName'],
          message: `gateways of class ${quoted(policy.spec.gatewayClassName)} are not served here`,
        };
  },
};
