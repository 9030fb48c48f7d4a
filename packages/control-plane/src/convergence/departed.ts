import type { ConnectedProxy, XdsObserver } from '@meshkeeper/xds';

/** Data planes that are remembered, the newest; and for how long, in milliseconds. */
const KEPT = 100;
const REMEMBERED = 3_600_000;

/** A data plane that was connected. */
export interface Departed {
  readonly proxy: ConnectedProxy;
  /** When it went away: milliseconds since the epoch. */
  readonly at: number;
  /** What it had applied. */
  readonly appliedRevision: number | undefined;
}

/** The data planes that went away in the last hour and did not come back, by their ids. */
export class DepartedProxies {
  readonly #now: () => number;
  readonly #applied = new Map<number, number>();
  readonly #connected = new Map<string, number>();
  readonly #departed = new Map<string, Departed>();
  /** To be told what the xDS server does. */
  readonly observer: XdsObserver;

  /** `now`: milliseconds since the epoch. */
  constructor(now: () => number) {
    this.#now = now;
    this.observer = {
      connected: ({ id }) => {
        this.#connected.set(id, (this.#connected.get(id) ?? 0) + 1);
        this.#departed.delete(id);
      },
      applied: ({ proxy, revision }) => void this.#applied.set(proxy.stream, revision),
      disconnected: (proxy) => this.#disconnected(proxy),
    };
  }

  /** The newest first. */
  get list(): readonly Departed[] {
    const oldest = this.#now() - REMEMBERED;
    return [...this.#departed.values()].filter(({ at }) => at >= oldest).toReversed();
  }

  #disconnected(proxy: ConnectedProxy): void {
    const { id, stream } = proxy;
    const appliedRevision = this.#applied.get(stream);
    this.#applied.delete(stream);
    const others = (this.#connected.get(id) ?? 1) - 1;
    if (others > 0) {
      this.#connected.set(id, others);
      return;
    }
    this.#connected.delete(id);
    this.#departed.delete(id);
    this.#departed.set(id, { proxy, at: this.#now(), appliedRevision });
    const [first] = this.#departed.keys();
    if (this.#departed.size > KEPT && first !== undefined) this.#departed.delete(first);
  }
}
