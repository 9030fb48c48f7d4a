import { setImmediate as turn } from 'node:timers/promises';
import type { Resolved, ResolveRequest } from './resolved.ts';

/** One who waits until it is another than what has a digest. */
interface Waiter {
  readonly request: ResolveRequest;
  readonly digest: string;
  readonly tell: (resolved: Resolved) => void;
}

/** So many are told one after the other, before what they ask next, and others, have their turn. */
const AT_ONCE = 1_000;

/** Those who wait for what is another, together with those who wait for the same application. */
export class Waiting {
  readonly #byApplication = new Map<string, Set<Waiter>>();

  /** Calls `tell` once; never when the returned function is called before. */
  add(request: ResolveRequest, digest: string, tell: (resolved: Resolved) => void): () => void {
    const { application } = request;
    const waiter = { request, digest, tell };
    const all = this.#byApplication.get(application) ?? new Set();
    this.#byApplication.set(application, all.add(waiter));
    return () => this.#remove(waiter);
  }

  /** Tells those of the applications that a change concerns, each what it gets, when that is another. */
  async tell(
    concerns: (application: string) => boolean,
    resolve: (request: ResolveRequest) => Resolved,
  ): Promise<void> {
    const all = [...this.#byApplication].flatMap(([application, waiters]) =>
      concerns(application) ? [...waiters] : [],
    );
    let told = 0;
    for (const waiter of all) {
      const { request, digest, tell } = waiter;
      // It may have been told, or have gone, while others had their turn.
      if (!this.#byApplication.get(request.application)?.has(waiter)) continue;
      const resolved = resolve(request);
      if (resolved.digest === digest) continue;
      this.#remove(waiter);
      tell(resolved);
      if (++told % AT_ONCE === 0) await turn();
    }
  }

  #remove(waiter: Waiter): void {
    const { application } = waiter.request;
    const all = this.#byApplication.get(application);
    all?.delete(waiter);
    if (all?.size === 0) this.#byApplication.delete(application);
  }
}
