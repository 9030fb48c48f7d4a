import { type RouteConfiguration, routesOfVirtualHost, type VirtualHost } from '@meshkeeper/xds';

/** Route configurations that change. */
export interface RouteChange {
  readonly upserts: ReadonlyMap<string, RouteConfiguration>;
  readonly removed: readonly string[];
  /** Notes that it is in force. */
  readonly settle?: () => void;
}

/** Puts route configurations together with the virtual hosts that come apart from them. */
export class VirtualHosts {
  #routes: ReadonlyMap<string, RouteConfiguration> = new Map();
  #hosts: ReadonlyMap<string, VirtualHost> = new Map();

  /** What other routes are, with their hosts. */
  withRoutes(
    upserts: ReadonlyMap<string, RouteConfiguration>,
    removed: readonly string[],
  ): RouteChange {
    const routes = changed(this.#routes, upserts, removed);
    return {
      upserts: this.#whole(routes, this.#hosts, [...upserts.keys()]),
      removed,
      settle: () => {
        this.#routes = routes;
      },
    };
  }

  /** What routes are with other hosts. */
  withHosts(upserts: ReadonlyMap<string, VirtualHost>, removed: readonly string[]): RouteChange {
    const hosts = changed(this.#hosts, upserts, removed);
    const names = new Set([...upserts.keys(), ...removed].map(routesOfVirtualHost));
    return {
      upserts: this.#whole(this.#routes, hosts, names),
      removed: [],
      settle: () => {
        this.#hosts = hosts;
      },
    };
  }

  #whole(
    routes: ReadonlyMap<string, RouteConfiguration>,
    hosts: ReadonlyMap<string, VirtualHost>,
    names: Iterable<string>,
  ): Map<string, RouteConfiguration> {
    const whole = new Map<string, RouteConfiguration>();
    for (const name of names) {
      const own = routes.get(name);
      if (own === undefined) continue;
      const apart = [...hosts].flatMap(([key, host]) =>
        routesOfVirtualHost(key) === name ? [host] : [],
      );
      const virtualHosts = [...(own.virtualHosts ?? []), ...apart];
      whole.set(name, { ...own, vhds: undefined, virtualHosts } as RouteConfiguration);
    }
    return whole;
  }
}

function changed<M>(
  before: ReadonlyMap<string, M>,
  upserts: ReadonlyMap<string, M>,
  removed: readonly string[],
): ReadonlyMap<string, M> {
  const after = new Map([...before, ...upserts]);
  for (const name of removed) after.delete(name);
  return after;
}
