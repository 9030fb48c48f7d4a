import type { Locality, Policies } from '@meshkeeper/mesh';
import type { ResourceType } from '../codec/resource-type.ts';
import { type Changed, note, sync } from './changed.ts';
import type { Flavour } from './flavour.ts';
import { gatewayRoutes } from './listener/gateway-listeners.ts';
import { apiListener } from './listener/listener.ts';
import { nowhere } from './nowhere.ts';
import type { ResourceProblem } from './problem.ts';
import { makeResource, type Resource } from './resource.ts';
import { ResourceSet } from './resource-set.ts';
import { gatewayHosts, meshHosts } from './route/host-table.ts';
import { RouteConfigurationBuilder } from './route/route-configuration.ts';
import { RouteContext } from './route/route-context.ts';
import type { RouteForm } from './route/route-form.ts';
import { RouteTable } from './route/route-table.ts';
import type { HostRules } from './route/virtual-host.ts';
import type { ServiceResources } from './service-resources.ts';

/** The assignments that callers at one place see. */
export interface Nearby {
  readonly caller: Locality;
  readonly set: ResourceSet;
}

/**
 * What callers of one flavour that may reach the same services see; they share clusters and routes, and,
 * where they are at one place, assignments.
 */
export class Reach {
  readonly flavour: Flavour;
  readonly cluster = new ResourceSet();
  /** Those of gRPC's clients: one a service. */
  readonly listener = new ResourceSet();
  readonly #isVisible: (service: string) => boolean;
  readonly #services = new Map<string, ServiceResources>();
  readonly #nearby = new Map<string, WeakRef<Nearby>>();
  readonly #builders = new Map<string, RouteConfigurationBuilder>();
  /** In the forms that somebody has asked for. */
  readonly #tables = new Map<RouteForm, RouteTable>();
  /** To which service a name leads that gRPC's clients call. */
  #called: ReadonlyMap<string, string> = new Map();
  #problems: readonly ResourceProblem[] = [];

  /** @param isVisible which services its callers may reach, by name */
  constructor(flavour: Flavour, isVisible: (service: string) => boolean) {
    this.flavour = flavour;
    this.#isVisible = isVisible;
    if (flavour === 'grpc') this.cluster.set(nowhere().cluster);
  }

  /** What its routes could not hold. */
  get problems(): readonly ResourceProblem[] {
    return [...this.#problems, ...[...this.#builders.values()].flatMap(({ problems }) => problems)];
  }

  /** The assignments for callers there; the same object while somebody has it. */
  nearby(caller: Locality): Nearby {
    const key = JSON.stringify([caller.region, caller.zone, caller.subzone]);
    const kept = this.#nearby.get(key)?.deref();
    if (kept !== undefined) return kept;
    const set = new ResourceSet();
    if (this.flavour === 'grpc') set.set(nowhere().endpoint);
    for (const made of this.#services.values())
      for (const resource of made.assignments(this.flavour, caller)) set.set(resource);
    const nearby = { caller, set };
    this.#nearby.set(key, new WeakRef(nearby));
    return nearby;
  }

  /** The routes in that form, always up to date. */
  routes(form: RouteForm): RouteTable {
    let table = this.#tables.get(form);
    if (table === undefined) {
      table = new RouteTable(form);
      table.sync(this.#builders.values(), new Map());
      this.#tables.set(form, table);
    }
    return table;
  }

  /** Takes a service's new version, or that it is gone; adds what has changed to `changed`. */
  update(name: string, made: ServiceResources | undefined, changed: Changed): void {
    if (!this.#isVisible(name)) return;
    const before = this.#services.get(name);
    if (made === undefined) this.#services.delete(name);
    else this.#services.set(name, made);
    const { flavour } = this;
    const now = made?.clusters(flavour) ?? [];
    replace(this.cluster, before?.clusters(flavour) ?? [], now, 'cluster', changed);
    for (const [key, kept] of this.#nearby) {
      const nearby = kept.deref();
      if (nearby === undefined) {
        this.#nearby.delete(key);
        continue;
      }
      const { caller, set } = nearby;
      const old = before?.assignments(flavour, caller) ?? [];
      replace(set, old, made?.assignments(flavour, caller) ?? [], 'endpoint', changed);
    }
  }

  /** Makes the routes, and what else names services, of what there is now. */
  settle(policies: Policies, changed: Changed): void {
    const services = { get: (name: string) => this.#services.get(name)?.service };
    const context = () => new RouteContext(this.flavour, policies, services);
    const all = [...this.#services.values()].map(({ service }) => service);
    const { hosts, problems } = meshHosts(all, policies);
    this.#problems = problems;
    if (this.flavour === 'grpc') this.#buildForClients(hosts, context);
    else this.#buildForProxies(hosts, policies, context);
    for (const table of this.#tables.values()) table.sync(this.#builders.values(), changed);
    if (this.flavour !== 'grpc') return;
    sync(this.listener, this.#clientListeners(hosts), 'listener', changed);
  }

  #buildForProxies(
    hosts: readonly HostRules[],
    policies: Policies,
    context: () => RouteContext,
  ): void {
    const names = new Set(['outbound', 'gateway']);
    for (const name of names) this.#builder(name).update(hosts, context);
    for (const [name, listeners] of gatewayRoutes(policies.gateways)) {
      this.#builder(name, true).update(gatewayHosts(listeners), context);
      names.add(name);
    }
    this.#forgetOthers(names);
  }

  /** gRPC asks for the routes of one service, by its name. */
  #buildForClients(hosts: readonly HostRules[], context: () => RouteContext): void {
    for (const host of hosts)
      this.#builder(host.name).update([{ ...host, domains: ['*'] }], context);
    this.#forgetOthers(new Set(hosts.map(({ name }) => name)));
  }

  /** By whichever of its names a client calls a service, that leads to the service's routes. */
  #clientListeners(hosts: readonly HostRules[]): Resource[] {
    const before = this.#called;
    this.#called = new Map(
      hosts.flatMap(({ name, apart = [] }) => [name, ...apart].map((host) => [host, name])),
    );
    return Array.from(this.#called, ([host, name]) => {
      const kept = before.get(host) === name ? this.listener.get(host) : undefined;
      return kept ?? makeResource('listener', host, apiListener(host, name));
    });
  }

  #builder(name: string, ignorePort = false): RouteConfigurationBuilder {
    let builder = this.#builders.get(name);
    builder ??= new RouteConfigurationBuilder(name, { ignorePort });
    this.#builders.set(name, builder);
    return builder;
  }

  #forgetOthers(names: ReadonlySet<string>): void {
    for (const name of this.#builders.keys()) if (!names.has(name)) this.#builders.delete(name);
  }
}

function replace(
  set: ResourceSet,
  before: readonly Resource[],
  now: readonly Resource[],
  type: ResourceType,
  changed: Changed,
): void {
  for (const resource of now) if (set.set(resource)) note(changed, type, resource.name);
  if (before.length === 0) return;
  for (const { name } of before)
    if (!now.some((resource) => resource.name === name) && set.delete(name))
      note(changed, type, name);
}
