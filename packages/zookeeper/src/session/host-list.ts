import type { HostPort } from '../connect-string.ts';

/**
 * The order in which servers are tried: shuffled once, so that clients spread, then round robin, as
 * ZooKeeper's `StaticHostProvider`.
 */
export class HostList {
  readonly #hosts: readonly HostPort[];
  #next = 0;
  #tried = 0;

  /** `random`: in [0, 1). */
  constructor(hosts: readonly HostPort[], random: () => number) {
    const shuffled = [...hosts];
    for (let i = shuffled.length - 1; i > 0; i--) {
      const j = Math.floor(random() * (i + 1));
      [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
    }
    this.#hosts = shuffled;
  }

  get size(): number {
    return this.#hosts.length;
  }

  /** The next server; `wrapped` when every one has been tried since the last connection. */
  next(): { readonly host: HostPort; readonly wrapped: boolean } {
    const host = this.#hosts[this.#next]!;
    this.#next = (this.#next + 1) % this.#hosts.length;
    this.#tried++;
    return { host, wrapped: this.#tried > this.#hosts.length };
  }

  /** A connection stood: the count towards "every one has been tried" begins again. */
  connected(): void {
    this.#tried = 0;
  }
}
