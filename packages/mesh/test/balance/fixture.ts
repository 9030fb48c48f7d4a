import { ClusterLoad, Hash64, type Keyed, type Loaded, type Weighted } from '../../src/index.ts';

/** An endpoint as the algorithms want it. */
export type Peer = Keyed & Loaded;

/** A clock that stands until it is moved, and the endpoints of a cluster. */
export class Fixture {
  time = 0;
  readonly load: ClusterLoad;

  constructor(decay?: number) {
    this.load = new ClusterLoad({ now: () => this.time, ...(decay && { decay }) });
  }

  peers(count: number): Peer[] {
    return Array.from({ length: count }, (_, i) => {
      return { key: `10.0.${i >> 8}.${i & 255}:80`, load: this.load.add() };
    });
  }
}

/** All with one weight, or each with what the function says. */
export function weigh<T>(items: readonly T[], weight = (_: number) => 1): Weighted<T>[] {
  return items.map((item, i) => ({ item, weight: weight(i) }));
}

/** A request's context by its number. */
export function request(i: number): { readonly hash: Hash64 } {
  return { hash: new Hash64().ofText(`request-${i}`) };
}
