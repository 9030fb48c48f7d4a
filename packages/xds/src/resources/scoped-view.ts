import { NO_LOCALITY, type Policies } from '@meshkeeper/mesh';
import type { ResourceType } from '../codec/resource-type.ts';
import { type Changed, note, sync } from './changed.ts';
import { loadAssignment } from './endpoint/load-assignment.ts';
import { gatewayListeners } from './listener/gateway-listeners.ts';
import { listener } from './listener/listener.ts';
import type { Nearby, Reach } from './reach.ts';
import { makeResource, type Resource } from './resource.ts';
import { ResourceSet, type ResourceView } from './resource-set.ts';
import type { RouteTable } from './route/route-table.ts';
import type { Scope } from './scope.ts';

/** The resources that one scope sees, by type. */
export type View = Readonly<Record<ResourceType, ResourceView>>;

/**
 * What the nodes of a scope see: what callers of its reach see, and listeners of its own. The reach is
 * another when an operator says so; the view stays the same.
 */
export class ScopedView implements View {
  readonly scope: Scope;
  readonly secret: ResourceView = new ResourceSet();
  readonly cluster = delegate(() => this.#reach.cluster);
  readonly endpoint = delegate(() => {
    return this.scope.flavour === 'grpc' ? this.#clientEndpoints : this.#nearby.set;
  });
  readonly route = delegate(() => this.#routes.route);
  readonly virtualHost = delegate(() => this.#routes.virtualHost);
  readonly listener = delegate(() => {
    return this.scope.flavour === 'grpc' ? this.#reach.listener : this.#listeners;
  });
  readonly #listeners = new ResourceSet();
  /**
   * gRPC keeps the cluster of a service that is gone: its endpoints are told to be none, or they would be
   * called at addresses that others may have by then.
   */
  readonly #clientEndpoints: ResourceView = delegate(
    () => this.#nearby.set,
    (name) => loadAssignment({ ...NOBODY, name }),
  );
  #reach: Reach;
  #nearby: Nearby;

  constructor(scope: Scope, reach: Reach, policies: Policies) {
    this.scope = scope;
    this.#reach = reach;
    this.#nearby = reach.nearby(scope.locality);
    this.settle(policies, new Map());
  }

  /** Sees what callers of that reach see from now on. */
  retarget(reach: Reach, changed: Changed): void {
    if (reach === this.#reach) return;
    const types = ['cluster', 'endpoint', 'route', 'virtualHost', 'listener'] as const;
    const names = (type: ResourceType) => this[type].list.map(({ name }) => name);
    const before = types.map((type) => names(type));
    this.#reach = reach;
    this.#nearby = reach.nearby(this.scope.locality);
    types.forEach((type, index) => {
      for (const name of [...(before[index] ?? []), ...names(type)]) note(changed, type, name);
    });
  }

  /** Makes its listeners of what is applied now. */
  settle(policies: Policies, changed: Changed): void {
    sync(this.#listeners, listenersOf(this.scope, policies), 'listener', changed);
  }

  get #routes(): RouteTable {
    return this.#reach.routes(this.scope.form);
  }
}

const NOBODY = {
  endpoints: [],
  settings: undefined,
  flavour: 'grpc',
  caller: NO_LOCALITY,
} as const;

/** @param otherwise makes what there is not */
function delegate(to: () => ResourceView, otherwise?: (name: string) => Resource): ResourceView {
  return {
    get: (name) => to().get(name) ?? otherwise?.(name),
    get size() {
      return to().size;
    },
    get list() {
      return to().list;
    },
    get version() {
      return to().version;
    },
  };
}

/**
 * The listeners of a scope. A gateway serves every service, until there are policies of gateways: then
 * the one that is called as it is, or all of them.
 */
function listenersOf({ listeners, service, certificates }: Scope, policies: Policies): Resource[] {
  return listeners.flatMap(({ kind, at }) => {
    const stated = kind === 'gateway' ? policies.gateways : [];
    if (stated.length === 0) return [makeResource('listener', kind, listener(kind, at))];
    const own = stated.filter(({ name }) => name === service);
    const served = own.length === 0 ? stated : own;
    return gatewayListeners(served, at, { certificates }, policies).map((message) =>
      makeResource('listener', message.name ?? '', message),
    );
  });
}
