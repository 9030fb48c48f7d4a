import { EMPTY_SNAPSHOT, type ServiceChange, type Snapshot, sameHosts } from '@meshkeeper/mesh';
import type { ResourceType } from '../codec/resource-type.ts';
import type { Changed } from './changed.ts';
import type { Flavour } from './flavour.ts';
import type { ResourceProblem } from './problem.ts';
import { Reach } from './reach.ts';
import type { Scope } from './scope.ts';
import { ScopedView, type View } from './scoped-view.ts';
import { ServiceResources } from './service-resources.ts';
import { isVisible } from './visible.ts';

/** Names of the resources that were added, replaced or removed, by type. */
export type ResourceChanges = ReadonlyMap<ResourceType, ReadonlySet<string>>;

/** What a new snapshot has changed. */
export interface ResourceUpdate {
  /** By service that was there and is: its assignments that have changed, whatever else has. */
  readonly endpoints: ReadonlyMap<string, ReadonlySet<string>>;
  /** All that comes, goes or changes otherwise; routes and listeners wait for `settle`. */
  readonly configuration: ResourceChanges;
}

/** Reaches that are kept although nobody has them: proxies come back. */
const KEPT_REACHES = 16;

/**
 * Snapshots as resources of data planes, kept up to date change by change: a change to the endpoints of
 * a service makes one new assignment for each way in which it is seen, and nothing else. What nobody
 * sees is not made.
 */
export class Resources {
  readonly #made = new Map<string, ServiceResources>();
  readonly #problems = new Map<string, readonly ResourceProblem[]>();
  readonly #reaches = new Map<string, WeakRef<Reach>>();
  readonly #recent = new Set<Reach>();
  readonly #views = new Map<string, WeakRef<ScopedView>>();
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  /** What the routes were made of the last time. */
  #settled: Snapshot | undefined;
  #unsettled = true;

  /** Whether routes and listeners wait for {@link settle}. */
  get isUnsettled(): boolean {
    return this.#unsettled;
  }

  /** What could not be told to data planes. */
  get problems(): readonly ResourceProblem[] {
    const ofRoutes = this.#liveReaches().flatMap(({ problems }) => problems);
    const unique = new Map(ofRoutes.map((problem) => [JSON.stringify(problem), problem]));
    return [...[...this.#problems.values()].flat(), ...unique.values()];
  }

  /**
   * Brings clusters and assignments to `snapshot`, which differs from the one before by `changes` and
   * by its policies; routes and listeners wait for {@link settle}.
   */
  apply(snapshot: Snapshot, changes: readonly ServiceChange[]): ResourceUpdate {
    const { services: before, policies } = this.#snapshot;
    this.#snapshot = snapshot;
    const endpoints = new Map<string, Set<string>>();
    const configuration: Changed = new Map();
    const update = (name: string) => {
      const changed = this.#update(name);
      const only = changed.get('endpoint');
      const served = before.has(name) && snapshot.services.has(name);
      // Never delayed by configuration, also not by that of the same service.
      if (only !== undefined && served) endpoints.set(name, only);
      if (only === undefined || !served || changed.size > 1) merge(configuration, changed);
    };
    for (const change of changes) {
      if (change.type !== 'updated' || isRouted(change)) this.#unsettled = true;
      update(change.name);
    }
    if (snapshot.policies !== policies) {
      this.#unsettled = true;
      for (const [name, { settings }] of this.#made)
        if (snapshot.policies.settings(name) !== settings) {
          // Not as fast as endpoints that come and go: routes may change with it.
          merge(configuration, this.#update(name));
        }
    }
    return { endpoints, configuration };
  }

  /** Makes routes and listeners anew, if services came, went or are called otherwise. */
  settle(): ResourceChanges {
    const changed: Changed = new Map();
    if (!this.#unsettled) return changed;
    this.#unsettled = false;
    const { policies } = this.#snapshot;
    this.#settled = this.#snapshot;
    for (const reach of this.#liveReaches()) reach.settle(policies, changed);
    for (const view of this.#liveViews()) {
      view.retarget(this.#reach(view.scope), changed);
      view.settle(policies, changed);
    }
    return changed;
  }

  /** What nodes of that scope see; the same object for equal scopes, and always up to date. */
  view(scope: Scope): View {
    const kept = this.#views.get(scope.key)?.deref();
    if (kept !== undefined) return kept;
    const view = new ScopedView(scope, this.#reach(scope), this.#current.policies);
    for (const [key, dead] of this.#views) if (dead.deref() === undefined) this.#views.delete(key);
    this.#views.set(scope.key, new WeakRef(view));
    return view;
  }

  /** The names of the assignments of a service, as anybody sees it. */
  assignmentsOf(service: string): readonly string[] {
    return this.#made.get(service)?.parts.map(({ name }) => name) ?? [];
  }

  /** Of which routes and listeners are: the last that was settled. */
  get #current(): Snapshot {
    return this.#settled ?? this.#snapshot;
  }

  #update(name: string): Changed {
    const changed: Changed = new Map();
    this.#problems.delete(name);
    const service = this.#snapshot.services.get(name);
    let made: ServiceResources | undefined;
    if (service !== undefined) {
      if (name === '' || !name.isWellFormed()) {
        const message = 'The name is empty or not valid Unicode';
        this.#problems.set(name, [{ service: name, code: 'bad-name', message }]);
        return changed;
      }
      made = new ServiceResources(service, this.#snapshot.policies, this.#made.get(name));
      if (made.problems.length > 0) this.#problems.set(name, made.problems);
      this.#made.set(name, made);
    } else this.#made.delete(name);
    for (const reach of this.#liveReaches()) reach.update(name, made, changed);
    return changed;
  }

  /** What callers of a scope may reach. */
  #reach({ flavour, service }: Scope): Reach {
    const egress = this.#current.policies.settings(service)?.egress;
    const key = JSON.stringify([flavour, egress]);
    let reach = this.#reaches.get(key)?.deref();
    if (reach === undefined) {
      reach = this.#newReach(flavour, egress);
      this.#reaches.set(key, new WeakRef(reach));
    }
    this.#recent.delete(reach);
    this.#recent.add(reach);
    const [oldest] = this.#recent;
    if (this.#recent.size > KEPT_REACHES && oldest !== undefined) this.#recent.delete(oldest);
    return reach;
  }

  #newReach(flavour: Flavour, egress: readonly string[] | undefined): Reach {
    const reach = new Reach(flavour, isVisible(egress));
    const changed: Changed = new Map();
    for (const [name, made] of this.#made) reach.update(name, made, changed);
    reach.settle(this.#current.policies, changed);
    return reach;
  }

  #liveReaches(): Reach[] {
    return [...this.#reaches].flatMap(([key, kept]) => {
      const reach = kept.deref();
      if (reach === undefined) this.#reaches.delete(key);
      return reach ?? [];
    });
  }

  #liveViews(): ScopedView[] {
    return [...this.#views.values()].flatMap((kept) => kept.deref() ?? []);
  }
}

function isRouted({ before, after }: Extract<ServiceChange, { type: 'updated' }>): boolean {
  if (before.protocol !== after.protocol || before.policy !== after.policy) return true;
  return !sameHosts(before.hosts, after.hosts);
}

function merge(into: Changed, changed: Changed): void {
  for (const [type, names] of changed) into.set(type, (into.get(type) ?? new Set()).union(names));
}
