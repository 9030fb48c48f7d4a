import type { Policy } from '../kinds/kinds.ts';
import type { DataPlane, Unsupported } from './data-plane.ts';
import { byEmbedded } from './embedded.ts';
import { byEnvoy } from './envoy.ts';
import { byGrpc } from './grpc.ts';

const TABLES: Readonly<Record<DataPlane, (policy: Policy) => Iterable<Unsupported>>> = {
  envoy: byEnvoy,
  embedded: byEmbedded,
  grpc: byGrpc,
};

/**
 * What a data plane doesn't do of a policy. It does the rest, and is never sent what it would reject. A
 * policy that is no concern of its (a gateway's, for a client) is not in the list.
 */
export function unsupported(policy: Policy, dataPlane: DataPlane): readonly Unsupported[] {
  return [...TABLES[dataPlane](policy)];
}
