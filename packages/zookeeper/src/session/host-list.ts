import type { HostPort } from '../connect-string.ts';
import { contains, rebalance } from './rebalance.ts';

/**
 * The order in which servers are tried: shuffled once, so that clients spread, then round robin, as
 * ZooKeeper's `StaticHostProvider`. A new list moves as many clients as an even spread takes.
 */
export class HostList {
  readonly #random: () => number;
  #hosts: readonly HostPort[];
  #next = 0;
  #tried = 0;
  /** Those that are tried first, before the round goes on. */
  #first: HostPort[] = [];

  /** `random`: in [0, 1). */
  constructor(hosts: readonly HostPort[], random: () => number) {
    this.#random = random;
    this.#hosts = shuffled(hosts, random);
  }

  get size(): number {
    return this.#hosts.length;
  }

  /** All of them, in the order of the round. */
  get all(): readonly HostPort[] {
    return this.#hosts;
  }

  /** The next server; `wrapped` when a round begins in which all have failed once more. */
  next(): { readonly host: HostPort; readonly wrapped: boolean } {
    const wrapped = this.#tried > 0 && this.#tried % this.#hosts.length === 0;
    this.#tried++;
    const first = this.#first.shift();
    if (first !== undefined) return { host: first, wrapped };
    const host = this.#hosts[this.#next]!;
    this.#next = (this.#next + 1) % this.#hosts.length;
    return { host, wrapped };
  }

  /** A connection stood: the count towards "every one has been tried" begins again. */
  connected(): void {
    this.#tried = 0;
    this.#first = [];
  }

  /** Tries this server next. */
  prefer(host: HostPort): void {
    this.#first = [host];
  }

  /**
   * Takes a new list. True when the client, which is at `current` or tries it, has to leave that for
   * the sake of an even spread, or because it is on the list no more.
   */
  update(hosts: readonly HostPort[], current: HostPort): boolean {
    const { leave, toNew } = rebalance(this.#hosts, hosts, current);
    const moves = this.#random() < leave;
    const next = shuffled(hosts, this.#random);
    this.#first = moves ? this.#moving(next, current, toNew) : [];
    this.#hosts = next;
    this.#tried = 0;
    const index = next.findIndex((host) => contains([current], host));
    this.#next = (index + 1) % next.length;
    return moves;
  }

  /** All servers in the order in which one that moves tries them: new and kept ones drawn as told. */
  #moving(next: readonly HostPort[], current: HostPort, toNew: number): HostPort[] {
    const isOld = (host: HostPort) => contains(this.#hosts, host);
    const fresh = next.filter((host) => !isOld(host));
    // The one that is left comes last.
    const kept = next.filter((host) => isOld(host) && !contains([current], host));
    const last = next.filter((host) => isOld(host) && contains([current], host));
    const order: HostPort[] = [];
    while (fresh.length + kept.length > 0) {
      const takeNew = kept.length === 0 || (fresh.length > 0 && this.#random() < toNew);
      order.push((takeNew ? fresh : kept).shift()!);
    }
    return [...order, ...last];
  }
}

function shuffled<T>(values: readonly T[], random: () => number): T[] {
  const shuffled = [...values];
  for (let i = shuffled.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
  }
  return shuffled;
}
