import type { Node } from '../codec/messages.ts';
import type { View } from '../resources/scoped-view.ts';
import type { DiscoveryMethod } from './services.ts';

/**
 * Where a discovery server takes what it serves: named resources of each type, encoded once, each
 * with a version that the store dictates. The server compares versions and never looks into bytes.
 *
 * A store changes in place: a view always says what is the case now. Whoever changes it tells the
 * server which names, by `DiscoveryServer.changed`.
 */
export interface ResourceStore {
  /**
   * What a client sees that says this of itself in the first request of a stream. Clients that see
   * the same should get the same object: responses are put together once for all of them.
   * @param method by which it asks; undefined when that is none by which resources are sent
   */
  view(node: Node, method?: DiscoveryMethod): View;
}
