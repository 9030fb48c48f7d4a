import type { Policy } from '../kinds/kinds.ts';
import { byNone } from './common.ts';
import type { Unsupported } from './data-plane.ts';

/** What the embedded proxy doesn't do. */
export function* byEmbedded(policy: Policy): Iterable<Unsupported> {
  yield* byNone(policy);
}
