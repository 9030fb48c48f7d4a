/** Something of a request that is hashed. */
export type HashKey =
  | { readonly on: 'header'; readonly name: string }
  | {
      readonly on: 'cookie';
      readonly name: string;
      /** Milliseconds for which a caller without it is given one; 0: as long as its session. */
      readonly ttl?: number;
      readonly path: string;
    }
  | { readonly on: 'query'; readonly name: string }
  | { readonly on: 'source-address' };

/** What data planes balance by that have no peak EWMA. */
export type PlainBalancing = 'least-request' | 'random' | 'round-robin' | 'weighted-round-robin';

/** How an endpoint is chosen, with what the algorithm takes. */
export type Balancing =
  | { readonly type: 'random' }
  /** Whatever the weights; weight 0 takes none. */
  | { readonly type: 'round-robin' }
  | { readonly type: 'weighted-round-robin' }
  | { readonly type: 'least-request'; readonly choices: number; readonly bias: number }
  | { readonly type: 'peak-ewma'; readonly choices: number; readonly fallback: PlainBalancing }
  | {
      readonly type: 'ring-hash';
      /** The first that a request has counts. */
      readonly hash: readonly HashKey[];
      readonly minSize: number;
      readonly maxSize: number;
      /** Bounded load, in percent of the mean. */
      readonly balanceFactor?: number;
    }
  | {
      readonly type: 'maglev';
      readonly hash: readonly HashKey[];
      readonly tableSize: number;
      readonly balanceFactor?: number;
    };
