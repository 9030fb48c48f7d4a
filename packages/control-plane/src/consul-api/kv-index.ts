import type { LiveConfig } from '@meshkeeper/config';
import { Waiting } from './waiting.ts';

/** A value, and since when it is that. */
export interface KvEntry {
  readonly value: string;
  readonly created: number;
  readonly modified: number;
}

/** What is published, as Consul's keys: `application/namespace/key`. Secrets are not among them. */
export class KvIndex implements Disposable {
  readonly waiting = new Waiting();
  readonly #live: LiveConfig;
  readonly #unlisten: () => void;
  #entries: ReadonlyMap<string, KvEntry> = new Map();
  #index = 1;
  #stale = true;

  constructor(live: LiveConfig) {
    this.#live = live;
    this.#unlisten = live.onChange(() => {
      this.#stale = true;
      this.waiting.ring();
    });
  }

  /** False until configuration was read. */
  get known(): boolean {
    return this.#live.known;
  }

  /** Of all keys. */
  get index(): number {
    this.#read();
    return this.#index;
  }

  /** By key, sorted. */
  get entries(): ReadonlyMap<string, KvEntry> {
    this.#read();
    return this.#entries;
  }

  /** A lock has another holder: those who wait look again. */
  touch(): void {
    this.#read();
    this.#index++;
    this.waiting.ring();
  }

  [Symbol.dispose](): void {
    this.#unlisten();
  }

  /** Only when somebody asks. */
  #read(): void {
    if (!this.#stale) return;
    this.#stale = false;
    const next = this.#index + 1;
    const values = new Map<string, string>();
    for (const { application, namespace, content } of this.#live.published())
      for (const [key, entry] of content.entries)
        if (entry.type !== 'secret') values.set(`${application}/${namespace}/${key}`, entry.value);
    const before = this.#entries;
    let changed = before.size !== values.size;
    const entries = [...values].sort(([a], [b]) => (a < b ? -1 : 1));
    this.#entries = new Map(
      entries.map(([key, value]) => {
        const known = before.get(key);
        if (known?.value === value) return [key, known];
        changed = true;
        return [key, { value, created: known?.created ?? next, modified: next }];
      }),
    );
    if (changed) this.#index = next;
  }
}
