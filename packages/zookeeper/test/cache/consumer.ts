import assert from 'node:assert/strict';
import { until } from '@meshkeeper/testbed';
import type { CacheUpdate } from '../../src/index.ts';

interface Followed {
  updates(): AsyncIterable<CacheUpdate>;
  settled(): Promise<void>;
}

/** What somebody has who only listens to a cache's updates. */
export class Consumer implements AsyncDisposable {
  readonly has: Record<string, string> = {};
  resets = 0;
  readonly #cache: Followed;
  readonly #stop = new AbortController();

  constructor(
    cache: Followed & { updates(options: { signal: AbortSignal }): AsyncIterable<CacheUpdate> },
  ) {
    this.#cache = cache;
    void this.#follow(cache.updates({ signal: this.#stop.signal }));
  }

  /** Waits until it has exactly this. */
  async settled(expected: Readonly<Record<string, string>>): Promise<void> {
    await this.#cache.settled();
    await until(() => {
      assert.deepEqual(this.has, expected);
      return true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
  }

  async #follow(updates: AsyncIterable<CacheUpdate>): Promise<void> {
    for await (const update of updates) {
      if (update.type === 'reset') {
        this.resets++;
        for (const path of Object.keys(this.has)) delete this.has[path];
      }
      if (update.type === 'remove') for (const path of update.paths) delete this.has[path];
      else for (const { path, data } of update.nodes) this.has[path] = data.toString();
    }
  }
}
