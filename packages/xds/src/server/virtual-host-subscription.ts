import type { DeltaDiscoveryRequest } from '../codec/messages.ts';
import type { Resource } from '../resources/resource.ts';
import type { ResourceView } from '../resources/resource-set.ts';
import { routesOfVirtualHost } from '../resources/route/virtual-host-name.ts';
import { DeltaSubscription } from './delta-subscription.ts';
import type { Interests } from './interests.ts';
import { Isolation } from './isolation.ts';
import type { InFlight, Response } from './response.ts';
import type { Difference, Subscription, Verdict } from './subscription.ts';

/** From so many on it pays to find the array that other streams have too. */
const MANY = 64;

/**
 * Virtual hosts on an incremental stream (VHDS). Envoy asks for them once, whatever route configurations
 * it has, and drops those of one that it hasn't; so a stream gets those of the routes that it subscribes
 * to, again after each time that it is sent the routes.
 *
 * Envoy makes all routes anew of each response, and rejects it as a whole where two hosts have a domain:
 * what comes and what goes is in one response. What is rejected is sent again in parts, because nobody
 * would ask for the good ones again.
 */
export class VirtualHostSubscription extends DeltaSubscription {
  readonly #routes: () => Subscription | undefined;
  readonly #isolation = new Isolation();

  /** @param routes the same stream's subscription to routes */
  constructor(
    typeUrl: string,
    view: ResourceView,
    interests: Interests,
    wake: () => void,
    routes: () => Subscription | undefined,
  ) {
    super(typeUrl, view, interests, wake);
    this.#routes = routes;
  }

  override receive(
    request: DeltaDiscoveryRequest,
    legacyWildcard: boolean,
    now: number,
    revision: number,
  ): Verdict | undefined {
    const verdict = super.receive(request, legacyWildcard, now, revision);
    if (verdict?.type === 'acked') this.#isolation.accepted(verdict.response.names);
    if (verdict?.type === 'nacked') this.#rejected(verdict.response, revision);
    for (const name of this.#isolation.next ?? []) this.#doubt(name, revision);
    return verdict;
  }

  /** The stream subscribes to other routes, or was told that some are gone. */
  routesChanged(): void {
    this.forgetUncovered();
  }

  /** The stream was sent these routes, to which belongs what it was sent before they were there. */
  routesSent(routes: readonly string[], revision: number): void {
    for (const each of routes)
      this.resend(
        hostsOf(this.view.list, each).map(({ name }) => name),
        revision,
      );
  }

  /** Adds, replaces and removes. */
  override upsert(now: number): Response | undefined {
    // What is in doubt is judged by itself, also when something else was asked for anew.
    if (this.#isolation.next !== undefined && this.isPending(now)) return undefined;
    const { upserts, missing, gone } = this.#covered();
    if (this.#isolation.next !== undefined) this.#isolation.also(this.dirty.keys());
    for (let only = this.#isolation.next; only !== undefined; only = this.#isolation.next) {
      const names = new Set(only);
      const some = upserts.filter(({ name }) => names.has(name));
      const none = [...missing, ...gone].filter((name) => names.has(name));
      const isSent = some.length + none.length > 0;
      this.#isolation.taken(isSent);
      if (isSent) return this.#all(some, none);
    }
    const removed = [...missing, ...gone];
    if (upserts.length === 0 && removed.length === 0 && !this.owed) return undefined;
    this.owed = false;
    return this.#all(upserts, removed);
  }

  /** Removals are not apart. */
  override removal(): undefined {
    return undefined;
  }

  protected override covers(name: string): boolean {
    const routes = this.#routes();
    return super.covers(name) && (routes?.isServed(routesOfVirtualHost(name)) ?? true);
  }

  protected override shared(upserts: readonly Resource[]): readonly Resource[] {
    const [first] = upserts;
    if (first === undefined || upserts.length < MANY) return upserts;
    const all = hostsOf(this.view.list, routesOfVirtualHost(first.name));
    const same = all.length === upserts.length;
    return same && all.every((each, index) => each === upserts[index]) ? all : upserts;
  }

  #covered(): Difference {
    const difference = this.difference();
    if (difference.gone.every((name) => this.covers(name))) return difference;
    // With their routes: Envoy drops them itself, once the last request by those is over.
    this.forgetUncovered();
    return this.difference();
  }

  #all(upserts: readonly Resource[], removed: readonly string[]): Response {
    return this.respond(
      upserts,
      removed,
      this.clean([...upserts.map(({ name }) => name), ...removed]),
    );
  }

  #rejected({ names, since }: InFlight, revision: number): void {
    this.#isolation.rejected(names);
    if (names.length > 1) for (const name of names) this.#doubt(name, since ?? revision);
  }

  /** The stream may have that in any version, or not. */
  #doubt(name: string, revision: number): void {
    if (!this.covers(name)) return;
    this.known.set(name, '');
    this.soil(name, revision);
  }
}

const known = new WeakMap<readonly Resource[], ReadonlyMap<string, readonly Resource[]>>();

/** Those of a list that belong to some routes: the same array for the same list. */
function hostsOf(list: readonly Resource[], routes: string): readonly Resource[] {
  let groups = known.get(list);
  if (groups === undefined) {
    groups = Map.groupBy(list, ({ name }) => routesOfVirtualHost(name));
    known.set(list, groups);
  }
  return groups.get(routes) ?? [];
}
