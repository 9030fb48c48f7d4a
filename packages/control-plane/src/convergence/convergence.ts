import type { ConnectedProxy, RefusedResource, XdsObserver } from '@meshkeeper/xds';
import type { Outcome, Progress, ProxyStanding, Standing } from './standing.ts';
import { type Followed, type WaitOptions, waitFor } from './wait-for.ts';

/** Data planes of one wait that are named as behind, and as gone, at most. */
const NAMED = 1_000;

/** What of the xDS server a convergence asks. */
export interface ConvergingServer {
  /** The revision up to which everything was handed to the streams. */
  readonly revision: number;
  proxy(stream: number): { readonly refused: readonly RefusedResource[] } | undefined;
}

interface Stream {
  readonly proxy: ConnectedProxy;
  applied?: { readonly revision: number; readonly at: number };
  /** It has rejected something since it is connected, so that it is worth to ask what. */
  nacked: boolean;
}

interface Wait {
  /** May change while it is waited for: what policies are in is known when they are served. */
  readonly revision: () => number;
  readonly gone: Map<number, { readonly proxy: ConnectedProxy; readonly at: number }>;
  look(): void;
}

/**
 * Which revision of the snapshot each data plane of this replica has applied, by what the xDS server
 * tells; and waits until all have. Costs a number a stream while nobody waits.
 */
export class Convergence {
  readonly #server: () => ConvergingServer;
  readonly #now: () => number;
  readonly #streams = new Map<number, Stream>();
  readonly #waits = new Set<Wait>();
  #looking: NodeJS.Immediate | undefined;
  /** To be told what the xDS server does. */
  readonly observer: XdsObserver;

  /** `now`: milliseconds since the epoch. */
  constructor(server: () => ConvergingServer, now: () => number) {
    this.#server = server;
    this.#now = now;
    this.observer = {
      connected: (proxy) => this.#connected(proxy),
      disconnected: (proxy) => this.#disconnected(proxy),
      applied: ({ proxy, revision, at }) => this.#change(proxy, { applied: { revision, at } }),
      nacked: ({ proxy }) => this.#change(proxy, { nacked: true }),
      served: () => this.#look(),
    };
  }

  /** How far all are with that revision now. */
  progress(revision: number): Progress {
    return this.#progress({ revision: () => revision, gone: new Map() });
  }

  /** What every data plane has applied at least; undefined while one has never had everything, or none is there. */
  get lowest(): number | undefined {
    let lowest: number | undefined;
    for (const { applied } of this.#streams.values()) {
      if (applied === undefined) return undefined;
      lowest = Math.min(lowest ?? applied.revision, applied.revision);
    }
    return lowest;
  }

  /**
   * Waits until every connected data plane has applied `revision`. Who connects meanwhile must have
   * it too; who goes away is not waited for, but told. One that rejects what is served will not get
   * there: it is not waited for either. With none connected it resolves when the revision is served.
   *
   * @throws the signal's reason.
   */
  async wait(revision: number, options: WaitOptions<Progress> = {}): Promise<Outcome> {
    const isOver = ({ served, counts }: Progress) => served && counts.pending === 0;
    const follow = (look: () => void) => this.follow(() => revision, look);
    const { found, timedOut } = await waitFor(follow, isOver, options);
    const converged = isOver(found) && found.counts.rejected === 0;
    return { ...found, converged, timedOut };
  }

  /** Follows how far all are with a revision, and remembers who goes away; `look` is told of changes. */
  follow(revision: () => number, look: () => void): Followed<Progress> {
    const wait: Wait = { revision, gone: new Map(), look };
    this.#waits.add(wait);
    return {
      progress: () => this.#progress(wait),
      [Symbol.dispose]: () => void this.#waits.delete(wait),
    };
  }

  #connected(proxy: ConnectedProxy): void {
    this.#streams.set(proxy.stream, { proxy, nacked: false });
    // It came back: what it is now counts.
    for (const { gone } of this.#waits)
      for (const [stream, { proxy: left }] of gone) if (left.id === proxy.id) gone.delete(stream);
    this.#look();
  }

  #disconnected(proxy: ConnectedProxy): void {
    this.#streams.delete(proxy.stream);
    const at = this.#now();
    for (const { gone } of this.#waits)
      if (gone.size < NAMED) gone.set(proxy.stream, { proxy, at });
    this.#look();
  }

  #change({ stream }: ConnectedProxy, change: Partial<Pick<Stream, 'applied' | 'nacked'>>): void {
    const known = this.#streams.get(stream);
    if (known === undefined) return;
    Object.assign(known, change);
    this.#look();
  }

  /** Looks after those who wait, once for all that happens in this turn. */
  #look(): void {
    if (this.#waits.size === 0) return;
    this.#looking ??= setImmediate(() => {
      this.#looking = undefined;
      for (const wait of this.#waits) wait.look();
    });
  }

  #progress({ revision: wanted, gone }: Pick<Wait, 'revision' | 'gone'>): Progress {
    const revision = wanted();
    const served = this.#server().revision >= revision;
    const counts = { applied: 0, pending: 0, rejected: 0, gone: gone.size };
    const behind: ProxyStanding[] = [];
    const tell = (proxy: ConnectedProxy, standing: Standing) => {
      if (behind.length < NAMED) behind.push({ proxy, standing });
    };
    for (const stream of this.#streams.values()) {
      const standing = this.#standing(stream, revision, served);
      counts[standing.type]++;
      if (standing.type !== 'applied') tell(stream.proxy, standing);
    }
    for (const { proxy, at } of gone.values()) tell(proxy, { type: 'gone', at });
    return { revision, served, counts, behind };
  }

  #standing({ proxy, applied, nacked }: Stream, wanted: number, served: boolean): Standing {
    if (applied !== undefined && applied.revision >= wanted)
      return { type: 'applied', at: applied.at };
    const revision = applied?.revision;
    // Before the revision is served, what is rejected may be what it replaces.
    const all = served && nacked ? (this.#server().proxy(proxy.stream)?.refused ?? []) : [];
    const refused = all.filter(({ since }) => since <= wanted);
    return refused.length > 0
      ? { type: 'rejected', revision, refused }
      : { type: 'pending', revision };
  }
}
