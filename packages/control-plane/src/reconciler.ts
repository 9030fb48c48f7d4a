import type { Catalog, RegistrySource, ServiceChange, Snapshot } from '@meshkeeper/mesh';
import type { Logger } from '@meshkeeper/zookeeper';
import type { OverlayChange, OverlayStore } from './overlays/overlay-store.ts';
import type { PolicyStore } from './policies/policy-store.ts';
import type { PolicyList } from './policies/policy-tree.ts';

/** What a timer of Node's bears, in milliseconds. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;

/** What the reconciler drives. */
export interface ReconcilerOptions {
  readonly catalog: Catalog;
  readonly sources: readonly RegistrySource[];
  readonly overlays: OverlayStore;
  readonly policyStore: Pick<PolicyStore, 'changes'>;
  readonly logger: Logger;
  /** The catalog holds what was served before this process started: it is served at once. */
  readonly restored?: boolean;
  /** Called with all policies, at first and after each change, before the commit that has them. */
  readonly policies: (list: PolicyList) => void;
  /** Called when a source was read as a whole, before the commit that has what that found. */
  readonly reset?: (source: string) => void;
  /** Called with each new snapshot, the first as soon as every source was read completely. */
  readonly publish: (snapshot: Snapshot, changes: readonly ServiceChange[]) => void;
  /** Called after each commit, also of one that has changed nothing. */
  readonly committed?: () => void;
  /** A source ended with an error: what it said before is served on, but nothing new comes. */
  readonly failed: (error: unknown) => void;
}

/**
 * Runs sources into the catalog and its snapshots out. All that arrives in one turn of the event
 * loop becomes one snapshot; nothing waits longer than that.
 */
export class Reconciler implements AsyncDisposable {
  readonly #options: ReconcilerOptions;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  #scheduled: NodeJS.Immediate | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** The revision that was published last. */
  #published: number | undefined;
  #overlaysRead = false;
  #policiesRead = false;
  /** The orphaned overlays that are about to go. */
  readonly #deleting = new Set<string>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { signal } = this.#stop;
    // Overlays are in what was restored.
    this.#overlaysRead = options.restored ?? false;
    this.#schedule();
    this.#running = Promise.all([
      ...options.sources.map((source) => this.#guard(this.#followSource(source, signal))),
      this.#guard(this.#followOverlays(signal)),
      this.#guard(this.#followPolicies(signal)),
    ]);
  }

  /** True once a complete snapshot was published. */
  get ready(): boolean {
    return this.#published !== undefined;
  }

  /** Something else has changed the catalog: it is served with what comes in this turn. */
  changed(): void {
    this.#schedule();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    clearImmediate(this.#scheduled);
    clearTimeout(this.#timer);
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #followSource(source: RegistrySource, signal: AbortSignal): Promise<void> {
    for await (const change of source.changes(signal)) {
      this.#options.catalog.apply(source.name, change, clock());
      if (change.type === 'reset') this.#options.reset?.(source.name);
      this.#schedule();
    }
  }

  async #followOverlays(signal: AbortSignal): Promise<void> {
    for await (const changes of this.#options.overlays.changes(signal)) {
      for (const change of changes) this.#lay(change);
      this.#overlaysRead = true;
      this.#schedule();
    }
  }

  async #followPolicies(signal: AbortSignal): Promise<void> {
    for await (const list of this.#options.policyStore.changes(signal)) {
      this.#options.policies(list);
      this.#policiesRead = true;
      this.#schedule();
    }
  }

  #lay(change: OverlayChange): void {
    const { catalog } = this.#options;
    if ('endpoint' in change) catalog.overlay(change.service, change.endpoint, change.overlay);
    else if (change.hold) catalog.hold(change.service);
    else catalog.release(change.service);
  }

  /** What operators said of endpoints that are gone for good is deleted; a failure is tried again. */
  #tidy(): void {
    for (const { service, endpoint } of this.#options.catalog.orphanedOverlays) {
      const key = JSON.stringify([service, endpoint]);
      if (this.#deleting.has(key)) continue;
      this.#deleting.add(key);
      const { overlays, logger } = this.#options;
      overlays
        .delete(service, endpoint, this.#stop.signal)
        .catch((err) => {
          if (this.#stop.signal.aborted) return;
          logger.warn({ service, endpoint, err }, 'an orphaned overlay can not be deleted yet');
        })
        .finally(() => this.#deleting.delete(key));
    }
  }

  async #guard(running: Promise<void>): Promise<void> {
    try {
      await running;
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.failed(error);
    }
  }

  #schedule(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#commit();
    });
  }

  #commit(): void {
    if (this.#stop.signal.aborted || !this.#overlaysRead || !this.#policiesRead) return;
    if (!this.#options.catalog.ready) return;
    const { snapshot, changes } = this.#options.catalog.commit(clock());
    if (snapshot.revision !== this.#published) this.#options.publish(snapshot, changes);
    this.#published = snapshot.revision;
    this.#options.committed?.();
    this.#tidy();
    clearTimeout(this.#timer);
    const { deadline } = this.#options.catalog;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const wait = Math.min(LONGEST_TIMEOUT, Math.max(0, Math.ceil(deadline - clock())));
    this.#timer = setTimeout(() => this.#commit(), wait);
  }
}

/** Milliseconds since the epoch, that don't go back when the system's clock is set. */
function clock(): number {
  return performance.timeOrigin + performance.now();
}
