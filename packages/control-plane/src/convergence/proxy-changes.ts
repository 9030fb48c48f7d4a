import { setTimeout as pause } from 'node:timers/promises';
import type { XdsObserver } from '@meshkeeper/xds';

/** Milliseconds between two of the things that a follower is told, at least; and for each stream. */
const PACE = 250;
const PACE_OF_STREAM = 0.5;

/** Says that something about the data planes has changed; not what. */
export class ProxyChanges {
  readonly #followers = new Set<() => void>();
  #streams = 0;
  /** To be told what the xDS server does. */
  readonly observer: XdsObserver;

  constructor() {
    const tell = () => {
      for (const wake of this.#followers) wake();
    };
    this.observer = {
      ...{ loadReported: tell, acked: tell, nacked: tell, applied: tell, served: tell },
      connected: () => {
        this.#streams++;
        tell();
      },
      disconnected: () => {
        this.#streams--;
        tell();
      },
    };
  }

  /**
   * Yields at once, and after changes, until the signal aborts: four times a second at most, less
   * often where there are many streams to tell of.
   */
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
        await pause(Math.max(PACE, PACE_OF_STREAM * this.#streams), undefined, { signal });
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      this.#followers.delete(wake);
      signal.removeEventListener('abort', wake);
    }
  }
}
