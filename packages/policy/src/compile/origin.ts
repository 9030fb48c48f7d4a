import type { PolicyOrigin } from '@meshkeeper/mesh';
import { type Policy, policyId } from '../kinds/kinds.ts';

/** The name of the source that operators' policies are. */
const SOURCE = 'policies';

/** Says that a policy says so. */
export function originOf(policy: Policy): PolicyOrigin {
  return { source: SOURCE, path: policyId(policy) };
}
