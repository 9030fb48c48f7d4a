import type { Size } from './tree.ts';

/** What is asked of a process that has a catalog, a line of JSON each; see `LineProcess`. */
export type Request =
  /** Reads a registry into the catalog; answered with a {@link Load} when it is served. */
  | { readonly operation: 'load'; readonly server: string }
  /** Begins to count CPU time; answered with `{}`. */
  | { readonly operation: 'begin' }
  /** Answered with a {@link Cost} when this znode's port is served: all before it is served too. */
  | {
      readonly operation: 'end';
      readonly service: string;
      readonly id: string;
      readonly port: number;
    }
  /** The same from a recorded stream, without ZooKeeper; answered with a {@link Replayed}. */
  | { readonly operation: 'replay'; readonly size: Size; readonly changes: number };

export interface Load {
  readonly endpoints: number;
  readonly seconds: number;
  /** CPU seconds, user and system. */
  readonly cpu: number;
  /** Bytes of the whole process. */
  readonly resident: number;
}

export interface Cost {
  /** CPU seconds since `begin`. */
  readonly cpu: number;
}

export interface Replayed {
  readonly load: Cost;
  /** Of all changes, one commit each. */
  readonly changes: Cost;
}
