import { setTimeout as pause } from 'node:timers/promises';
import type { XdsObserver } from '@meshkeeper/xds';

/** Milliseconds between two of the things that a follower is told. */
const PACE = 250;

/** Says that something about the data planes has changed; not what. */
export class ProxyChanges {
  readonly #followers = new Set<() => void>();
  /** To be told what the xDS server does. */
  readonly observer: XdsObserver;

  constructor() {
    const tell = () => {
      for (const wake of this.#followers) wake();
    };
    this.observer = {
      ...{ connected: tell, disconnected: tell, loadReported: tell },
      ...{ acked: tell, nacked: tell, applied: tell, served: tell },
    };
  }

  /** Yields at once, and after changes, four times a second at most, until the signal aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<void, void, void> {
    let changed = Promise.withResolvers<void>();
    const wake = () => changed.resolve();
    this.#followers.add(wake);
    signal.addEventListener('abort', wake);
    try {
      while (!signal.aborted) {
        changed = Promise.withResolvers();
        yield;
        await changed.promise;
        await pause(PACE, undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#followers.delete(wake);
      signal.removeEventListener('abort', wake);
    }
  }
}
