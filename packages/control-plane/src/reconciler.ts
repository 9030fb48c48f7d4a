import type { Catalog, RegistrySource, ServiceChange, Snapshot } from '@meshkeeper/mesh';
import type { Logger } from '@meshkeeper/zookeeper';
import type { OverlayStore } from './overlays/overlay-store.ts';

/** What the reconciler drives. */
export interface ReconcilerOptions {
  readonly catalog: Catalog;
  readonly sources: readonly RegistrySource[];
  readonly overlays: OverlayStore;
  readonly logger: Logger;
  /** Called with each new snapshot, the first as soon as every source was read completely. */
  readonly publish: (snapshot: Snapshot, changes: readonly ServiceChange[]) => void;
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
  #published = false;
  #overlaysRead = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { signal } = this.#stop;
    this.#running = Promise.all([
      ...options.sources.map((source) => this.#guard(this.#followSource(source, signal))),
      this.#guard(this.#followOverlays(signal)),
    ]);
  }

  /** True once a complete snapshot was published. */
  get ready(): boolean {
    return this.#published;
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
      this.#options.catalog.apply(source.name, change, performance.now());
      this.#schedule();
    }
  }

  async #followOverlays(signal: AbortSignal): Promise<void> {
    for await (const changes of this.#options.overlays.changes(signal)) {
      for (const { service, endpoint, overlay } of changes)
        this.#options.catalog.overlay(service, endpoint, overlay);
      this.#overlaysRead = true;
      this.#schedule();
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
    if (this.#stop.signal.aborted || !this.#overlaysRead || !this.#options.catalog.ready) return;
    const { snapshot, changes } = this.#options.catalog.commit(performance.now());
    if (changes.length > 0 || !this.#published) this.#options.publish(snapshot, changes);
    this.#published = true;
    clearTimeout(this.#timer);
    const { deadline } = this.#options.catalog;
    if (deadline === Number.POSITIVE_INFINITY) return;
    this.#timer = setTimeout(
      () => this.#commit(),
      Math.max(0, Math.ceil(deadline - performance.now())),
    );
  }
}
