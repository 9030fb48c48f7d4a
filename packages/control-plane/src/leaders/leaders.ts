import type { Policies, ServiceChange, Snapshot } from '@meshkeeper/mesh';
import { NO_POLICIES } from '@meshkeeper/mesh';
import type { Logger, ZooKeeper } from '@meshkeeper/zookeeper';
import { electionPath } from './election-path.ts';
import { followElection, type Leader } from './follow-election.ts';
import { leadingEndpoint } from './leading-endpoint.ts';

/** What leaders are followed with. */
export interface LeadersOptions {
  /** Which ensemble a registry is in: the elections of its services are there, too. */
  readonly ensembleOf: (registry: string) => string;
  readonly client: (ensemble: string) => Promise<ZooKeeper>;
  /** Is told who leads a service: the id of an endpoint, or that none of them does. */
  readonly elected: (service: string, endpoint: string | undefined) => void;
  /** Is told that it isn't asked any more who leads a service. */
  readonly forgotten: (service: string) => void;
  readonly logger: Logger;
}

/** An election that is followed. */
interface Following {
  readonly path: string;
  readonly ensemble: string;
  readonly stop: AbortController;
  readonly done: Promise<void>;
  /** Undefined before it was read. */
  known: { readonly leader: Leader | undefined; readonly zk: ZooKeeper } | undefined;
  /** Tells an answer from those to earlier questions. */
  asked: number;
}

/** Before an election is followed again after an error, in milliseconds. */
const PAUSE = 1000;

/** Who leads the services of which policies ask it. */
export class Leaders implements AsyncDisposable {
  readonly #options: LeadersOptions;
  readonly #following = new Map<string, Following>();
  #snapshot: Snapshot | undefined;
  #policies: Policies = NO_POLICIES;

  constructor(options: LeadersOptions) {
    this.#options = options;
  }

  /** Takes what is served now. */
  update(snapshot: Snapshot, changes: readonly ServiceChange[]): void {
    this.#snapshot = snapshot;
    if (snapshot.policies !== this.#policies) {
      this.#policies = snapshot.policies;
      for (const { name } of snapshot.services) this.#follow(name);
      for (const name of this.#following.keys()) this.#follow(name);
      return;
    }
    for (const { name } of changes) this.#follow(name);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const all = [...this.#following.values()];
    this.#following.clear();
    for (const { stop } of all) stop.abort();
    await Promise.all(all.map(({ done }) => done));
  }

  /** Follows a service's election if it is asked for, and looks again who of its endpoints leads. */
  #follow(service: string): void {
    const path = electionPath(service, this.#policies);
    const endpoints = this.#snapshot?.services.get(service)?.endpoints ?? [];
    const znode = endpoints.find(({ origin }) => origin.czxid !== undefined);
    const registry = (znode ?? endpoints[0])?.origin.registry;
    const before = this.#following.get(service);
    // Without an endpoint nobody leads; where they were is where they will be.
    const at = registry === undefined ? before?.ensemble : this.#options.ensembleOf(registry);
    if (before !== undefined && before.path === path && before.ensemble === at) {
      this.#resolve(service, before);
      return;
    }
    if (before !== undefined) {
      this.#following.delete(service);
      before.stop.abort();
      if (path === undefined) this.#options.forgotten(service);
    }
    if (path === undefined || at === undefined) return;
    const stop = new AbortController();
    const { promise: done, resolve } = Promise.withResolvers<void>();
    const following: Following = {
      ...{ path, ensemble: at, stop, done },
      ...{ known: undefined, asked: 0 },
    };
    this.#following.set(service, following);
    void this.#run(service, following).finally(resolve);
  }

  async #run(service: string, following: Following): Promise<void> {
    const { path, ensemble, stop } = following;
    const { client, logger } = this.#options;
    while (!stop.signal.aborted) {
      try {
        const zk = await client(ensemble);
        for await (const leader of followElection(zk, path, { signal: stop.signal, logger })) {
          following.known = { leader, zk };
          this.#resolve(service, following);
        }
      } catch (err) {
        if (stop.signal.aborted) return;
        logger.warn({ service, path, err }, 'an election can not be followed: trying again');
      }
      await pause(stop.signal);
    }
  }

  #resolve(service: string, following: Following): void {
    const { known, stop } = following;
    if (known === undefined) return;
    const asked = ++following.asked;
    const tell = (endpoint: string | undefined) => {
      if (asked === following.asked && !stop.signal.aborted)
        this.#options.elected(service, endpoint);
    };
    const { leader, zk } = known;
    if (leader === undefined) {
      tell(undefined);
      return;
    }
    const endpoints = this.#snapshot?.services.get(service)?.endpoints ?? [];
    leadingEndpoint(leader, endpoints, zk, stop.signal).then(
      (endpoint) => tell(endpoint?.id),
      (err) => {
        if (stop.signal.aborted) return;
        // What is known stays: the next change of either asks again.
        this.#options.logger.warn({ service, err }, 'who leads can not be found out now');
      },
    );
  }
}

function pause(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, PAUSE);
  signal.addEventListener('abort', () => resolve(), { once: true });
  return promise.finally(() => clearTimeout(timer));
}
