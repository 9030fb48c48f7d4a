import type { ServiceChange, Snapshot } from '@meshkeeper/mesh';
import { EMPTY_SNAPSHOT } from '@meshkeeper/mesh';
import { Waiting } from './waiting.ts';

/** The catalog as Consul's queries wait for it: each service has the revision of its last change. */
export class CatalogIndex {
  readonly waiting = new Waiting();
  readonly #services = new Map<string, number>();
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  /** Of the last service that has gone. */
  #gone = 1;

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Of the whole. */
  get index(): number {
    return Math.max(1, this.#snapshot.revision);
  }

  /** Of one service; of one that isn't there, when the last one went. */
  indexOf(service: string): number {
    return this.#services.get(service) ?? this.#gone;
  }

  /** Takes a snapshot that is served, and what it changed. */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    this.#snapshot = snapshot;
    for (const { type, name } of changes)
      if (type === 'removed') {
        this.#services.delete(name);
        this.#gone = this.index;
      } else this.#services.set(name, this.index);
    this.waiting.ring();
  }
}
