import type { Leadership } from '@meshkeeper/mesh';
import type { ApiClient } from '../api/api-client.ts';
import { isRefused } from '../api/kubernetes-error.ts';
import type { Resource } from '../api/resource.ts';
import type { Logger } from '../logger.ts';
import type { BackOffOptions } from '../queue/back-off.ts';
import { WorkQueue } from '../queue/work-queue.ts';
import { statusOf, type Verdict } from './conditions.ts';
import type { PolicyParent } from './kubernetes-policy.ts';
import { isRoute, type PolicyObject } from './policy-kinds.ts';

/** An object as it is there now, and what is to be judged of it. */
export interface Judged {
  readonly resource: Resource<PolicyObject>;
  readonly object: PolicyObject;
  /** None of a route that has left us. */
  readonly parents: readonly PolicyParent[];
}

/** Statuses that are written at once: they have nothing to do with each other. */
const AT_ONCE = 4;

/** How statuses are written. */
export interface StatusWriterOptions {
  readonly client: ApiClient;
  /** The object of an id, as it is now; undefined when it is gone. */
  readonly find: (id: string) => Judged | undefined;
  /** Which replica writes. Default: this one. */
  readonly leader?: Leadership | undefined;
  readonly logger: Logger;
  readonly backOff?: BackOffOptions | undefined;
}

/**
 * Writes what became of policies into their status, where it says something else: by what is the case now,
 * not by events. The replica that leads does it, for all of them when it comes to lead.
 */
export class StatusWriter implements AsyncDisposable {
  readonly #options: StatusWriterOptions;
  readonly #queue: WorkQueue;
  readonly #verdicts = new Map<string, Verdict>();
  readonly #stop = new AbortController();
  #leads: boolean;
  #standing: Promise<void> | undefined;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
    const { leader, logger, backOff } = options;
    this.#leads = leader === undefined;
    this.#queue = new WorkQueue({
      work: (id, signal) => this.#write(id, signal),
      failed: (policy, err) =>
        logger.warn(
          { err, policy },
          'what became of a policy can not be written to Kubernetes yet',
        ),
      backOff,
      concurrency: AT_ONCE,
    });
  }

  /** What became of all policies, by id. */
  judged(verdicts: ReadonlyMap<string, Verdict>): void {
    const { leader } = this.#options;
    if (leader !== undefined) this.#standing ??= this.#stand(leader, this.#stop.signal);
    for (const id of this.#verdicts.keys()) if (!verdicts.has(id)) this.#verdicts.delete(id);
    for (const [id, verdict] of verdicts) this.#verdicts.set(id, verdict);
    this.look(verdicts.keys());
  }

  /** The status of these may not be what it should be. */
  look(ids: Iterable<string>): void {
    if (this.#leads) for (const id of ids) this.#queue.add(id);
  }

  /** Ends it; what was being written is written. Idempotent. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all([this.#queue.close(), this.#standing]);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #stand(leader: Leadership, signal: AbortSignal): Promise<void> {
    try {
      for await (const term of leader.changes(signal)) {
        this.#leads = term !== undefined && !term.aborted;
        // Who led before may not have come to them.
        this.look(this.#verdicts.keys());
      }
    } catch (err) {
      if (!signal.aborted)
        this.#options.logger.warn(
          { err },
          'what became of policies is not written to Kubernetes: nobody can lead',
        );
    }
    this.#leads = false;
  }

  async #write(id: string, signal: AbortSignal): Promise<void> {
    const { client, find } = this.#options;
    const found = this.#leads ? find(id) : undefined;
    if (found === undefined) return;
    const { resource, object, parents } = found;
    const generation = object.metadata.generation ?? 0;
    const left = isRoute(resource) && parents.length === 0;
    const verdict = left ? { generation, conditions: [] } : this.#verdicts.get(id);
    // What was judged is not what is there any more: it is judged again.
    if (verdict === undefined || verdict.generation !== generation) return;
    const now = `${new Date().toISOString().slice(0, 19)}Z`;
    const status = statusOf(object, parents, isRoute(resource), verdict, now);
    if (status === undefined) return;
    try {
      // With its resourceVersion: of two that write one looks again.
      await client.update(resource, { ...object, status }, { signal, subresource: 'status' });
    } catch (error) {
      if (!isRefused(error, 'NotFound')) throw error;
    }
  }
}
