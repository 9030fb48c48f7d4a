import type { Catalog } from '@meshkeeper/mesh';
import { KeptLeases } from '@meshkeeper/recipes';
import type { Dialect } from '@meshkeeper/registries';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import type { Config } from '../config/schema.ts';
import type { EventBus } from '../events/event-bus.ts';
import { publishLeases } from '../events/publish-leases.ts';
import type { Members } from '../members/members.ts';
import { Checks } from '../registrations/checks.ts';
import { Registrations } from '../registrations/registrations.ts';
import { targetsOf } from '../registrations/targets.ts';
import { Queues } from './queues.ts';

/** What leases are kept with. */
export interface LeasesOptions {
  readonly zk: ZooKeeper;
  readonly config: Config;
  readonly dialects: ReadonlyMap<string, Dialect>;
  readonly catalog: Catalog;
  readonly members: Members;
  readonly events: EventBus;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/**
 * What lives by being kept alive over the API: locks, elections and registered instances, which are checked.
 * @param stack ends it
 */
export function openLeases(
  { zk, config, dialects, catalog, members, events, logger, now }: LeasesOptions,
  stack: AsyncDisposableStack,
): { readonly queues: readonly Queues[]; readonly registrations: Registrations } {
  const leases = stack.use(new KeptLeases({ zk, logger }));
  stack.use(publishLeases(events, leases));
  const targets = targetsOf(config.registries, dialects);
  const registrations = new Registrations({ zk, leases, catalog, now, targets });
  stack.use(new Checks({ leases, registrations, members, logger }));
  const queues = [new Queues('lock', zk, leases), new Queues('election', zk, leases)];
  return { queues, registrations };
}
