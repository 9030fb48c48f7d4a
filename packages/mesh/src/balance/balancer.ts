import type { Hash64 } from './hash64.ts';

/** Something to balance over, and its share relative to its peers. */
export interface Weighted<T> {
  /** One object, the same for as long as the endpoint lives: state is kept under it. */
  readonly item: T;
  /** Greater than 0; an item of weight 0 is never picked. */
  readonly weight: number;
}

/** What a pick depends on. A caller without wishes passes none. */
export interface PickContext<T> {
  /** What hashing algorithms go by; a request without one goes anywhere, as with Envoy. */
  readonly hash?: Hash64;
  /** Refuses items: those that were tried already, or are left aside. */
  readonly accept?: (item: T) => boolean;
}

/**
 * An algorithm over a list. A pick allocates nothing as long as it refuses nothing; an item that
 * `accept` takes is found if there is any. What an algorithm needs to know of an item's requests is in
 * the item's {@link Load}.
 */
export interface Balancer<T> {
  /** Number of items that can be picked. */
  readonly size: number;
  /** The item for a request; undefined when there is none, or none is accepted. */
  pick(context?: PickContext<T>): T | undefined;
  /** Takes a new list. Items that were in the list before keep their turns. */
  update(items: Iterable<Weighted<T>>): void;
}
