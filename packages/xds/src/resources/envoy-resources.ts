import { EMPTY_SNAPSHOT, type Service, type ServiceChange, type Snapshot } from '@meshkeeper/mesh';
import { ADD_ORDER, type ResourceType } from '../codec/resource-type.ts';
import { cluster } from './cluster.ts';
import { listener } from './listener.ts';
import { loadAssignment } from './load-assignment.ts';
import type { ResourceProblem } from './problem.ts';
import { makeResource, type Resource } from './resource.ts';
import { ResourceSet, type ResourceView } from './resource-set.ts';
import { RouteBuilder } from './route-configuration.ts';
import type { Scope } from './scope.ts';

/** The resources that one scope sees, by type. */
export type View = Readonly<Record<ResourceType, ResourceView>>;

/** Names of the resources that were added, replaced or removed, by type. */
export type ResourceChanges = ReadonlyMap<ResourceType, ReadonlySet<string>>;

/**
 * The catalog as Envoy's resources, kept up to date change by change: a change to the endpoints of
 * a service makes one new `ClusterLoadAssignment` and nothing else.
 */
export class EnvoyResources {
  readonly #sets = new Map(ADD_ORDER.map((type) => [type, new ResourceSet()]));
  readonly #problems = new Map<string, readonly ResourceProblem[]>();
  readonly #views = new Map<string, View>();
  readonly #routes = new RouteBuilder();
  /** The services whose routes are to be made; undefined when they are up to date. */
  #unrouted: Snapshot['services'] | undefined = EMPTY_SNAPSHOT.services;

  /** What could not be told to Envoy. */
  get problems(): readonly ResourceProblem[] {
    return [...this.#problems.values(), this.#routes.problems].flat();
  }

  /**
   * Brings clusters and endpoints to `snapshot`, which differs from the one before by `changes`;
   * routes wait for {@link settle}. Returns what changed.
   */
  apply(snapshot: Snapshot, changes: readonly ServiceChange[]): ResourceChanges {
    const changed = new Map<ResourceType, Set<string>>();
    for (const change of changes) {
      if (change.type !== 'updated' || change.before.protocol !== change.after.protocol)
        this.#unrouted = snapshot.services;
      for (const type of this.#applyOne(change))
        changed.set(type, (changed.get(type) ?? new Set()).add(change.name));
    }
    if (this.#unrouted !== undefined) this.#unrouted = snapshot.services;
    return changed;
  }

  /** Makes the routes anew if services came, went or changed what they speak. */
  settle(): ResourceChanges {
    if (this.#unrouted === undefined) return new Map();
    const usable = [...this.#unrouted].filter(({ name }) => this.#set('cluster').get(name));
    this.#unrouted = undefined;
    const made = this.#routes.build(['gateway', 'outbound'], usable);
    const names = made.filter((route) => this.#set('route').set(route)).map(({ name }) => name);
    return names.length === 0 ? new Map() : new Map([['route', new Set(names)]]);
  }

  /** What nodes of that scope see; the same object for equal scopes, and always up to date. */
  view(scope: Scope): View {
    let view = this.#views.get(scope.key);
    if (view === undefined) {
      const listeners = new ResourceSet();
      for (const { kind, at } of scope.listeners)
        listeners.set(makeResource('listener', kind, listener(kind, at)));
      view = {
        secret: this.#set('secret'),
        cluster: this.#set('cluster'),
        endpoint: this.#set('endpoint'),
        listener: listeners,
        route: this.#set('route'),
      };
      // Whoever makes addresses up must not fill the memory; a view that is in use stays usable.
      if (this.#views.size >= 10_000) this.#views.clear();
      this.#views.set(scope.key, view);
    }
    return view;
  }

  #applyOne(change: ServiceChange): ResourceType[] {
    const { name } = change;
    this.#problems.delete(name);
    if (change.type !== 'removed' && (name === '' || !name.isWellFormed())) {
      const message = 'The name is empty or not valid Unicode';
      this.#problems.set(name, [{ service: name, code: 'bad-name', message }]);
      return [];
    }
    if (change.type === 'removed') {
      const types: ResourceType[] = ['cluster', 'endpoint'];
      return types.filter((type) => this.#set(type).delete(name));
    }
    const same = change.type === 'updated' && change.before.protocol === change.after.protocol;
    const resources = [this.#endpoints(change.after)];
    if (!same) resources.push(makeResource('cluster', name, cluster(name, change.after.protocol)));
    return resources.flatMap((resource) =>
      this.#set(resource.type).set(resource) ? [resource.type] : [],
    );
  }

  #endpoints(service: Service): Resource {
    const { assignment, problems } = loadAssignment(service);
    if (problems.length > 0) this.#problems.set(service.name, problems);
    return assignment;
  }

  #set(type: ResourceType): ResourceSet {
    // The map was made of all types.
    return this.#sets.get(type) as ResourceSet;
  }
}
